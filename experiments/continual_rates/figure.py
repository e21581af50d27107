"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.continual.figure import COLORS
from experiments.continual_rates.choice import losses
from experiments.plotting import first_of_rows, grid
from experiments.records import grouped

ALT = (
    "Loss on new streams against the learning rate, for each network, without resets and with them"
)


def figure(result: Result, width: float) -> Figure:
    """The loss against the rate, a panel for each kind of resets; a dot for each seed."""
    medians = losses(result)
    found = grouped(result["records"], "model", "resets")
    kinds = list(dict.fromkeys(resets for _, resets in medians))
    made, panels = grid(width, 1, len(kinds), 3, sharey=True)
    for panel, kind in zip(panels.flat, kinds, strict=True):
        for (model, resets), rates in medians.items():
            if resets == kind:
                records = found[model, resets]
                points = [(record["case"]["rate"], record["loss"]) for record in records]
                color = COLORS[model]
                panel.plot(*zip(*points, strict=True), "o", color=color, alpha=0.5, mew=0)
                ordered = sorted(rates)
                panel.plot(ordered, [rates[r] for r in ordered], color=color, label=model)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(f"resets: {kind}")
        panel.set_xlabel("learning rate")
    for panel in first_of_rows(panels, width):
        panel.set_ylabel("loss")
    panels.flat[0].legend()
    return made
