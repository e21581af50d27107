"""The figure of the record."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter

from experiments import Result
from experiments.plotting import COLORS, WIDE, first_of_rows, grid, strips
from experiments.records import grouped

ALT = (
    "Sequences until the adding problem is solved, or the limit if it is not, with the share of "
    "seeds that solve it, and the median as a bar; below, the norm of the gradient against the "
    "lag, a median over the seeds, in the same colours; norms below 1e-12 are not shown"
)


LINES: dict[str, Any] = {"chrono T": "-", "uniform": ":"}


def figure(result: Result, width: float) -> Figure:
    """How long it takes; below, how much of the gradient is left at each lag."""
    rate = result["config"]["rate"]
    records = [record for record in result["records"] if record["case"]["rate"] == rate]
    found = grouped(records, "T", "initialisation", "model")
    lags = list(dict.fromkeys(T for T, _, _ in found))
    runs = list(dict.fromkeys((model, initialisation) for _, initialisation, model in found))
    runs.sort(key=lambda run: list(COLORS).index(run[0]))
    height = 2.8 if width == WIDE else 2
    made, panels = grid(width, 3, len(lags), height, height_ratios=(1.4, 1, 1), sharey=True)
    for column, T in zip(panels.T, lags, strict=True):
        seen = {run: found.get((T, *run[::-1]), []) for run in runs}
        groups = {
            f"{model}, {initialisation}": [r["sequences"] for r in records]
            for (model, initialisation), records in seen.items()
        }
        strips(column[0], groups, [COLORS[model] for model, _ in runs])
        for row, records in enumerate(seen.values()):
            if records:
                share = f"{sum(r['solved'] for r in records)}/{len(records)}"
                column[0].text(1, row, share, transform=column[0].get_yaxis_transform(), size=9)
        column[0].set_xlim(left=0)
        column[0].set_xlabel("sequences seen")
        column[0].xaxis.set_major_formatter(EngFormatter(sep=""))
        column[0].set_title(f"T = {T}")
        for panel, when in zip(column[1:], ("before", "after"), strict=True):
            for (model, initialisation), records in seen.items():
                if not records:
                    continue
                points = np.array([record["norms"][when] for record in records])
                panel.plot(
                    points[0, :, 0],
                    np.median(points[..., 1], axis=0),
                    color=COLORS[model],
                    linestyle=LINES[initialisation],
                )
            panel.set_xscale("log")
            panel.set_yscale("log")
            panel.set_ylim(bottom=1e-12)
            panel.set_title(f"T = {T}, {when} training")
            panel.set_xlabel("lag k")
    for panel in first_of_rows(panels[1:], width):
        panel.set_ylabel("‖∂h(T) / ∂x(T - k)‖")
    lines = [Line2D([], [], color=COLORS["RNN"], linestyle=style) for style in LINES.values()]
    panels[1, 0].legend(lines, list(LINES))
    return made
