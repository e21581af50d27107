"""The figure of the record."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Result
from experiments.counting_rates.results import errors
from experiments.plotting import COLORS
from experiments.records import grouped

ALT = "Error after training against the learning rate, for each network"


def figure(result: Result) -> Figure:
    """Error against the rate, a panel for each language and hidden size; a dot for each seed."""
    settings = list(dict.fromkeys((language, hidden) for language, _, hidden in errors(result)))
    rows = -(-len(settings) // 2)
    made, panels = plt.subplots(
        rows,
        2,
        figsize=(9, 3 * rows),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    records = grouped(result["records"], "language", "model", "hidden")
    for panel, (language, hidden) in zip(panels.flat, settings, strict=False):
        for (of, model, size), by_rate in errors(result).items():
            if (of, size) == (language, hidden):
                group = records[language, model, hidden]
                points = [(r["case"]["rate"], r["train_error"]) for r in group]
                panel.plot(*zip(*points, strict=True), "o", color=COLORS[model], alpha=0.5, mew=0)
                rates = sorted(by_rate)
                panel.plot(rates, [by_rate[r] for r in rates], color=COLORS[model], label=model)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(f"{language}, H = {hidden}", loc="left", size=11)
    for panel in panels[-1]:
        panel.set_xlabel("learning rate")
    for row in panels:
        row[0].set_ylabel("error")
    panels[0][0].legend(frameon=False, fontsize=9)
    return made
