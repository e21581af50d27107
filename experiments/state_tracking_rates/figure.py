"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, first_of_rows, grid
from experiments.records import grouped
from experiments.state_tracking_rates.choice import losses

ALT = "Loss at the length of the training against the learning rate, for each network"
COLUMNS = 4


def figure(result: Result, width: float) -> Figure:
    """The loss against the rate, a panel for each network; a dot for each seed."""
    means = losses(result)
    found = grouped(result["records"], "model")
    made, panels = grid(width, -(-len(means) // COLUMNS), COLUMNS, 1.9, sharey=True, by_row=True)
    for panel, (model, rates) in zip(panels.flat, means.items(), strict=False):
        points = [(record["case"]["rate"], record["loss"]) for record in found[model]]
        panel.plot(*zip(*points, strict=True), "o", color=BLUE, alpha=0.5, mew=0, markersize=4)
        panel.plot(sorted(rates), [rates[rate] for rate in sorted(rates)], color=BLUE)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(model)
    for panel in panels.flat[len(means) :]:
        panel.set_axis_off()
    for panel in first_of_rows(panels, width):
        panel.set_ylabel("loss")
    panels.flat[len(means) - 1].set_xlabel("learning rate")
    return made
