"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, small_panels
from experiments.records import grouped
from experiments.state_tracking_rates.choice import losses

ALT = "Loss at the length of the training against the learning rate, for each network"


def figure(result: Result, width: float, setting: str = "learning rate") -> Figure:
    """The loss against the rate, a panel for each network; a dot for each seed."""
    means = losses(result)
    found = grouped(result["records"], "model")
    made, panels = small_panels(width, len(means), 1.9)
    for panel, (model, rates) in zip(panels, means.items(), strict=True):
        points = [(record["case"]["rate"], record["loss"]) for record in found[model]]
        panel.plot(*zip(*points, strict=True), "o", color=BLUE, alpha=0.5, mew=0, markersize=4)
        panel.plot(sorted(rates), [rates[rate] for rate in sorted(rates)], color=BLUE)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(model.replace(", ", ",\n"))
    made.supylabel("loss", fontsize="medium")
    made.supxlabel(setting, fontsize="medium")
    return made
