"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, GREEN, ORANGE, grid, strips
from experiments.records import grouped

ALT = "Share of frames of the test set that are right, for each network, a dot for each seed"
COLORS = {"RNN": GREEN, "LSTM": ORANGE, "CoupledLSTM": BLUE}


def figure(result: Result, width: float) -> Figure:
    """The share of right frames of each network."""
    runs = grouped(result["records"], "model")
    made, [[panel]] = grid(width, 1, 1, 3.2)
    groups = {
        model.replace(", ", ",\n"): [100 * r["accuracy"] for r in records]
        for model, records in runs.items()
    }
    units = [m.split(",")[0].removeprefix("Bi") for m in runs]
    strips(panel, groups, [COLORS[unit] for unit in units])
    panel.set_xlabel("right frames of the test set, %")
    return made
