"""The figure of the record."""

from __future__ import annotations

import statistics

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, GREEN, GREY, ORANGE, VIOLET, grid, strips
from experiments.records import grouped

ALT = (
    "Share of digits that each network recognises, a dot for each seed, medians as bars, and the "
    "median share on the validation set against the epochs, with pixels row by row and permuted"
)
COLORS = {
    "LSTM": ORANGE,
    "LSTM, chrono": "#b8561a",
    "JANET, chrono": BLUE,
    "GRU": VIOLET,
    "MGU": GREEN,
    "IndRNN, 2 layers": GREY,
}


def figure(result: Result, width: float) -> Figure:
    """Accuracies on the test set, and curves of the training, for both orders."""
    runs = grouped(result["records"], "order", "model")
    orders = list(dict.fromkeys(order for order, _ in runs))
    epochs = result["config"]["kept_every"]
    made, panels = grid(width, 2, len(orders), 2.4)
    for (far, learned), order in zip(panels.T, orders, strict=True):
        groups = {model: runs[order, model] for model in COLORS}
        right = {m: [100 * r["accuracy"] for r in records] for m, records in groups.items()}
        strips(far, right, list(COLORS.values()))
        far.set_title(order)
        far.set_xlabel("recognised, %")
        for model, records in groups.items():
            curve = [statistics.median(v) for v in zip(*(r["curve"] for r in records), strict=True)]
            at = [epochs * (k + 1) for k in range(len(curve))]
            learned.plot(at, [100 * value for value in curve], color=COLORS[model])
        learned.set_xlabel("epochs")
        learned.set_ylabel("recognised, %\n(validation)")
    return made
