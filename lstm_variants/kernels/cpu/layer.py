"""A layer as the operators see it: a cell by its text, and flat lists of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from lstm_variants.cells import Cell, Weights
from lstm_variants.kernels.call import Call
from lstm_variants.kernels.cpu.cells import DTYPES, KERNELS, Kernel
from lstm_variants.kernels.cpu.native import PADDED_BYTES, kernels


def shapes_of(
    cell: Cell, names: tuple[str, ...], D: int, H: int, P: int
) -> tuple[tuple[int, ...], ...]:
    """Shapes of the weights that a layer has, in their order."""
    shapes = cell.parameter_shapes(D, H, bias="bias_ih" in names, proj_size=P)
    return tuple(shapes[name] for name in names)


cached_shapes_of = cache(shapes_of)


def find_kernel(cell: str, weights: int, states: int) -> Kernel:
    """The kernel of a cell, if the numbers of tensors fit it.

    Raises:
        ValueError: If there is no such kernel, or there are too few or too many tensors.
    """
    kernel = KERNELS.get(cell)
    if kernel is None:
        raise ValueError(f"there is no kernel for {cell!r}; a cell is given as its repr")
    fields = kernel.fields
    if states not in (len(fields), 2 * len(fields)):
        raise ValueError(
            f"states should be {', '.join(fields)} of each of one or two directions, "
            f"got {states} tensors"
        )
    directions = states // len(fields)
    if weights % directions or weights // directions not in kernel.weights:
        names = ", ".join(kernel.weights[max(kernel.weights)])
        raise ValueError(
            f"weights should be {names} of each direction, as far as the layer has "
            f"them, got {weights} tensors for {directions} direction(s)"
        )
    return kernel


def in_layout(
    x: Tensor, weights: Sequence[Tensor], states: Sequence[Tensor], lengths: Tensor | None
) -> tuple[Tensor, list[Tensor], list[Tensor], Tensor | None]:
    """The same values as the library reads them: copies of what lies in memory in another way."""
    return (
        rows_in_order(x),
        [tensor.contiguous() for tensor in weights],
        [tensor.contiguous() for tensor in states],
        None if lengths is None else lengths.contiguous(),
    )


def rows_in_order(tensor: Tensor) -> Tensor:
    """A tensor `[T, B, ...]` of any strides but the last."""
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


class Layer:
    """A layer over a batch of sequences, from the arguments of the operators.

    Flat lists hold the tensors of all directions, one direction after the other.
    """

    def __init__(
        self,
        x: Tensor,
        weights: Sequence[Tensor],
        states: Sequence[Tensor],
        lengths: Tensor | None,
        cell: str,
    ) -> None:
        self.kernel = kernel = find_kernel(cell, len(weights), len(states))
        self.x, self.weights, self.states, self.lengths = x, weights, states, lengths
        self.directions = len(states) // len(kernel.fields)
        self.names = kernel.weights[len(weights) // self.directions]
        if x.dim() != 3 or weights[1].dim() != 2:
            raise ValueError(
                f"x should be [T, B, D] and weight_hh [G*H, P], got {list(x.shape)} and "
                f"{list(weights[1].shape)}"
            )
        rows, self.width = weights[1].shape
        self.hidden_size = rows // len(kernel.cell.blocks)
        whole = PADDED_BYTES // x.element_size()
        self.padded = -(-self.hidden_size // whole) * whole

    def check(self) -> None:
        """Check that tensors belong together: the library reads memory by their sizes.

        Raises:
            ValueError: If a shape, a dtype or a device is not what it should be.
        """
        if self.x.dtype not in DTYPES:
            raise ValueError(f"x should be {' or '.join(map(str, DTYPES))}, got {self.x.dtype}")
        _, B, D = self.x.shape
        H, P = self.hidden_size, self.width
        projects = "weight_hr" in self.names
        # Sizes are symbols while tracing, which cannot be keys.
        shapes = cached_shapes_of if isinstance(B, int) and isinstance(D, int) else shapes_of
        weights = shapes(self.kernel.cell, self.names, D, H, P if projects else 0)
        fields = self.kernel.fields
        self.compare(self.weights, self.names, weights)
        self.compare(self.states, fields, ((B, P), *(((B, H),) * (len(fields) - 1))))
        lengths = self.lengths
        if lengths is not None and (
            lengths.shape != (B,) or lengths.dtype != torch.int64 or lengths.is_cpu != self.x.is_cpu
        ):
            raise ValueError(
                f"lengths should be {[B]}, torch.int64 on {self.x.device}, got "
                f"{list(lengths.shape)}, {lengths.dtype} on {lengths.device}"
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
        self.compare(kept, ["kept"] * len(kept), self.kept_shapes)
        for gradient, shape in zip(gradients, results, strict=True):
            if gradient is not None:
                self.compare([gradient], ["a gradient"], [shape])

    def compare(
        self, tensors: Sequence[Tensor], names: Sequence[str], shapes: Sequence[tuple[int, ...]]
    ) -> None:
        """Raise an error if tensors of one direction after the other differ from what is needed."""
        # This runs before each call: is_cpu takes less time than device.
        x = self.x
        dtype, is_cpu, n = x.dtype, x.is_cpu, len(shapes)
        for k, tensor in enumerate(tensors):
            shape = shapes[k % n]
            if tensor.shape != shape or tensor.dtype != dtype or tensor.is_cpu != is_cpu:
                raise ValueError(
                    f"{names[k % len(shapes)]} should be {list(shape)}, {x.dtype} on {x.device}, "
                    f"got {list(tensor.shape)}, {tensor.dtype} on {tensor.device}"
                )

    @property
    def has_steps(self) -> bool:
        """Whether there is a sequence and a step."""
        return self.x.shape[0] > 0 and self.x.shape[1] > 0

    @property
    def call(self) -> Call:
        """The same for the other backends."""
        cell, n, fields = self.kernel.cell, len(self.names), len(self.kernel.fields)
        starts = range(self.directions)
        weights = (dict(zip(self.names, self.weights[k * n :], strict=False)) for k in starts)
        states = (self.states[k * fields : (k + 1) * fields] for k in starts)
        return Call(
            cell,
            self.x,
            tuple(Weights(**group) for group in weights),
            tuple(cell.state_type(*state) for state in states),
            self.lengths,
        )

    def state_names(self, pattern: str) -> tuple[str, ...]:
        """The fields of the state as call.h names them, by a pattern such as `"d_{}_0"`."""
        return tuple(pattern.format(field) for field in self.kernel.fields)

    def empty_results(self, save_for_backward: bool) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Memory for the output, the last states, and what the gradient needs of a forward pass.

        The latter is what the kernel keeps, for each direction.
        """
        new, contiguous = self.x.new_empty, torch.contiguous_format
        last = [torch.empty_like(state, memory_format=contiguous) for state in self.states]
        kept = [new(*shape) for shape in self.kept_shapes] if save_for_backward else []
        return new(*self.output_shape), last, kept

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the output."""
        T, B, _ = self.x.shape
        return T, B, self.directions * self.width

    @property
    def kept_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of what the gradient needs of a forward pass."""
        T, B, _ = self.x.shape
        sizes = (self.kernel.settings["slots"] * self.padded, self.padded)[: len(self.kernel.kept)]
        return [(T, B, size) for size in sizes * self.directions]

    def describe(
        self,
        output: Tensor,
        *groups: tuple[Sequence[str], Sequence[Tensor]],
        d_output: Tensor | None = None,
    ) -> bytes:
        """For the library.

        Args:
            output: Memory of the output, or the output.
            *groups: Beside weights and first states, what there is: names in call.h, and a flat
                list. An empty tensor stands for zeros, or for what is not needed.
            d_output: Gradient of the output.
        """
        T, B, D = self.x.shape
        known = ((self.names, self.weights), (self.state_names("{}_0"), self.states))
        directions = []
        for k in range(self.directions):
            addresses: dict[str, int] = {}
            for names, tensors in (*known, *groups):
                part = tensors[k * len(names) : (k + 1) * len(names)]
                addresses.update(zip(names, map(Tensor.data_ptr, part), strict=False))
            directions.append(addresses)
        library = kernels()
        strides = (0, 0) if d_output is None else d_output.stride()
        shared = {
            "is_double": self.x.dtype == torch.float64,
            "threads": library.threads,
            "directions": self.directions,
            **{"T": T, "B": B, "D": D, "H": self.hidden_size, "P": self.width},
            "padded": self.padded,
            "x_time": self.x.stride(0),
            "x_batch": self.x.stride(1),
            "d_output_time": strides[0],
            "d_output_batch": strides[1],
            "lengths": 0 if self.lengths is None else self.lengths.data_ptr(),
            "x": self.x.data_ptr(),
            "output": output.data_ptr(),
            "d_output": 0 if d_output is None else d_output.data_ptr(),
        }
        settings = library.settings(self.kernel.cell, self.kernel.settings)
        return library.layout.pack(settings, shared, directions)
