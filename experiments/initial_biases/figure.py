"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import COLORS, UNSOLVED, grid, log_times, strips
from experiments.records import grouped

ALT = (
    "Sequences until the adding problem is solved, for LSTM and GRU with six initialisations, a "
    f"dot for each seed, the median as a bar. {UNSOLVED}"
)


def figure(result: Result, width: float) -> Figure:
    """A panel for each lag."""
    return figure_by(result, width, "T = {}", "T")


def figure_by(result: Result, width: float, title: str, *names: str) -> Figure:
    """A panel for each task, by names in the cases; a row for each network and initialisation."""
    found = grouped(result["records"], *names, "model", "initialisation")
    tasks = list(dict.fromkeys(key[:-2] for key in found))
    runs = list(dict.fromkeys(key[-2:] for key in found))
    fewest = min(record["sequences"] for record in result["records"])
    made, panels = grid(width, 1, len(tasks), 1 + 0.3 * len(runs), sharey=True)
    for panel, task in zip(panels[0], tasks, strict=True):
        groups = {
            f"{model}, {name}": [
                r["sequences"] if r["solved"] else None for r in found[*task, model, name]
            ]
            for model, name in runs
        }
        strips(panel, groups, [COLORS[model] for model, _ in runs])
        log_times(panel, fewest, result["config"]["max_sequences"])
        panel.set_title(title.format(*task))
        panel.set_xlabel("sequences seen")
    return made
