"""The figure of the record."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Result
from experiments.music.results import PUBLISHED, chosen
from experiments.plotting import COLORS, GREY, WIDE, strips

ALT = (
    "Negative log-likelihood of each model on the test set, for every seed; bars are medians, "
    "crosses the results of the papers"
)


def figure(result: Result, width: float) -> Figure:
    """Every seed's NLL, and the papers' as crosses."""
    found = chosen(result["records"])
    sets = list(dict.fromkeys(data for data, _ in found))
    made, panels = plt.subplots(
        len(sets), figsize=(width, 0.8 + 2.1 * len(sets)), layout="constrained", squeeze=False
    )
    for panel, data in zip(panels[:, 0], sets, strict=True):
        trained = {
            model: [r["test"]["per_frame"] for r in best]
            for (of, model), best in found.items()
            if of == data and model in COLORS
        }
        strips(panel, trained, [COLORS[model] for model in trained])
        for (source, numbers), mark in zip(PUBLISHED[data].items(), "x+", strict=True):
            rows = [list(trained).index(model) for model in numbers if model in trained]
            values = [numbers[model] for model in numbers if model in trained]
            panel.plot(values, rows, mark, color=GREY, label=source, markersize=8)
        panel.set_xlabel("test NLL, nats per frame")
        panel.set_title(data)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower center", ncols=2 if width == WIDE else 1)
    return made
