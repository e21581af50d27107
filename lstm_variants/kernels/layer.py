"""A layer as the operators take it: names of cell and backend, and flat lists of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lstm_variants.cells import Cell
from lstm_variants.kernels.call import Call
from lstm_variants.kernels.schema import FUSED

if TYPE_CHECKING:
    from lstm_variants.kernels.fused import FusedBackend, Signature


def computed_shapes(
    cell: Cell, names: tuple[str, ...], D: int, H: int, P: int
) -> tuple[tuple[int, ...], ...]:
    """What `shapes_of` returns."""
    shapes = cell.parameter_shapes(D, H, proj_size=P)
    return tuple(shapes[name] for name in names)


cached_shapes = cache(computed_shapes)


def shapes_of(cell: Cell, names: tuple[str, ...], *sizes: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of the weights that a layer has, in their order; `sizes` are D, H and P."""
    # Sizes can be symbols while tracing, which cannot be keys.
    shapes = cached_shapes if all(isinstance(size, int) for size in sizes) else computed_shapes
    return shapes(cell, names, *sizes)


def find_signature(backend: FusedBackend, cell: str, weights: int, states: int) -> Signature:
    """The tensors of a cell, if the numbers of weights and states fit it.

    Raises:
        ValueError: If the backend has no such cell, or there are too few or too many tensors.
    """
    signature = backend.signature(cell)
    if signature is None:
        raise ValueError(
            f"there is no kernel for {cell!r} in the backend {backend.name!r}; a cell is given as "
            "its repr"
        )
    fields = signature.fields
    if states not in (len(fields), 2 * len(fields)):
        raise ValueError(
            f"states should be {', '.join(fields)} of each of one or two directions, "
            f"got {states} tensors"
        )
    directions = states // len(fields)
    if weights % directions or weights // directions not in signature.weights:
        names = ", ".join(signature.weights[max(signature.weights)])
        raise ValueError(
            f"weights should be {names} of each direction, as far as the layer has "
            f"them, got {weights} tensors for {directions} direction(s)"
        )
    return signature


def in_layout(
    x: Tensor,
    weights: Sequence[Tensor],
    states: Sequence[Tensor],
    lengths: Tensor | None,
    resets: Tensor | None,
) -> tuple[Tensor, list[Tensor], list[Tensor], Tensor | None, Tensor | None]:
    """The same values as the library reads them: copies of what lies in memory in another way."""
    return (
        rows_in_order(x),
        [tensor.contiguous() for tensor in weights],
        [tensor.contiguous() for tensor in states],
        None if lengths is None else lengths.contiguous(),
        None if resets is None else resets.contiguous(),
    )


def rows_in_order(tensor: Tensor) -> Tensor:
    """A tensor `[T, B, ...]` of any strides but the last."""
    # A tensor without dimensions is no input, which is said where shapes are checked.
    return tensor if tensor.dim() == 0 or tensor.stride(-1) == 1 else tensor.contiguous()


class Layer:
    """A layer over a batch of sequences, from the arguments of the operators.

    Flat lists hold the tensors of all directions, one direction after the other.

    Attributes:
        name: The name of the cell.
        cell: The cell.
        backend: The backend that computes the layer.
        x: Input, `[T, B, D]`.
        weights: Weights, a flat list.
        states: States before the first time step, a flat list.
        lengths: Valid time steps of each sequence, `[B]`, or `None`.
        resets: Where the state is reset before a step, `[T, B]`, or `None`.
        names: Names of the weights of a direction.
        fields: Names of the states of a direction.
        directions: 1, or 2 if the layer is bidirectional.
        hidden_size: H.
        width: P, the size of the output of a direction.
    """

    def __init__(
        self,
        x: Tensor,
        weights: Sequence[Tensor],
        states: Sequence[Tensor],
        lengths: Tensor | None,
        resets: Tensor | None,
        cell: str,
        backend: str,
    ) -> None:
        if backend not in FUSED:
            names = ", ".join(map(repr, FUSED))
            raise ValueError(f"backend should be one of {names}, got {backend!r}")
        self.name, self.backend = cell, FUSED[backend]
        signature = find_signature(self.backend, cell, len(weights), len(states))
        self.x, self.weights, self.states = x, weights, states
        self.lengths, self.resets = lengths, resets
        self.cell, self.fields = signature.cell, signature.fields
        self.directions = len(states) // len(self.fields)
        self.names = signature.weights[len(weights) // self.directions]
        if x.dim() != 3 or weights[0].dim() != 2:
            raise ValueError(
                f"x should be [T, B, D] and weight_ih [G*H, D], got {list(x.shape)} and "
                f"{list(weights[0].shape)}"
            )
        self.hidden_size = weights[0].shape[0] // signature.blocks
        self.projects = "weight_hr" in self.names
        self.width = self.hidden_size
        if self.projects:
            weight_hr = weights[self.names.index("weight_hr")]
            if weight_hr.dim() != 2:
                raise ValueError(f"weight_hr should be [P, H], got {list(weight_hr.shape)}")
            self.width = weight_hr.shape[0]

    def check(self) -> None:
        """Check that tensors belong together: the library reads memory by their sizes.

        Raises:
            ValueError: If a shape, a dtype or a device is not what it should be.
        """
        dtypes = self.backend.dtypes
        if self.x.dtype not in dtypes:
            raise ValueError(f"x should be {' or '.join(map(str, dtypes))}, got {self.x.dtype}")
        T, B, D = self.x.shape
        H, P = self.hidden_size, self.width
        if H < 1 or P < 1:
            raise ValueError(f"a layer should have at least one hidden unit, got H={H} and P={P}")
        weights = shapes_of(self.cell, self.names, D, H, P if self.projects else 0)
        self.compare(self.weights, self.names, weights)
        self.compare(self.states, self.fields, ((B, P), *(((B, H),) * (len(self.fields) - 1))))
        self.check_steps("lengths", self.lengths, (B,), torch.int64)
        self.check_steps("resets", self.resets, (T, B), torch.bool)

    def check_device(self) -> None:
        """Check that the tensors are where the backend computes, which tracing does not need.

        Raises:
            ValueError: If they are on another device.
        """
        if self.x.device.type != self.backend.device:
            raise ValueError(
                f"the backend {self.backend.name!r} is made for {self.backend.device}, and the "
                f"input is on {self.x.device}"
            )

    def check_steps(
        self, name: str, found: Tensor | None, shape: tuple[int, ...], dtype: torch.dtype
    ) -> None:
        """Raise an error if lengths or resets are there and do not fit."""
        device = self.x.device
        if found is not None and (
            found.shape != shape or found.dtype != dtype or found.device != device
        ):
            raise ValueError(
                f"{name} should be {list(shape)}, {dtype} on {device}, got {list(found.shape)}, "
                f"{found.dtype} on {found.device}"
            )

    def check_backward(
        self,
        output: Tensor,
        kept: Sequence[Tensor],
        gradients: Sequence[Tensor | None],
        needs_grad: Sequence[bool],
    ) -> None:
        """Check what only the backward pass has.

        Raises:
            ValueError: If there are too few or too many tensors, or one does not fit.
        """
        results = [self.output_shape, *(tuple(state.shape) for state in self.states)]
        for name, found, needed in (
            ("kept", kept, len(self.kept_shapes)),
            ("gradients", gradients, len(results)),
            ("needs_grad", needs_grad, 1 + len(self.weights) + len(self.states)),
        ):
            if len(found) != needed:
                raise ValueError(f"{name} should have {needed} elements, got {len(found)}")
        self.compare([output], ["output"], results[:1])
        self.compare(kept, ["kept"] * len(kept), self.kept_shapes, self.kept_dtype)
        for gradient, shape in zip(gradients, results, strict=True):
            if gradient is not None:
                self.compare([gradient], ["a gradient"], [shape])

    def compare(
        self,
        tensors: Sequence[Tensor],
        names: Sequence[str],
        shapes: Sequence[tuple[int, ...]],
        dtype: torch.dtype | None = None,
    ) -> None:
        """Raise an error if tensors of one direction after the other differ from what is needed.

        Their dtype should be that of the input, if none is given.
        """
        # This runs before each call: is_cpu takes less time than device.
        x = self.x
        dtype, is_cpu, n = dtype or x.dtype, x.is_cpu, len(shapes)
        device = None if is_cpu else x.device
        for k, tensor in enumerate(tensors):
            shape = shapes[k % n]
            if (
                tensor.shape != shape
                or tensor.dtype != dtype
                or tensor.is_cpu != is_cpu
                or (device is not None and tensor.device != device)
            ):
                raise ValueError(
                    f"{names[k % len(shapes)]} should be {list(shape)}, {dtype} on {x.device}, "
                    f"got {list(tensor.shape)}, {tensor.dtype} on {tensor.device}"
                )

    @property
    def has_steps(self) -> bool:
        """Whether there is a sequence and a step."""
        return self.x.shape[0] > 0 and self.x.shape[1] > 0

    @property
    def call(self) -> Call:
        """The same for the other backends."""
        cell, n, fields = self.cell, len(self.names), len(self.fields)
        starts = range(self.directions)
        weights = (dict(zip(self.names, self.weights[k * n :], strict=False)) for k in starts)
        states = (self.states[k * fields : (k + 1) * fields] for k in starts)
        return Call(
            cell,
            self.x,
            tuple(cell.weights_type(**group) for group in weights),
            tuple(cell.state_type(*state) for state in states),
            self.lengths,
            self.resets,
        )

    def empty_results(self, save_for_backward: bool) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Memory for the output, the last states, and what is saved for the backward pass."""
        new, contiguous = self.x.new_empty, torch.contiguous_format
        last = [torch.empty_like(state, memory_format=contiguous) for state in self.states]
        shapes = self.kept_shapes if save_for_backward else []
        kept = [new(*shape, dtype=self.kept_dtype) for shape in shapes]
        return new(*self.output_shape), last, kept

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the output."""
        T, B, _ = self.x.shape
        return T, B, self.directions * self.width

    @property
    def kept_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of what the backward pass needs of a forward pass."""
        return self.backend.kept_shapes(self)

    @property
    def kept_dtype(self) -> torch.dtype:
        """The dtype of what the backward pass needs of a forward pass."""
        return self.backend.kept_dtype(self.x.dtype)

    def in_float32(self) -> Layer:
        """The same layer in float32."""
        x, *others = map(in_float32, (self.x, *self.weights, *self.states))
        n = len(self.weights)
        steps = self.lengths, self.resets
        return Layer(x, others[:n], others[n:], *steps, self.name, self.backend.name)


def in_float32(tensor: Tensor) -> Tensor:
    """A tensor in float32, contiguous."""
    return tensor.to(torch.float32, memory_format=torch.contiguous_format)
