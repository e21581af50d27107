"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.characters.figure import COLORS, losses

ALT = (
    "Test loss of each network, a dot for each seed, medians as bars, and the median loss on the "
    "validation text against the updates"
)


def figure(result: Result, width: float) -> Figure:
    """Losses at the end and in the course of the training."""
    colors = {record["case"]["model"]: "" for record in result["records"]}
    return losses(result, width, {m: COLORS[m] for m in colors}, separator=", ")
