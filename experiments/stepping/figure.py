"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, ORANGE, grid

ALT = (
    "Cell state c (GRU and RNN: hidden state h) of both hidden units of each network, at each time "
    "step of one sequence of each task"
)


def figure(result: Result, width: float) -> Figure:
    """The cell state, or the hidden state of a unit without one, in a panel for each network."""
    tasks = list(dict.fromkeys(r["case"]["task"] for r in result["records"]))
    models = list(dict.fromkeys(r["case"]["model"] for r in result["records"]))
    made, panels = grid(width, len(models), len(tasks), 1.7)
    for record in result["records"]:
        case, recording = record["case"], record["recordings"][-1]
        panel = panels[models.index(case["model"])][tasks.index(case["task"])]
        state = "c" if "c" in recording["steps"] else "h"
        for unit, color in enumerate((BLUE, ORANGE)):
            values = [row[unit] for row in recording["steps"][state]]
            panel.plot(values, ".-", color=color, label=f"unit {unit + 1}")
        ticks = range(len(recording["symbols"]))
        panel.set_xticks(ticks, recording["symbols"], size=9)
        panel.set_title(f"{case['model']}, {case['task']}: {state}")
    panels[0][0].legend()
    return made
