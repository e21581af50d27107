"""The figure of the record."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, GREEN, ORANGE, VIOLET, grid, strips
from experiments.records import grouped

ALT = (
    "Test loss of each network, a dot for each seed, medians as bars, and the median loss on the "
    "validation text against the updates"
)
COLORS = {
    "LSTM": ORANGE,
    "MultiplicativeLSTM": BLUE,
    "MultiplicativeLSTM, 56 units": VIOLET,
    "LayerNormLSTM": GREEN,
}


def figure(result: Result, width: float) -> Figure:
    """Losses at the end and in the course of the training."""
    return losses(result, width, COLORS, separator=", ")


def losses(result: Result, width: float, colors: Mapping[str, str], *, separator: str) -> Figure:
    """The test loss of each network, and the median validation loss after each measurement.

    Args:
        result: A record with `test` and `curve` of each network.
        width: Of the figure, in inches.
        colors: The colour of each model.
        separator: Where the name of a model continues on the next line.
    """
    runs = grouped(result["records"], "model")
    every = result["config"]["measured_every"]
    made, [[far, learned]] = grid(width, 1, 2, 2.6)
    groups = {
        m.replace(separator, f"{separator.rstrip()}\n"): [r["test"] for r in rs]
        for m, rs in runs.items()
    }
    strips(far, groups, [colors[model] for model in runs])
    far.set_xlabel("test loss,\nbits per character")
    for model, records in runs.items():
        curve = [statistics.median(v) for v in zip(*(r["curve"] for r in records), strict=True)]
        at = [every * (k + 1) for k in range(len(curve))]
        learned.plot(at, curve, color=colors[model])
    learned.set_xlabel("updates")
    learned.set_ylabel("validation loss,\nbits per character")
    return made
