"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.counting.figure import draw_largest_n
from experiments.plotting import grid
from experiments.records import grouped

ALT = (
    "How far each network counts with the learning rate of its source, and a GRU with a smaller "
    "one, a dot for each seed, the median as a bar; rows: network, hidden units H, learning rate"
)


def figure(result: Result, width: float) -> Figure:
    """How far each network counts, a panel for each language."""
    languages = grouped(result["records"], "language")
    made, panels = grid(width, 1, 2, 3, by_row=True)
    for panel, (language, records) in zip(panels.flat, languages.items(), strict=True):
        networks = grouped(records, "model", "hidden", "rate")
        groups = {
            f"{model}, H = {H}, {rate:g}": [record["max_correct_n"] for record in found]
            for (model, H, rate), found in networks.items()
        }
        models = [model for model, _, _ in networks]
        draw_largest_n(panel, groups, models, result["config"]["max_train_n"])
        panel.set_title(language)
    return made
