"""The diagram of the RNN of Elman, and of the IndRNN, whose units are independent."""

from __future__ import annotations

from experiments.diagrams.parts import Diagram, Part
from experiments.diagrams.svg import box, letter, operation, wire
from lstm_variants.cells import ElmanCell, IndRNNCell

DIAGRAM = Diagram(
    (
        Part(
            "h",
            "The new hidden state depends on the last one and on the input, and is the output.",
            wire((20, 70), (309, 70))
            + wire((370, 70), (660, 70))
            + wire((340, 170), (340, 89))
            + letter(42, 58, "h", "t−1")
            + letter(640, 58, "h", "t")
            + letter(364, 166, "x", "t"),
        ),
        Part(
            "tanh", "It has a tanh.", box(340, 70, "tanh"), lambda cell: cell.nonlinearity == "tanh"
        ),
        Part(
            "relu", "It has a ReLU.", box(340, 70, "ReLU"), lambda cell: cell.nonlinearity == "relu"
        ),
        Part(
            "u",
            "Each unit's last state is multiplied by one weight, and no other unit depends on it.",
            wire((180, 130), (180, 84)) + operation(180, 70, "×") + letter(200, 126, "u"),
            lambda cell: isinstance(cell, IndRNNCell),
        ),
    ),
    baseline=ElmanCell(),
)
