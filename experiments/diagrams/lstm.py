"""The diagram of the LSTM family: peepholes, coupled gates, ablations, full gate recurrence."""

from __future__ import annotations

from experiments.diagrams.parts import Diagram, Part
from experiments.diagrams.svg import box, letter, operation, state_line, wire
from lstm_variants.cells import LSTMCell

TOP, GATES, BUS, LOWER = 70, 262, 318, 352
"""Heights: of the cell state, of the gates, of the input, of the gates of the last time step."""
AT_F, AT_I, AT_G, AT_O, AT_H, AT_SUM = 160, 250, 395, 500, 540, 340
"""Horizontal positions of gates, candidate, output and sum."""
NEW_C = 470
"""Horizontal position on the line of the cell state, after its update."""
PEEPHOLES = {"f": (66, 230), "i": (84, 216), "o": (102, 202)}
"""Where a wire leaves the old cell state, and the height at which it turns to its gate."""


def has_own_forget_gate(cell: LSTMCell) -> bool:
    """Whether the forget gate has weights."""
    return cell.forget_gate and not cell.coupled


def gate(x: float) -> str:
    """A gate with its input from below."""
    return wire((x, BUS), (x, GATES + 18), tip=False) + box(x, GATES, "σ")


def peephole(start: float, turn: float, x: float) -> str:
    """A wire from the cell state to a gate."""
    return wire((start, TOP), (start, turn), (x - 14, turn), (x - 14, GATES - 19), kind="peephole")


def recurrence(x: float) -> str:
    """The input of a gate from the gates of the last time step."""
    return wire((x + 12, LOWER), (x + 12, GATES + 19))


DIAGRAM = Diagram(
    (
        Part(
            "input",
            "The input feeds the gates and the candidate.",
            wire((20, BUS), (AT_O, BUS), tip=False) + letter(36, BUS + 24, "x", "t"),
        ),
        Part(
            "hidden",
            "The previous hidden state feeds the gates and the candidate.",
            letter(42, BUS - 14, "h", "t−1"),
        ),
        Part(
            "c",
            "The cell state runs from left to right.",
            state_line(TOP, "c"),
        ),
        Part(
            "h",
            "The hidden state, the output, is computed from the cell state.",
            wire((AT_H, TOP), (AT_H, 190), (660, 190)) + letter(640, 176, "h", "t"),
        ),
        Part(
            "g",
            "A candidate is added to the cell state.",
            wire((AT_G, BUS), (AT_G, 165), (AT_SUM, 165), (AT_SUM, TOP + 14))
            + operation(AT_SUM, TOP, "+")
            + letter(AT_G + 18, 192, "g"),
        ),
        Part(
            "input activation",
            "The candidate has a tanh.",
            box(AT_G, GATES, "tanh"),
            lambda cell: cell.input_activation,
        ),
        Part(
            "f",
            "The forget gate multiplies the old cell state.",
            gate(AT_F) + wire((AT_F, GATES - 18), (AT_F, TOP + 14)) + letter(AT_F + 28, 196, "f"),
            has_own_forget_gate,
        ),
        Part(
            "coupling",
            "One minus the input gate multiplies the old cell state.",
            wire((AT_I, 165), (AT_F + 24, 165))
            + box(AT_F, 165, "1−", 46, 30)
            + wire((AT_F, 150), (AT_F, TOP + 14)),
            lambda cell: cell.coupled,
        ),
        Part("times f", "", operation(AT_F, TOP, "×"), lambda cell: cell.forget_gate),
        Part(
            "i",
            "The input gate multiplies the candidate.",
            gate(AT_I)
            + wire((AT_I, GATES - 18), (AT_I, 165), (AT_SUM - 14, 165))
            + operation(AT_SUM, 165, "×")
            + letter(AT_I + 16, 196, "i"),
            lambda cell: cell.input_gate,
        ),
        Part(
            "output activation",
            "A tanh is applied to the cell state for the output.",
            box(AT_H, 146, "tanh", 56, 28),
            lambda cell: cell.output_activation,
        ),
        Part(
            "o",
            "The output gate multiplies the output.",
            gate(AT_O)
            + wire((AT_O, GATES - 18), (AT_O, 190), (AT_H - 14, 190))
            + operation(AT_H, 190, "×")
            + letter(AT_O + 16, 214, "o"),
            lambda cell: cell.output_gate,
        ),
        Part(
            "peephole f",
            "A peephole leads from the old cell state to the forget gate.",
            peephole(*PEEPHOLES["f"], AT_F),
            lambda cell: cell.peephole is not None and has_own_forget_gate(cell),
        ),
        Part(
            "peephole i",
            "A peephole leads from the old cell state to the input gate.",
            peephole(*PEEPHOLES["i"], AT_I),
            lambda cell: cell.peephole is not None and cell.input_gate,
        ),
        Part(
            "peephole o",
            "A peephole leads from the new cell state to the output gate.",
            peephole(NEW_C, PEEPHOLES["f"][1], AT_O),
            lambda cell: cell.peephole == "current" and cell.output_gate,
        ),
        Part(
            "peephole o, previous",
            "A peephole leads from the old cell state to the output gate.",
            peephole(*PEEPHOLES["o"], AT_O),
            lambda cell: cell.peephole == "previous" and cell.output_gate,
        ),
        Part(
            "gate recurrence",
            "The gates of the last time step feed all gates.",
            wire((20, LOWER), (AT_O + 12, LOWER), tip=False)
            + "".join(recurrence(x) for x in (AT_F, AT_I, AT_O))
            + letter(54, LOWER + 24, "i, f, o", "t−1"),
            lambda cell: cell.gate_recurrence,
        ),
    ),
)
