"""The diagram of the sLSTM."""

from __future__ import annotations

from experiments.diagrams.parts import Diagram, Part
from experiments.diagrams.svg import box, letter, operation, state_line, wire

C, N, EXP, MINUS, M, LOG, GATES, BUS = 50, 100, 145, 190, 240, 292, 340, 396
"""Heights, from the cell state to the input."""
AT_F, AT_MAX, AT_M, AT_I, AT_IZ, AT_Z, AT_O, AT_H = 120, 200, 252, 310, 400, 450, 530, 590
"""Horizontal positions, from the forget gate to the output."""


def from_bus(x: float, y: float) -> str:
    """A wire from the input upwards."""
    return wire((x, BUS), (x, y))


DIAGRAM = Diagram(
    (
        Part(
            "input",
            "Input and previous hidden state feed the gates and the candidate.",
            wire((20, BUS), (AT_O, BUS), tip=False)
            + letter(36, BUS + 24, "x", "t")
            + letter(90, BUS + 24, "h", "t−1"),
        ),
        Part(
            "states",
            "Cell state c, normaliser n and stabiliser m run from left to right.",
            state_line(C, "c") + state_line(N, "n") + state_line(M, "m"),
        ),
        Part(
            "m",
            "The new stabiliser is the larger one of both exponents: the old stabiliser plus the "
            "logarithm of the forget gate, and the pre-activation of the input gate.",
            operation(AT_F, M, "+")
            + box(AT_MAX, M, "max")
            + wire((AT_I, 318), (AT_MAX, 318), (AT_MAX, M + 19)),
        ),
        Part(
            "minus m",
            "It is subtracted from both.",
            wire((AT_M, M), (AT_M, MINUS), (AT_I - 14, MINUS))
            + wire((AT_M, MINUS), (AT_F + 14, MINUS))
            + operation(AT_F, MINUS, "−")
            + operation(AT_I, MINUS, "−"),
        ),
        Part(
            "log σ",
            "The logarithm of the forget gate is that of a sigmoid.",
            from_bus(AT_F, GATES + 19)
            + box(AT_F, GATES, "σ")
            + wire((AT_F, GATES - 18), (AT_F, LOG + 16))
            + box(AT_F, LOG, "log", 60, 30)
            + wire((AT_F, LOG - 15), (AT_F, M + 14)),
            lambda cell: cell.forget_activation == "sigmoid",
        ),
        Part(
            "exponential forget gate",
            "The logarithm of the forget gate is its pre-activation.",
            from_bus(AT_F, M + 14),
            lambda cell: cell.forget_activation == "exp",
        ),
        Part(
            "f",
            "The exponential of the one is the forget gate, which multiplies c and n.",
            wire((AT_F, M - 13), (AT_F, MINUS + 14))
            + wire((AT_F, MINUS - 13), (AT_F, EXP + 16))
            + box(AT_F, EXP, "exp", 60, 30)
            + wire((AT_F, EXP - 15), (AT_F, N + 14))
            + wire((AT_F + 30, EXP), (AT_F + 50, EXP), (AT_F + 50, C + 14))
            + operation(AT_F, N, "×")
            + operation(AT_F + 50, C, "×")
            + letter(AT_F + 40, EXP - 8, "f"),
        ),
        Part(
            "i",
            "The exponential of the other is the input gate, which is added to n, and multiplies "
            "the candidate.",
            from_bus(AT_I, MINUS + 14)
            + wire((AT_I, MINUS - 13), (AT_I, EXP + 16))
            + box(AT_I, EXP, "exp", 60, 30)
            + wire((AT_I, EXP - 15), (AT_I, N + 14))
            + operation(AT_I, N, "+")
            + wire((AT_I + 30, EXP), (AT_IZ - 14, EXP))
            + letter(AT_I + 46, EXP - 8, "i"),
        ),
        Part(
            "z",
            "The candidate, a tanh, multiplied by the input gate, is added to c.",
            from_bus(AT_Z, GATES + 19)
            + box(AT_Z, GATES, "tanh")
            + wire((AT_Z, GATES - 18), (AT_Z, EXP), (AT_IZ + 14, EXP))
            + operation(AT_IZ, EXP, "×")
            + wire((AT_IZ, EXP - 13), (AT_IZ, C + 14))
            + operation(AT_IZ, C, "+")
            + letter(AT_Z + 16, 290, "z"),
        ),
        Part(
            "h",
            "The hidden state, the output, is c divided by n.",
            wire((AT_H, C), (AT_H, 136))
            + wire((AT_H - 30, N), (AT_H - 30, 150), (AT_H - 14, 150))
            + operation(AT_H, 150, "÷")
            + wire((AT_H, 163), (AT_H, 195), (660, 195))
            + letter(640, 183, "h", "t"),
        ),
        Part(
            "o",
            "The output gate multiplies it.",
            from_bus(AT_O, GATES + 19)
            + box(AT_O, GATES, "σ")
            + wire((AT_O, GATES - 18), (AT_O, 195), (AT_H - 14, 195))
            + operation(AT_H, 195, "×")
            + letter(AT_O + 16, 290, "o"),
        ),
    ),
)
