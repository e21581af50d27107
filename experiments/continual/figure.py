"""The figure of the record."""

from __future__ import annotations

import statistics

from matplotlib.figure import Figure

from experiments import Result
from experiments.continual.results import name
from experiments.plotting import BLUE, GREEN, ORANGE, VIOLET, grid, strips
from experiments.records import grouped

ALT = (
    "Symbols before the first wrong prediction of each network, a dot for each seed, medians as "
    "bars, and the mean absolute value of its state against the symbols that were read"
)
COLORS = {"LSTM-1997": GREEN, "LSTM": ORANGE, "PeepholeLSTM": BLUE, "GRU": VIOLET}


def figure(result: Result, width: float) -> Figure:
    """How far each network is right, and how its state grows."""
    found = grouped(result["records"], "model", "resets")
    made, [[far, size]] = grid(width, 1, 2, 3)
    groups = {
        name(*network): [1 + statistics.mean(r["before_first_error"]) for r in records]
        for network, records in found.items()
    }
    strips(far, groups, [COLORS[model] for model, _ in found])
    far.set_xscale("log")
    far.set_xlabel("1 + symbols\nbefore the first error")
    for (model, resets), records in found.items():
        style = "-" if resets == "none" else ":"
        for record in records:
            points = zip(*record["sizes"], strict=True)
            size.plot(*points, style, color=COLORS[model], alpha=0.5)
    size.set_xscale("log")
    size.set_yscale("log")
    are_reset = any(resets != "none" for _, resets in found)
    size.set_xlabel("symbols read" + ("\ndotted: with resets" if are_reset else ""))
    size.set_ylabel("mean |c|" + (" (GRU: |h|)" if ("GRU", "none") in found else ""))
    return made
