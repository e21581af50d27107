"""What a backend is asked to do, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from torch import Tensor

from lstm_variants.cells import Cell, State, Weights


class Call(NamedTuple):
    """One layer over one batch of sequences.

    Attributes:
        cell: The recurrence.
        x: Input, `[T, B, D]`.
        weights: The parameters of each direction: forward, and backward if there are two.
        states: The state before the first step, of each direction.
        lengths: Valid steps of each sequence, `[B]`, integers from 0 to `T`; all if `None`.
    """

    cell: Cell
    x: Tensor
    weights: tuple[Weights, ...]
    states: tuple[State, ...]
    lengths: Tensor | None = None

    def tensors(self) -> Iterator[Tensor]:
        """Everything that a gradient may flow to."""
        yield self.x
        for group in (*self.weights, *self.states):
            yield from (tensor for tensor in group if tensor is not None)

    def __str__(self) -> str:
        T, B, D = self.x.shape
        H = self.weights[0].weight_hh.shape[0] // len(self.cell.gates)
        directions = "" if len(self.weights) == 1 else f" in {len(self.weights)} directions"
        lengths = "" if self.lengths is None else " with lengths"
        return f"{self.cell}{directions}, T={T} B={B} D={D} H={H}{lengths}"


class Backend(Protocol):
    """A way to compute a layer."""

    name: str

    def refuses(self, call: Call) -> str | None:
        """Why it cannot compute this, in words; `None` if it can."""

    @property
    def remark(self) -> str:
        """What a user may want to know of how it runs; empty if there is nothing."""

    def run(self, call: Call) -> tuple[Tensor, list[State]]:
        """Compute it.

        Returns:
            The outputs of all steps, directions side by side, `[T, B, directions * P]`, and the
            state of each direction after its last step.
        """
