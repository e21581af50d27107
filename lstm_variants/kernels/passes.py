"""The two passes of a fused backend, as the operators call them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Protocol

import torch
from torch import Tensor

from lstm_variants.cells import Cell, State
from lstm_variants.kernels.call import Call, Shape


@dataclass(frozen=True)
class Signature:
    """The tensors of a cell.

    Attributes:
        cell: The cell.
        weights: Names of the weights that a layer has, by their number: with or without biases, and
            with or without a projection.
        fields: Names of the tensors of its state.
        blocks: How many row blocks its weights have.
    """

    cell: Cell
    weights: dict[int, tuple[str, ...]]
    fields: tuple[str, ...]
    blocks: int


@cache
def signature_of(cell: Cell, D: int = 1, H: int = 1) -> Signature:
    """The tensors of a cell, and their names, which do not depend on its sizes.

    Args:
        cell: The cell.
        D: An input size that its `parameters` has, if not all.
        H: A hidden size that its `parameters` has, if not all.
    """
    options = product((False, True), (0, 1) if cell.projects else (0,))
    names = [tuple(cell.parameters(D, H, bias=bias, proj_size=P)) for bias, P in options]
    weights = {len(some): some for some in names}
    return Signature(cell, weights, cell.state_type._fields, len(cell.blocks))


class Passes(Protocol):
    """What the operators need of a backend; see [`FusedBackend`][lstm_variants.kernels.fused].

    Attributes:
        name: The name of the backend.
        device: The type of device that it runs on.
        dtypes: The dtypes that it supports.
    """

    name: str
    device: str
    dtypes: tuple[torch.dtype, ...]

    def kernel_name(self, cell: Cell) -> str | None:
        """The name of a cell in a call of an operator; `None` if the cell is not supported."""

    def signature(self, name: str) -> Signature | None:
        """The tensors of the cell of that name; `None` if there is none."""

    def saved_shapes(self, call: Call) -> list[Shape]:
        """Shapes of the tensors that the forward pass saves for the backward pass."""
        ...

    def saved_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """The dtype of these tensors."""
        ...

    def forward(
        self, call: Call, output: Tensor, last: Sequence[State], saved: Sequence[Tensor]
    ) -> None:
        """Compute a layer."""

    def backward(
        self,
        call: Call,
        output: Tensor,
        saved: Sequence[Tensor],
        d_output: Tensor | None,
        d_last: Sequence[State],
        d_inputs: Call,
    ) -> None:
        """Compute the gradients of a layer."""


FUSED: dict[str, Passes] = {}
"""The fused backends by name; the operators look them up."""
