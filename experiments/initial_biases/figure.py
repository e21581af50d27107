"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from experiments import Result
from experiments.plotting import COLORS, grid, strips
from experiments.records import grouped

ALT = (
    "Sequences until the adding problem is solved, for every seed; runs at the right edge did not "
    "solve it"
)


def figure(result: Result, width: float) -> Figure:
    """A panel for each lag, a row for each network and initialisation."""
    found = grouped(result["records"], "T", "model", "initialisation")
    lags = list(dict.fromkeys(T for T, _, _ in found))
    runs = list(dict.fromkeys(key[1:] for key in found))
    made, panels = grid(width, 1, len(lags), 1 + 0.3 * len(runs), sharey=True)
    for panel, T in zip(panels[0], lags, strict=True):
        groups = {
            f"{model}, {name}": [r["sequences"] for r in found.get((T, model, name), [])]
            for model, name in runs
        }
        strips(panel, groups, [COLORS[model] for model, _ in runs])
        panel.set_xlim(0, 1.05 * result["config"]["max_sequences"])
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))
        panel.set_title(f"T = {T}")
        panel.set_xlabel("sequences seen")
    return made
