"""The cells that have a kernel, as the library takes them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import torch

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell, Weights
from lstm_variants.kernels.cpu.native import SETTINGS
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
        # While tracing, a cell cannot be a dictionary key, but its settings can be read.
        name = cell.__repr__()  # torch 2.9 does not trace repr()
        ours = type(cell) in (ElmanCell, GRUCell, LSTMCell)
        return name if ours and is_kernel(name) else None
    return TEXTS.get(cell)


# Traced, each call would check all entries of the table again.
@constant_while_tracing
def is_kernel(name: str) -> bool:
    """Whether there is a kernel of this name."""
    return name in KERNELS
