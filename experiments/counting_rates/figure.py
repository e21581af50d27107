"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.counting_rates.choice import by_rate, score
from experiments.plotting import COLORS, first_of_rows, grid

ALT = (
    "Largest n up to which every word is right against the learning rate, a dot for each seed, "
    "lines through the medians; H hidden units; dotted: the largest n of training"
)


def figure(result: Result, width: float) -> Figure:
    """Largest n against the rate, a panel for each language and size; a dot for each seed."""
    settings = list(dict.fromkeys((language, hidden) for language, _, hidden in by_rate(result)))
    rows = -(-len(settings) // 2)
    made, panels = grid(width, rows, 2, 3, sharey=True, by_row=True)
    for panel, (language, hidden) in zip(panels.flat, settings, strict=False):
        for (of, model, size), rates in by_rate(result).items():
            if (of, size) == (language, hidden):
                points = [
                    (rate, 1 + record["max_correct_n"])
                    for rate, records in rates.items()
                    for record in records
                ]
                panel.plot(*zip(*points, strict=True), "o", color=COLORS[model], alpha=0.5, mew=0)
                line = [1 + score(rates[rate])[0] for rate in sorted(rates)]
                panel.plot(sorted(rates), line, color=COLORS[model], label=model)
        panel.axhline(1 + result["config"]["max_train_n"], color=COLORS["RNN"], linestyle=":")
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(f"{language}, H = {hidden}")
        panel.set_xlabel("learning rate")
    for panel in first_of_rows(panels, width):
        panel.set_ylabel("1 + largest n")
    panels[0][0].legend()
    return made
