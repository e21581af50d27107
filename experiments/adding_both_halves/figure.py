"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.initial_biases.figure import figure_by
from experiments.plotting import UNSOLVED

ALT = (
    "Sequences until the adding problem is solved, with the second mark in the second and in the "
    f"first half, a dot for each seed, the median as a bar. {UNSOLVED}"
)


def figure(result: Result, width: float) -> Figure:
    """A panel for each length and place of the second mark."""
    return figure_by(result, width, "T = {}, {}", "T", "second_mark")
