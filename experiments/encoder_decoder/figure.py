"""The figure of the record."""

from __future__ import annotations

import statistics

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments import Result
from experiments.plotting import BLUE, GREEN, ORANGE, VIOLET, grid, strips
from experiments.records import grouped

ALT = (
    "Share of right symbols of each network, a dot for each seed, medians as bars, and the median "
    "share at each place of the sequence"
)
COLORS = {"GRU": BLUE, "GRU-before": VIOLET, "RNN": ORANGE, "RNN, 103 units": GREEN}


def figure(result: Result, width: float) -> Figure:
    """Right symbols in all, and at each place."""
    runs = grouped(result["records"], "model")
    made, [[whole, placed]] = grid(width, 1, 2, 2.6)
    groups = {
        model.replace(", ", ",\n"): [100 * r["accuracy"] for r in records]
        for model, records in runs.items()
    }
    strips(whole, groups, [COLORS[model] for model in runs])
    whole.set_xlabel("right symbols, %")
    for model, records in runs.items():
        places = zip(*(record["places"] for record in records), strict=True)
        shares = [100 * statistics.median(values) for values in places]
        placed.plot(range(1, len(shares) + 1), shares, color=COLORS[model])
    placed.xaxis.set_major_locator(MaxNLocator(integer=True))
    placed.set_xlabel("place in the sequence")
    placed.set_ylabel("right symbols, %")
    return made
