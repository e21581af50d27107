"""The diagrams of the LSTM with layer normalisation and of the multiplicative LSTM."""

from __future__ import annotations

from dataclasses import replace

from experiments.diagrams import lstm
from experiments.diagrams.lstm import AT_F, AT_G, AT_H, AT_I, AT_O, BUS, LOWER, recurrence
from experiments.diagrams.parts import Diagram, Part
from experiments.diagrams.svg import box, letter, operation, wire
from lstm_variants.cells import Cell, LayerNormLSTMCell, LSTMCell, MultiplicativeLSTMCell

NORM, JOIN, PRODUCT = 96, 130, 130
"""Horizontal positions: of normalisation, of the sum of both products, of m."""


def of_standard_lstm(part: Part) -> Part:
    """A part of the standard LSTM's diagram, as part of the other cells too."""

    def present(cell: Cell) -> bool:
        if part.name == "hidden":
            return isinstance(cell, LSTMCell)
        return part.present(LSTMCell())

    return replace(part, present=present)


def normalises(cell: Cell) -> bool:
    """Whether a cell has layer normalisation."""
    return isinstance(cell, LayerNormLSTMCell)


def multiplies(cell: Cell) -> bool:
    """Whether a cell has the intermediate state m."""
    return isinstance(cell, MultiplicativeLSTMCell)


DIAGRAM = Diagram(
    (
        *(of_standard_lstm(part) for part in lstm.DIAGRAM.parts if part.present(LSTMCell())),
        Part(
            "LN",
            "The products with the input and with the previous hidden state are normalised each, "
            "and added.",
            wire((20, LOWER), (JOIN, LOWER), (JOIN, BUS + 14))
            + letter(42, LOWER + 24, "h", "t−1")
            + box(NORM - 16, BUS, "LN", 40, 28)
            + box(NORM - 16, LOWER, "LN", 40, 28)
            + operation(JOIN, BUS, "+"),
            normalises,
        ),
        Part(
            "LN of c",
            "The cell state is normalised for the output.",
            box(AT_H, 105, "LN", 40, 28),
            normalises,
        ),
        Part(
            "m",
            "The product of projected input and projected hidden state, m, feeds the gates and the "
            "candidate.",
            wire((20, LOWER), (PRODUCT - 14, LOWER))
            + letter(42, LOWER + 24, "h", "t−1")
            + wire((PRODUCT, BUS), (PRODUCT, LOWER - 14))
            + wire((PRODUCT, LOWER), (AT_O + 12, LOWER), tip=False)
            + operation(PRODUCT, LOWER, "×")
            + "".join(recurrence(x) for x in (AT_F, AT_I, AT_G, AT_O))
            + letter(PRODUCT + 30, LOWER + 24, "m"),
            multiplies,
        ),
    ),
    baseline=LSTMCell(),
)
