"""The figure of the record."""

from __future__ import annotations

import statistics

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, GREEN, ORANGE, VIOLET, grid, strips
from experiments.records import grouped

ALT = (
    "Symbols before the first wrong prediction of each network, without resets and with them, a "
    "dot for each seed, medians as bars; below, the mean absolute value of the state against the "
    "symbols that were read"
)
COLORS = {"LSTM-1997": GREEN, "LSTM": ORANGE, "PeepholeLSTM": BLUE, "GRU": VIOLET}


def figure(result: Result, width: float) -> Figure:
    """How far each network is right, and how its state grows."""
    found = grouped(result["records"], "resets", "model")
    kinds = list(dict.fromkeys(resets for resets, _ in found))
    made, panels = grid(width, 2, len(kinds), 2.6, sharey=True)
    for column, kind in enumerate(kinds):
        of_kind = {model: rs for (resets, model), rs in found.items() if resets == kind}
        far, size = panels[:, column]
        groups = {
            model: [1 + statistics.mean(r["before_first_error"]) for r in rs]
            for model, rs in of_kind.items()
        }
        strips(far, groups, [COLORS[model] for model in groups])
        far.set_xscale("log")
        far.set_title(f"resets: {kind}")
        far.set_xlabel("1 + symbols before the first error")
        for model, records in of_kind.items():
            for record in records:
                size.plot(*zip(*record["sizes"], strict=True), color=COLORS[model], alpha=0.5)
        size.set_xscale("log")
        size.set_yscale("log")
        size.set_xlabel("symbols read")
    panels[1][0].set_ylabel("mean |c| (GRU: |h|)")
    return made
