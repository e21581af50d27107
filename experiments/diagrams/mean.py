"""The diagrams of units whose new state is a mean of old state and candidate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.diagrams.parts import Diagram, Part
from experiments.diagrams.svg import box, letter, operation, state_line, wire
from lstm_variants.cells import Cell, JANETCell, MGUCell, MinGRUCell, MinLSTMCell

TOP, WRITE, GATES, INPUT, HIDDEN = 70, 145, 254, 316, 350
"""Heights: of the state, the product with the candidate, gates, input, previous hidden state."""
FIRST, SECOND, RESET, CANDIDATE = 180, 330, 400, 560
"""Horizontal positions: of both gates, of the product with the hidden state, of the candidate."""


def is_one_of(*kinds: type[Cell]) -> Callable[[Any], bool]:
    """Whether a cell is of one of some types, as a function of the cell."""
    return lambda cell: isinstance(cell, kinds)


def gate(x: float, name: str) -> str:
    """A gate and its input."""
    return (
        wire((x - 12, INPUT), (x - 12, GATES + 19))
        + box(x, GATES, "σ")
        + (letter(x + 18, 226, name) if name else "")
    )


def hidden(x: float) -> str:
    """The previous hidden state as an input of a gate."""
    return wire((x + 12, HIDDEN), (x + 12, GATES + 19))


DIAGRAM = Diagram(
    (
        Part(
            "input",
            "The input feeds gates and candidate.",
            wire((20, INPUT), (CANDIDATE, INPUT), tip=False) + letter(36, INPUT - 8, "x", "t"),
        ),
        Part(
            "h",
            "The hidden state runs from left to right and is the output.",
            state_line(TOP, "h") + operation(FIRST, TOP, "×") + operation(CANDIDATE, TOP, "+"),
        ),
        Part(
            "tanh",
            "The candidate has a tanh.",
            wire((CANDIDATE, INPUT), (CANDIDATE, GATES + 19))
            + box(CANDIDATE, GATES, "tanh")
            + wire((CANDIDATE, GATES - 18), (CANDIDATE, WRITE + 14)),
            is_one_of(MGUCell, JANETCell),
        ),
        Part(
            "linear",
            "The candidate is linear in the input.",
            wire((CANDIDATE, INPUT), (CANDIDATE, WRITE + 14)),
            is_one_of(MinGRUCell, MinLSTMCell),
        ),
        Part(
            "write",
            "The candidate is multiplied and added to the state.",
            wire((CANDIDATE, WRITE - 13), (CANDIDATE, TOP + 14)) + operation(CANDIDATE, WRITE, "×"),
        ),
        Part(
            "n", "", letter(CANDIDATE + 18, 226, "n"), lambda cell: not isinstance(cell, JANETCell)
        ),
        Part("g", "", letter(CANDIDATE + 18, 226, "g"), is_one_of(JANETCell)),
        Part(
            "f", "There is a gate f.", gate(FIRST, "f"), is_one_of(MGUCell, JANETCell, MinLSTMCell)
        ),
        Part("z", "There is a gate z.", gate(FIRST, "z"), is_one_of(MinGRUCell)),
        Part(
            "complement",
            "The gate multiplies the candidate; one minus the gate multiplies the old state.",
            wire((FIRST, GATES - 18), (FIRST, WRITE + 16))
            + box(FIRST, WRITE, "1−", 46, 30)
            + wire((FIRST, WRITE - 15), (FIRST, TOP + 14))
            + wire((FIRST, 200), (500, 200), (500, WRITE), (CANDIDATE - 14, WRITE)),
            is_one_of(MGUCell, MinGRUCell),
        ),
        Part(
            "shifted gate",
            "The gate multiplies the old state; the same gate with its input shifted by beta, "
            "taken from one, multiplies the candidate.",
            wire((FIRST, GATES - 18), (FIRST, TOP + 14))
            + gate(SECOND, "")
            + letter(SECOND + 22, 226, "−β")
            + wire((SECOND, GATES - 18), (SECOND, WRITE + 16))
            + box(SECOND, WRITE, "1−", 46, 30)
            + wire((SECOND + 23, WRITE), (CANDIDATE - 14, WRITE)),
            is_one_of(JANETCell),
        ),
        Part(
            "i",
            "A second gate, i, and f are divided by their sum: f multiplies the old state, i the "
            "candidate.",
            gate(SECOND, "i")
            + wire((FIRST, GATES - 18), (FIRST, 206))
            + wire((SECOND, GATES - 18), (SECOND, 206))
            + box((FIRST + SECOND) / 2, 187, "÷ (f + i)", 220)
            + wire((FIRST, 169), (FIRST, TOP + 14))
            + wire((SECOND, 169), (SECOND, WRITE), (CANDIDATE - 14, WRITE)),
            is_one_of(MinLSTMCell),
        ),
        Part(
            "hidden",
            "The previous hidden state feeds the gate and the candidate.",
            wire((60, TOP), (60, HIDDEN), (CANDIDATE + 12, HIDDEN), (CANDIDATE + 12, GATES + 19))
            + hidden(FIRST)
            + hidden(SECOND)
            + letter(110, HIDDEN + 24, "h", "t−1"),
            is_one_of(JANETCell),
        ),
        Part(
            "reset",
            "The previous hidden state feeds the gate, and multiplied by the gate, the candidate.",
            wire((60, TOP), (60, HIDDEN), (RESET - 14, HIDDEN))
            + hidden(FIRST)
            + wire((RESET, 200), (RESET, HIDDEN - 14))
            + operation(RESET, HIDDEN, "×")
            + wire((RESET + 13, HIDDEN), (CANDIDATE + 12, HIDDEN), (CANDIDATE + 12, GATES + 19))
            + letter(110, HIDDEN + 24, "h", "t−1"),
            is_one_of(MGUCell),
        ),
    ),
)
