"""The two passes of a fused backend, as the operators call them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import torch
from torch import Tensor

from lstm_variants.cells import Cell, State
from lstm_variants.kernels.call import Call, Shape

Results = tuple[Tensor, State, list[Tensor]]
"""The output, the last state, and what is saved for the backward pass."""


@dataclass(frozen=True)
class Signature:
    """The tensors of a cell.

    Attributes:
        cell: The cell.
        weights: Names of the weights that a layer has, in the order of `Cell.weights_type`, by
            their number: with or without biases, and with or without a projection.
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
    given = [cell.parameters(D, H, bias=bias, proj_size=P) for bias, P in options]
    # In the order of a call.
    names = [tuple(n for n in cell.weights_type._fields if n in some) for some in given]
    weights = {len(some): some for some in names}
    return Signature(cell, weights, cell.state_type._fields, len(cell.blocks))


class Passes(ABC):
    """The two passes of a backend and what the operators need besides them.

    A backend derives from [`FusedBackend`][lstm_variants.kernels.fused.FusedBackend], which
    describes the tensors that the passes get.
    """

    name: str
    device: str
    dtypes: tuple[torch.dtype, ...]

    @abstractmethod
    def kernel_name(self, cell: Cell) -> str | None:
        """The name of a cell in a call of an operator; `None` if the cell is not supported."""

    @abstractmethod
    def signature(self, name: str) -> Signature | None:
        """The tensors of the cell of that name; `None` if there is none."""

    @abstractmethod
    def saved_shapes(self, call: Call) -> list[Shape]:
        """Shapes of the tensors that the forward pass saves for the backward pass.

        They may have any sizes but for T, the first, and B, the second: `[T, B, ...]`.
        """

    def saved_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """The dtype of these tensors, for a call in one of the backend's dtypes."""
        return dtype

    @abstractmethod
    def forward(self, call: Call, output: Tensor, last: State, saved: Sequence[Tensor]) -> None:
        """Compute a layer.

        Args:
            call: The input, weights, first states, lengths and resets.
            output: Receives the output, `[T, B, directions * P]`.
            last: Receives the state after the last step, `[directions, B, ...]`.
            saved: Receive what is saved for the backward pass; empty if there will be none.

        Raises:
            ValueError: If a length is below 0 or above T.
        """

    @abstractmethod
    def backward(
        self,
        call: Call,
        output: Tensor,
        saved: Sequence[Tensor],
        d_output: Tensor | None,
        d_last: State,
        d_inputs: Call,
    ) -> None:
        """Compute the gradients of a layer.

        Args:
            call: As in the forward pass.
            output: The output of the forward pass.
            saved: What the forward pass saved.
            d_output: Gradient of the output; `None` for zeros. Its last dimension is contiguous.
            d_last: Gradient of the last state, with `None` for zeros.
            d_inputs: Receives the gradients: in the place of each tensor of `call` the memory of
                its gradient, or `None` if that is not needed.
        """

    def forward_directly(
        self, call: Call, flat: list[Tensor], save_for_backward: bool
    ) -> Results | None:
        """Check and compute a call at once, in memory that the backend allocates.

        No mode or transform of torch is active in the call, and no tensor has a negative bit.

        Args:
            call: The call.
            flat: The result of its `flatten`.
            save_for_backward: Whether there may be a backward pass.

        Returns:
            The results; `None` if that is left to the checks and to `forward`.
        """
        return None

    def backward_directly(
        self,
        call: Call,
        flat: list[Tensor],
        output: Tensor,
        saved: tuple[Tensor, ...],
        gradients: tuple[Tensor | None, ...],
        needs_grad: tuple[bool, ...],
    ) -> tuple[Tensor | None, ...] | None:
        """The gradients of such a call, checked and computed at once.

        Args:
            call: As in the forward pass; its tensors that may have gradients are in `flat` alone.
            flat: The result of its `flatten`.
            output: The output of the forward pass.
            saved: What the forward pass saved.
            gradients: Gradients of the output and of the last states; `None` for zeros.
            needs_grad: Which gradients are needed, in the order of `flat`.

        Returns:
            Gradients in the order of `flat`, `None` where they are not needed. `None` if all of
            it is left to the checks and to `backward`.
        """
        return None


FUSED: dict[str, Passes] = {}
"""The fused backends by name; the operators look them up."""
