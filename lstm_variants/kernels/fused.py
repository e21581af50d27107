"""Backends that supply a forward and a backward pass; the operators supply everything else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lstm_variants.cells import Cell, State
from lstm_variants.kernels.autograd import run_layer
from lstm_variants.kernels.call import Call, computing_dtype, in_dtype, shown
from lstm_variants.kernels.transforms import unsupported_transform
from lstm_variants.steps import check_length_dtype

if TYPE_CHECKING:
    from lstm_variants.kernels.layer import Layer


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


class FusedBackend(ABC):
    """A backend that computes a whole layer call at once and supplies its own backward pass.

    A subclass supplies the two passes, `name_of`, `signature` and `kept_shapes`. The passes get
    contiguous tensors with consistent shapes, one device and one dtype (what is saved: that of
    `kept_dtype`), and with at least one sequence and one time step. Of the input, only the last
    dimension has to be contiguous. Both passes have to follow the layer's lengths and resets; a
    backend that does not has to return these as the reason in `unsupported_reason`. Layout, checks,
    shapes while tracing, autograd, second derivatives and `vmap` are common to all fused backends.

    Attributes:
        name: The name that layers and `choose` take.
        device: The type of device that it runs on, `"cpu"` or `"cuda"`.
        dtypes: The dtypes that it supports. With float32, others of half precision are converted.
    """

    name: str
    device: str
    dtypes: tuple[torch.dtype, ...]

    def details(self, call: Call) -> str:
        """How a call runs, for `explain`."""
        return ""

    def unsupported_reason(self, call: Call) -> str | None:
        """Why a call is not supported; `None` if it is. A subclass may have other reasons."""
        x = call.x
        if x.device.type != self.device:
            return f"made for {self.device}, and the input is on {x.device.type}"
        if self.name_of(call.cell) is None:
            return f"there is no kernel for {shown(call.cell)}"
        if call.masks is not None:
            return "the kernels have no recurrent dropout and no zoneout"
        dtype = computing_dtype(x)
        if self.inner_dtype(dtype) is None:
            return f"made for {self.dtypes_text}, and the input is {dtype}"
        transform = unsupported_transform(call, vmap=True)
        return f"the kernels do not support {transform}" if transform else None

    def inner_dtype(self, dtype: torch.dtype) -> torch.dtype | None:
        """The dtype that a dtype is computed in: itself, or float32 for half precision."""
        if dtype in self.dtypes:
            return dtype
        is_half = dtype in (torch.bfloat16, torch.float16)
        return torch.float32 if is_half and torch.float32 in self.dtypes else None

    def yields_to(self, call: Call) -> str | None:
        """The name of a backend that `"auto"` should prefer for a call, if it supports it."""
        return None

    @property
    def dtypes_text(self) -> str:
        """The dtypes in words."""
        return " and ".join(str(dtype).removeprefix("torch.") for dtype in self.dtypes)

    def run(self, call: Call) -> tuple[Tensor, list[State]]:
        """Compute a supported call, in float32 where the dtype is not one of the backend."""
        dtype = computing_dtype(call.x)
        inner = self.inner_dtype(dtype)
        assert inner is not None
        return in_dtype(call, dtype, inner, self.run_operator)

    def run_operator(self, call: Call) -> tuple[Tensor, list[State]]:
        """Compute a call in a dtype of the backend."""
        weights = [t for w in call.weights for t in w if t is not None]
        states = [t for state in call.states for t in state]
        lengths, resets, device = call.lengths, call.resets, call.x.device
        if lengths is not None:
            check_length_dtype(lengths)
            lengths = lengths.to(device, torch.int64)
        if resets is not None:
            resets = resets.to(device)
        cell = self.name_of(call.cell)
        assert cell is not None
        output, *last = run_layer(call.x, weights, states, lengths, resets, cell, self.name)
        n = len(call.states[0])
        parts = [last[k : k + n] for k in range(0, len(last), n)]
        return output, [call.cell.state_type(*part) for part in parts]

    @abstractmethod
    def name_of(self, cell: Cell) -> str | None:
        """The name of a cell in a call of an operator; `None` if the cell is not supported."""

    @abstractmethod
    def signature(self, name: str) -> Signature | None:
        """The tensors of the cell of that name; `None` if there is none."""

    @abstractmethod
    def kept_shapes(self, layer: Layer) -> list[tuple[int, ...]]:
        """Shapes of the tensors that the forward pass saves for the backward pass.

        They may have any sizes but for T, the first, and B, the second: `[T, B, ...]`.
        """

    def kept_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """The dtype of these tensors, for a layer in one of the backend's dtypes."""
        return dtype

    @abstractmethod
    def forward(
        self, layer: Layer, output: Tensor, last: Sequence[Tensor], kept: Sequence[Tensor]
    ) -> None:
        """Compute a layer.

        Args:
            layer: The input, weights, first states, lengths and resets.
            output: Receives the output, `[T, B, directions * P]`.
            last: Receive the last states, in the order of `layer.states`.
            kept: Receive what is saved for the backward pass; empty if there will be none.

        Raises:
            ValueError: If a length is below 0 or above T.
        """

    @abstractmethod
    def backward(
        self,
        layer: Layer,
        output: Tensor,
        kept: Sequence[Tensor],
        d_output: Tensor | None,
        d_last: Sequence[Tensor | None],
        d_inputs: Sequence[Tensor],
    ) -> None:
        """Compute the gradients of a layer.

        Args:
            layer: As in the forward pass.
            output: The output of the forward pass.
            kept: What the forward pass saved.
            d_output: Gradient of the output; `None` for zeros. Its last dimension is contiguous.
            d_last: Gradients of the last states; `None` for zeros.
            d_inputs: Receive the gradients of input, weights and first states, in this order; a
                tensor without elements where none is needed.
        """
