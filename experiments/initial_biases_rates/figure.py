"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.initial_biases.figure import figure_by
from experiments.plotting import UNSOLVED

ALT = (
    "Sequences until an LSTM solves the adding problem with T = 100, with three initialisations "
    f"and two learning rates, a dot for each seed, the median as a bar. {UNSOLVED}"
)


def figure(result: Result, width: float) -> Figure:
    """A panel for each learning rate."""
    return figure_by(result, width, "learning rate {}", "rate")
