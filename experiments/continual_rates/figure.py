"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.continual.figure import COLORS
from experiments.continual.results import name
from experiments.continual_rates.choice import losses
from experiments.plotting import small_panels
from experiments.records import grouped

ALT = "Loss on new streams against the learning rate, for each network"


def figure(result: Result, width: float) -> Figure:
    """The loss against the rate, a panel for each network; a dot for each seed."""
    means = losses(result)
    found = grouped(result["records"], "model", "resets")
    made, panels = small_panels(width, len(means), 2.2, columns=3)
    for panel, (network, rates) in zip(panels, means.items(), strict=True):
        color = COLORS[network[0]]
        points = [(record["case"]["rate"], record["loss"]) for record in found[network]]
        panel.plot(*zip(*points, strict=True), "o", color=color, alpha=0.5, mew=0, markersize=4)
        panel.plot(sorted(rates), [rates[rate] for rate in sorted(rates)], color=color)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(name(*network).replace(" with", "\nwith"))
    made.supylabel("loss", fontsize="medium")
    made.supxlabel("learning rate", fontsize="medium")
    return made
