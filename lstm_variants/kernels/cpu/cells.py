"""The cells that have C++ kernels, and their settings in the library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cache
from itertools import product
from typing import Any

from lstm_variants.cells import (
    Cell,
    ElmanCell,
    GRUCell,
    IndRNNCell,
    JANETCell,
    LayerNormLSTMCell,
    LSTMCell,
    MGUCell,
    MinGRUCell,
    MinLSTMCell,
    MultiplicativeLSTMCell,
    SLSTMCell,
)
from lstm_variants.kernels.passes import Signature, signature_of
from lstm_variants.torch_internals import as_constant, constant_while_tracing, is_compiling

PEEPHOLES: tuple[Any, ...] = (None, "previous", "current")
KINDS: dict[type[Cell], str] = {
    LSTMCell: "lstm",
    GRUCell: "gru",
    ElmanCell: "elman",
    MGUCell: "mgu",
    JANETCell: "janet",
    IndRNNCell: "indrnn",
    MinGRUCell: "mingru",
    MinLSTMCell: "minlstm",
    SLSTMCell: "slstm",
    MultiplicativeLSTMCell: "multiplicative",
    LayerNormLSTMCell: "layer_norm",
}
"""The names of the cells in call.h."""
MORE_SLOTS = {JANETCell: 1, MultiplicativeLSTMCell: 1, SLSTMCell: 1, LayerNormLSTMCell: 4}
"""How many blocks of a row of gates cells have besides those of their weights."""
CELL_STATES = ("c", "n", "m")
"""The states besides h, and besides the gates of `gate_recurrence`."""


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
    yield from (IndRNNCell(), IndRNNCell("tanh"))
    yield from (JANETCell(), JANETCell(beta=0.0))  # with other values too: see `kernel_named`
    yield from (SLSTMCell(), SLSTMCell("exp"))
    yield from (MGUCell(), MinGRUCell(), MinLSTMCell(), MultiplicativeLSTMCell())
    yield LayerNormLSTMCell()


def settings(cell: Cell) -> dict[str, int]:
    """A cell as numbers, by the names in call.h; others are 0."""
    numbers = {
        "blocks": len(cell.blocks),
        "slots": len(cell.blocks) + MORE_SLOTS.get(type(cell), cell == GRUCell()),
        "cell_states": sum(name in CELL_STATES for name in cell.state_type._fields),
    }
    match cell:
        case LSTMCell():
            own = {field.name: getattr(cell, field.name) for field in fields(cell)}
            return numbers | own | {"peephole": PEEPHOLES.index(cell.peephole)}
        case GRUCell():
            return numbers | {"reset_after": cell.reset_after}
        case ElmanCell() | IndRNNCell():
            return numbers | {"relu": cell.nonlinearity == "relu"}
        case SLSTMCell():
            return numbers | {"exponential_forget": cell.forget_activation == "exp"}
    return numbers


@dataclass(frozen=True)
class Kernel(Signature):
    """A cell as its kernel computes it.

    Attributes:
        kind: The name of its kind in call.h.
        settings: The cell as numbers, by the names in call.h.
        saved: Names of what is saved for the backward pass.
    """

    kind: str
    settings: dict[str, int]
    saved: tuple[str, ...]

    @classmethod
    def of(cls, cell: Cell) -> Kernel:
        """The kernel of a cell."""
        signature = signature_of(cell)
        own = settings(cell)
        saved = ("gates", "cells") if own["cell_states"] else ("gates",)
        return cls(**vars(signature), kind=KINDS[type(cell)], settings=own, saved=saved)


TEXTS = {cell: repr(cell) for cell in every_cell()}
KERNELS = {text: Kernel.of(cell) for cell, text in TEXTS.items()}
BETA = re.compile(r"JANETCell\(beta=(.+)\)")


def kernel_of(cell: Cell) -> str | None:
    """The name of a cell's kernel, for the operators; `None` if there is none."""
    if is_compiling():
        if type(cell) not in KINDS:
            return None
        if type(cell) is JANETCell:
            return name_with_beta(as_constant(cell.beta))
        # While tracing, a cell cannot be a dictionary key, but its settings can be read.
        name = cell.__repr__()  # torch 2.9 does not trace repr()
        return name if is_kernel(name) else None
    return known_name(cell)


@cache
def known_name(cell: Cell) -> str | None:
    """What `kernel_of` returns, for a cell that can be a key."""
    return TEXTS.get(cell) or (repr(cell) if type(cell) is JANETCell else None)


@cache
def kernel_named(name: str) -> Kernel | None:
    """The kernel of that name; `None` if there is none."""
    if name in KERNELS:
        return KERNELS[name]
    # The kernel of JANET takes any value of beta, as a number of the call.
    with suppress(ValueError):
        if (found := BETA.fullmatch(name)) and repr(cell := JANETCell(float(found[1]))) == name:
            return Kernel.of(cell)
    return None


# Traced, each call would check all entries of the table again.
@constant_while_tracing
def is_kernel(name: str) -> bool:
    """Whether there is a kernel of this name."""
    return name in KERNELS


@constant_while_tracing
def name_with_beta(beta: float) -> str:
    """The name of the kernel of JANET with a value of beta."""
    return repr(JANETCell(beta))
