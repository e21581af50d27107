"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.characters.figure import losses
from experiments.plotting import BLUE, GREEN, GREY, VIOLET

ALT = (
    "Test loss with each method and with none, a dot for each seed, medians as bars, and the "
    "median loss on the validation text against the updates"
)
COLORS = {"none": GREY, "recurrent dropout": BLUE, "zoneout": GREEN, "weight dropout": VIOLET}


def figure(result: Result, width: float) -> Figure:
    """Losses at the best time, and in the course of the training."""
    return losses(result, width, COLORS, separator=" ")
