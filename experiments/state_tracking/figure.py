"""The figure of the record."""

from __future__ import annotations

import statistics

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, ORANGE, small_panels
from experiments.records import grouped

ALT = (
    "Share of right last states against the length of the sequence, for each network and task: a "
    "thin line for each seed, the median as a thick one"
)
LINES = ((BLUE, 4.0), (ORANGE, 1.5))
"""Colour and width of each task: where both are solved, both lines can be seen."""


def figure(result: Result, width: float) -> Figure:
    """Accuracy against length, a panel for each network."""
    config = result["config"]
    lengths = [k * config["steps"] for k in config["times_longer"]]
    found = grouped(result["records"], "model", "task")
    models = list(dict.fromkeys(model for model, _ in found))
    tasks = list(dict.fromkeys(task for _, task in found))
    made, panels = small_panels(width, len(models), 1.9)
    for panel, model in zip(panels, models, strict=True):
        for task, (color, thick) in zip(tasks, LINES, strict=True):
            seeds = [[100 * value for value in r["accuracies"]] for r in found[model, task]]
            for values in seeds:
                panel.plot(lengths, values, color=color, alpha=0.3, linewidth=0.8)
            middle = [statistics.median(values) for values in zip(*seeds, strict=True)]
            panel.plot(lengths, middle, color=color, linewidth=thick, label=task)
            chance = 100 / found[model, task][0]["states"]
            panel.axhline(chance, color=color, linestyle=":", linewidth=0.8)
        panel.set_xscale("log", base=2)
        panel.set_xticks(lengths, [str(length) for length in lengths])
        panel.set_ylim(0, 104)
        panel.set_title(model)
    made.supylabel("right, %", fontsize="medium")
    made.supxlabel("length T\ndotted: chance", fontsize="medium")
    panels[0].legend()
    return made
