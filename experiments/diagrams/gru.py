"""The diagram of the gated recurrent unit, with the reset gate after or before the product."""

from __future__ import annotations

from experiments.diagrams.parts import Diagram, Part
from experiments.diagrams.svg import box, letter, operation, state_line, wire

TOP, GATES, INPUT, HIDDEN = 70, 254, 316, 350
"""Heights: of the new hidden state, of the gates, of the input, of the previous hidden state."""
Z, R, PRODUCT, BEFORE, N = 140, 270, 380, 446, 560
"""Horizontal positions of gates, recurrent product (reset after it, before it) and candidate."""


def gate(x: float) -> str:
    """A gate with its inputs from below."""
    return (
        wire((x - 12, INPUT), (x - 12, GATES + 19))
        + wire((x + 12, HIDDEN), (x + 12, GATES + 19))
        + box(x, GATES, "σ")
    )


DIAGRAM = Diagram(
    (
        Part(
            "input",
            "The input feeds both gates and the candidate.",
            wire((20, INPUT), (N, INPUT), (N, GATES + 19)) + letter(36, INPUT - 8, "x", "t"),
        ),
        Part(
            "hidden",
            "The previous hidden state feeds both gates and the recurrent product.",
            wire((60, TOP), (60, HIDDEN), (PRODUCT, HIDDEN), tip=False)
            + letter(110, HIDDEN + 24, "h", "t−1"),
        ),
        Part(
            "h",
            "The hidden state runs from left to right and is the output.",
            state_line(TOP, "h"),
        ),
        Part(
            "n",
            "The candidate, a tanh of the input and the recurrent product, is added to the hidden "
            "state.",
            wire((N, GATES - 18), (N, TOP + 14))
            + box(N, GATES, "tanh")
            + operation(N, TOP, "+")
            + letter(N + 18, 210, "n"),
        ),
        Part(
            "z",
            "The update gate multiplies the old hidden state; one minus the update gate multiplies "
            "the candidate.",
            gate(Z)
            + wire((Z, GATES - 18), (Z, TOP + 14))
            + operation(Z, TOP, "×")
            + wire((Z, 145), (Z + 76, 145))
            + box(Z + 100, 145, "1−", 46, 30)
            + wire((Z + 123, 145), (N - 14, 145))
            + operation(N, 145, "×")
            + letter(Z + 16, 210, "z"),
        ),
        Part("r", "There is a reset gate.", gate(R) + letter(R + 16, 214, "r")),
        Part(
            "reset after",
            "The reset gate multiplies the recurrent product.",
            wire((PRODUCT, HIDDEN), (PRODUCT, 304))
            + box(PRODUCT, 286, "U", 46, 32)
            + wire((PRODUCT, 270), (PRODUCT, 213))
            + wire((R, GATES - 18), (R, 200), (PRODUCT - 14, 200))
            + operation(PRODUCT, 200, "×")
            + wire((PRODUCT + 13, 200), (500, 200), (500, GATES), (N - 31, GATES)),
            lambda cell: cell.reset_after,
        ),
        Part(
            "reset before",
            "The reset gate multiplies the hidden state before the recurrent product.",
            wire((PRODUCT, HIDDEN), (BEFORE, HIDDEN), (BEFORE, GATES + 14))
            + wire((R + 30, GATES), (BEFORE - 14, GATES))
            + operation(BEFORE, GATES, "×")
            + wire((BEFORE, GATES - 13), (BEFORE, 217))
            + box(BEFORE, 200, "U", 46, 32)
            + wire((BEFORE + 23, 200), (500, 200), (500, GATES), (N - 31, GATES)),
            lambda cell: not cell.reset_after,
        ),
    ),
)
