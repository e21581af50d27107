"""The figure of the record."""

from __future__ import annotations

import statistics

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, GREY, ORANGE, grid, strips
from experiments.records import grouped
from experiments.selective_copying.results import UNITS, deep

ALT = (
    "Share of right answers with one, two and three layers, a dot for each seed, medians as bars, "
    "and the median share in the training against the updates"
)
COLORS = {1: GREY, 2: BLUE, 3: ORANGE}


def figure(result: Result, width: float) -> Figure:
    """Right answers at the end and in the course of the training, for both units."""
    runs = grouped(result["records"], "model")
    every = result["config"]["updates"] // result["config"]["kept"]
    made, panels = grid(width, 2, len(UNITS), 2.2)
    for (far, learned), unit in zip(panels.T, UNITS, strict=True):
        groups = {f"{n} layer{'s' if n > 1 else ''}": runs[deep(unit, n)] for n in COLORS}
        right = {name: [100 * r["accuracy"] for r in rs] for name, rs in groups.items()}
        strips(far, right, list(COLORS.values()))
        far.set_title(unit)
        far.set_xlim(0, 104)
        far.set_xlabel("right, %")
        for records, color in zip(groups.values(), COLORS.values(), strict=True):
            curve = [statistics.median(v) for v in zip(*(r["curve"] for r in records), strict=True)]
            at = [every * (k + 1) for k in range(len(curve))]
            learned.plot(at, [100 * value for value in curve], color=color)
        learned.set_xlabel("updates")
        learned.set_ylabel("right, %\n(training)")
    return made
