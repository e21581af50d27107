"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import COLORS, grid, strips
from experiments.records import grouped

ALT = (
    "How far each network counts with the learning rate of its source, and a GRU with a smaller "
    "one, with the median as a bar"
)


def figure(result: Result, width: float) -> Figure:
    """How far each network counts, a panel for each language."""
    languages = grouped(result["records"], "language")
    made, panels = grid(width, 1, 2, 3, by_row=True)
    for panel, (language, records) in zip(panels.flat, languages.items(), strict=True):
        networks = grouped(records, "model", "hidden", "rate")
        groups = {
            f"{model}, H = {H}, {rate:g}": [1 + record["max_correct_n"] for record in found]
            for (model, H, rate), found in networks.items()
        }
        strips(panel, groups, [COLORS[model] for model, _, _ in networks])
        panel.set_xscale("log")
        max_train_n = result["config"]["max_train_n"]
        panel.axvline(1 + max_train_n, color=COLORS["RNN"], linestyle=":")
        panel.set_xlabel(f"1 + largest n\ndotted: training, to n = {max_train_n}")
        panel.set_title(language)
    return made
