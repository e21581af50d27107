"""Batches of sequences that differ in length, as sentences do, packed as `torch.nn` takes them."""

from __future__ import annotations

import math
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from experiments.benchmarks.paired import First, Size

MEDIAN, SIGMA = 20, 0.6
"""Of the lognormal distribution of lengths, which are cut off at T."""


class Ragged(Size):
    """A size whose sequences have other lengths, at most `T`."""

    @cached_property
    def lengths(self) -> Tensor:
        """The lengths, the same at each call."""
        normal = torch.randn(self.B, generator=torch.Generator().manual_seed(0))
        lengths = (math.log(MEDIAN) + SIGMA * normal).exp().round()
        return lengths.clamp(1, self.T).long()

    def text(self) -> str:
        """The lengths in words."""
        shortest, longest = self.lengths.aminmax()
        return f"{shortest} to {longest} time steps, {int(self.lengths.median())} in the median"

    def steps(self) -> int:
        """Time steps of all sequences."""
        return int(self.lengths.sum())

    def random(self, directions: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Packed data of the input, and a gradient of that of the output: `[steps, ...]`."""
        x = torch.randn(self.steps(), self.D, device=device)
        return x, torch.randn(self.steps(), self.H * directions, device=device)


class Packed(First):
    """A layer that is given a packed batch: inputs and outputs are its data."""

    def __init__(self, layer: nn.Module, lengths: Tensor) -> None:
        super().__init__(layer)
        padded = torch.empty(int(lengths.max()), len(lengths))
        self.like = pack_padded_sequence(padded, lengths, enforce_sorted=False)

    def run(self, x: Tensor) -> tuple[Tensor, object]:
        """Outputs and the last state."""
        output, state = self.layer(self.packed(x))
        return output.data, state

    def packed(self, data: Tensor) -> PackedSequence:
        """The batch with this data."""
        _, *order = self.like
        return PackedSequence(data, *order)

    def first_steps(self, data: Tensor, number: int | None) -> Tensor:
        """All time steps: most sequences are short."""
        return data

    def some_sequences(self, data: Tensor) -> list[Tensor]:
        """The first and the last sequence, each a batch of its own: `[1, T, ...]`."""
        padded, lengths = pad_packed_sequence(self.packed(data), batch_first=True)
        return [padded[k : k + 1, : lengths[k]] for k in (0, len(lengths) - 1)]
