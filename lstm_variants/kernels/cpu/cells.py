"""The cells that have C++ kernels, and their settings in the library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

import torch

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell
from lstm_variants.kernels.fused import Signature, signature_of
from lstm_variants.kernels.tracing import constant_while_tracing

PEEPHOLES: tuple[Any, ...] = (None, "previous", "current")


def every_cell() -> Iterator[Cell]:
    """All settings of the cells that have kernels."""
    flags = product((False, True), repeat=6)
    for peephole, (coupled, i, f, o, input_activation, output_activation) in product(
        PEEPHOLES, flags
    ):
        if coupled and not (i and f):
            continue
        yield LSTMCell(peephole, coupled, i, f, o, input_activation, output_activation)
    for peephole, at_input, at_output in product(PEEPHOLES, (False, True), (False, True)):
        yield LSTMCell(
            peephole, input_activation=at_input, output_activation=at_output, gate_recurrence=True
        )
    yield from (GRUCell(), GRUCell(reset_after=False))
    yield from (ElmanCell(), ElmanCell("relu"))


def settings(cell: Cell) -> dict[str, int]:
    """A cell as numbers, by the names in call.h; others are 0."""
    found: dict[str, int]
    if isinstance(cell, LSTMCell):
        found = {field.name: getattr(cell, field.name) for field in fields(cell)}
        found |= {"kind": 0, "peephole": PEEPHOLES.index(cell.peephole)}
    elif isinstance(cell, GRUCell):
        found = {"kind": 1, "reset_after": cell.reset_after}
    else:
        found = {"kind": 2, "relu": cell == ElmanCell("relu")}
    blocks = len(cell.blocks)
    return found | {"blocks": blocks, "slots": blocks + (cell == GRUCell())}


@dataclass(frozen=True)
class Kernel(Signature):
    """A cell as its kernel computes it.

    Attributes:
        settings: The cell as numbers, by the names in call.h.
        kept: Names of what is saved for the backward pass.
    """

    settings: dict[str, int]
    kept: tuple[str, ...]

    @classmethod
    def of(cls, cell: Cell) -> Kernel:
        """The kernel of a cell."""
        signature = signature_of(cell)
        kept = ("gates", "cells") if isinstance(cell, LSTMCell) else ("gates",)
        return cls(**vars(signature), settings=settings(cell), kept=kept)


TEXTS = {cell: repr(cell) for cell in every_cell()}
KERNELS = {text: Kernel.of(cell) for cell, text in TEXTS.items()}


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
