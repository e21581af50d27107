"""The figure of the record: the loss against the probability, a panel for each method."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.state_tracking_rates import figure as pilot

ALT = "Loss on the validation text against the probability of dropout or zoneout, for each method"


def figure(result: Result, width: float) -> Figure:
    """The loss against the probability, a panel for each method; a dot for each seed."""
    made = pilot.figure(result, width, "probability")
    for panel in made.axes:
        panel.set_xscale("linear")
        panel.set_yscale("linear")
    return made
