"""A layer as the operators see it: a cell by its text, and flat lists of tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell, Weights
from lstm_variants.kernels.call import Call
from lstm_variants.kernels.cpu.native import DIRECTION, LAYOUT, PADDED_BYTES, SETTINGS, kernels
from lstm_variants.kernels.tracing import constant_while_tracing

DTYPES = (torch.float32, torch.float64)
PEEPHOLES: tuple[Any, ...] = (None, "previous", "current")


def every_cell() -> Iterator[Cell]:
    """The cells that the kernels can compute: all but those whose gates see the last gates."""
    flags = product((False, True), repeat=6)
    for peephole, (coupled, i, f, o, squash_input, squash_output) in product(PEEPHOLES, flags):
        if coupled and not (i and f):
            continue
        yield LSTMCell(peephole, coupled, i, f, o, squash_input, squash_output)
    yield from (GRUCell(), GRUCell(reset_after=False))
    yield from (ElmanCell(), ElmanCell("relu"))


def settings(cell: Cell) -> tuple[int, ...]:
    """A cell as the library takes it."""
    found: dict[str, int]
    if isinstance(cell, LSTMCell):
        found = {name: getattr(cell, name) for name in SETTINGS if hasattr(cell, name)}
        found |= {"kind": 0, "peephole": PEEPHOLES.index(cell.peephole)}
    elif isinstance(cell, GRUCell):
        found = {"kind": 1, "reset_after": cell.reset_after}
    else:
        found = {"kind": 2, "relu": cell == ElmanCell("relu")}
    found["blocks"] = len(cell.blocks)
    return tuple(found.get(name, 0) for name in SETTINGS)


class Kernel(NamedTuple):
    """What there is to know of a cell.

    Attributes:
        cell: The cell.
        settings: The same as numbers.
        blocks: How many blocks its weights have.
        slots: Blocks of a row of gates; see gru.h for the GRU's.
        fields: Tensors of its state.
        peepholes: Whether it has some.
    """

    cell: Cell
    settings: tuple[int, ...]
    blocks: int
    slots: int
    fields: int
    peepholes: bool

    @classmethod
    def of(cls, cell: Cell) -> Kernel:
        """What there is to know of a cell."""
        blocks = len(cell.blocks)
        return cls(
            cell,
            settings(cell),
            blocks,
            blocks + (cell == GRUCell()),
            len(cell.state_type._fields),
            bool(cell.peepholes),
        )


TEXTS = {cell: repr(cell) for cell in every_cell()}
KERNELS = {text: Kernel.of(cell) for cell, text in TEXTS.items()}
WEIGHTS = Weights._fields[:6]


def kernel_of(cell: Cell) -> str | None:
    """The name of a cell's kernel, for the operators; `None` if there is none."""
    if torch.compiler.is_compiling():
        # A cell cannot be looked up while tracing, but its settings can be read.
        name = cell.__repr__()  # torch 2.9 does not trace repr()
        ours = type(cell) in (ElmanCell, GRUCell, LSTMCell)
        return name if ours and is_kernel(name) else None
    return TEXTS.get(cell)


# Traced, each call would check all entries of the table again.
@constant_while_tracing
def is_kernel(name: str) -> bool:
    """Whether there is a kernel of this name."""
    return name in KERNELS


@cache
def shapes_of(
    cell: Cell, names: tuple[str, ...], D: int, H: int, P: int
) -> tuple[tuple[int, ...], ...]:
    """Shapes of the weights that a layer has, in their order."""
    shapes = cell.parameter_shapes(D, H, bias="bias_ih" in names, proj_size=P)
    return tuple(shapes[name] for name in names)


def find_kernel(cell: str, weights: int, states: int) -> Kernel:
    """The kernel of a cell, if the numbers of tensors fit it.

    Raises:
        ValueError: If there is no such kernel, or there are too few or too many tensors.
    """
    kernel = KERNELS.get(cell)
    if kernel is None:
        raise ValueError(f"there is no kernel for {cell!r}; a cell is given as its repr")
    fields = kernel.cell.state_type._fields
    if states not in (len(fields), 2 * len(fields)):
        raise ValueError(
            f"states should be {', '.join(fields)} of each of one or two directions, "
            f"got {states} tensors"
        )
    per_direction, rest = divmod(weights, states // len(fields))
    least = 2 + kernel.peepholes
    if rest or not least <= per_direction <= least + 3:
        raise ValueError(
            f"weights should be {', '.join(WEIGHTS)} of each direction, as far as the layer has "
            f"them, got {weights} tensors for {states // len(fields)} direction(s)"
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
        self.directions = len(states) // kernel.fields
        count = len(weights) // self.directions
        # Beside the two matrices: 2 if there are biases, and 1 if there is a projection.
        extra = count - 2 - kernel.peepholes
        self.names = [
            name
            for name, here in zip(
                WEIGHTS, (1, 1, extra & 2, extra & 2, extra & 1, kernel.peepholes), strict=True
            )
            if here
        ]
        rows, self.width = weights[1].shape
        self.hidden_size = rows // kernel.blocks
        whole = PADDED_BYTES // x.element_size()
        self.padded = -(-self.hidden_size // whole) * whole

    def check(self) -> None:
        """Check that tensors belong together: the library reads memory by their sizes.

        Raises:
            ValueError: If a shape, a dtype or a device is not what it should be.
        """
        if self.x.dim() != 3 or self.x.dtype not in DTYPES:
            raise ValueError(
                f"x should be [T, B, D] of {' or '.join(map(str, DTYPES))}, "
                f"got {list(self.x.shape)}, {self.x.dtype}"
            )
        _, B, D = self.x.shape
        H, P = self.hidden_size, self.width
        projects = "weight_hr" in self.names
        weights = shapes_of(self.kernel.cell, tuple(self.names), D, H, P if projects else 0)
        states = ((B, P), (B, H))[: self.kernel.fields]
        dtype = self.x.dtype
        for names, shapes, tensors in (
            (self.names, weights, self.weights),
            (self.kernel.cell.state_type._fields, states, self.states),
        ):
            for k, tensor in enumerate(tensors):
                shape = shapes[k % len(shapes)]
                if tensor.shape != shape or tensor.dtype != dtype or not tensor.is_cpu:
                    raise ValueError(
                        f"{names[k % len(shapes)]} should be {list(shape)}, {dtype} on the CPU, "
                        f"got {list(tensor.shape)}, {tensor.dtype} on {tensor.device}"
                    )
        lengths = self.lengths
        if lengths is not None and (lengths.shape != (B,) or lengths.dtype != torch.int64):
            raise ValueError(f"lengths should be {[B]}, torch.int64, got {lengths}")

    @property
    def call(self) -> Call:
        """The same for the other backends."""
        cell, n, fields = self.kernel.cell, len(self.names), self.kernel.fields
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

    def named(self, *names: str) -> tuple[str, ...]:
        """Those that there are of two: of h, or gates, and of the cell state."""
        return names[: self.kernel.fields]

    def empty_results(self, save_for_backward: bool) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Memory for the output, the last states, and what the gradient needs of a forward pass.

        The latter is, for each direction, the gates and, where there are any, the cell states.
        """
        T, B, _ = self.x.shape
        new = self.x.new_empty
        output = new(T, B, self.directions * self.width)
        last = [new(state.shape) for state in self.states]
        sizes = (self.kernel.slots * self.padded, self.padded)[: self.kernel.fields]
        kept = [new(T, B, size) for size in sizes * self.directions if save_for_backward]
        return output, last, kept

    def describe(
        self,
        output: Tensor,
        *groups: tuple[Sequence[str], Sequence[Tensor]],
        d_output: Tensor | None = None,
    ) -> bytes:
        """For the library.

        Args:
            output: Memory of the output, or the output.
            *groups: Beside weights and first states, what there is: names in `DIRECTION`, and a
                flat list. An empty tensor stands for zeros, or for what is not wanted.
            d_output: Gradient of the output.
        """
        addresses: list[int] = []
        known = ((self.names, self.weights), (self.named("h_0", "c_0"), self.states))
        for k in range(self.directions):
            found: dict[str, int] = {}
            for names, tensors in (*known, *groups):
                mine = tensors[k * len(names) : (k + 1) * len(names)]
                found.update(zip(names, map(Tensor.data_ptr, mine), strict=False))
            addresses += [found.get(name, 0) for name in DIRECTION]
        addresses += [0] * (2 * len(DIRECTION) - len(addresses))
        return LAYOUT.pack(
            *self.kernel.settings,
            self.x.dtype == torch.float64,
            kernels().threads,
            self.directions,
            *self.x.shape,
            self.hidden_size,
            self.width,
            self.padded,
            *self.x.stride()[:2],
            *(d_output.stride()[:2] if d_output is not None else (0, 0)),
            0 if self.lengths is None else self.lengths.data_ptr(),
            self.x.data_ptr(),
            output.data_ptr(),
            0 if d_output is None else d_output.data_ptr(),
            *addresses,
        )
