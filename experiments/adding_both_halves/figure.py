"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.initial_biases.figure import figure_by

ALT = (
    "Sequences until the adding problem is solved, for every seed, with the second mark in the "
    "second and in the first half; runs at the right edge did not solve it"
)


def figure(result: Result, width: float) -> Figure:
    """A panel for each length and place of the second mark."""
    return figure_by(result, width, "T = {}, {}", "T", "second_mark")
