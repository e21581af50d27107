"""The diagram of a bidirectional layer over three time steps."""

from __future__ import annotations

from experiments.diagrams.parts import Diagram, Part
from experiments.diagrams.svg import box, letter, wire

BACKWARD, FORWARD, INPUT = 130, 210, 300
"""Heights: of the two LSTMs and of the input."""
STEPS = {140: "t−1", 340: "t", 540: "t+1"}
"""The time steps by their horizontal positions."""

DIAGRAM = Diagram(
    (
        Part(
            "x",
            "The input of each time step feeds two LSTMs.",
            "".join(
                wire((x, INPUT), (x, FORWARD + 19))
                + wire(
                    (x, 262), (x - 55, 262), (x - 55, 170), (x - 12, 170), (x - 12, BACKWARD + 19)
                )
                + letter(x, INPUT + 22, "x", index)
                for x, index in STEPS.items()
            ),
        ),
        Part(
            "forward",
            "One runs forwards in time.",
            wire((20, FORWARD), (660, FORWARD))
            + "".join(box(x, FORWARD, "LSTM", 66) for x in STEPS),
        ),
        Part(
            "backward",
            "The other runs backwards.",
            wire((660, BACKWARD), (20, BACKWARD))
            + "".join(box(x, BACKWARD, "LSTM", 66) for x in STEPS),
        ),
        Part(
            "output",
            "The output of each time step joins their two hidden states.",
            "".join(
                wire(
                    (x + 20, FORWARD - 18), (x + 20, 176), (x + 55, 176), (x + 55, 60), (x + 31, 60)
                )
                + wire((x, BACKWARD - 18), (x, 79))
                + box(x, 60, "cat")
                + wire((x, 42), (x, 22), tip=False)
                + letter(x + 28, 30, "y", index)
                for x, index in STEPS.items()
            ),
        ),
    ),
)
