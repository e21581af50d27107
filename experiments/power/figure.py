"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, GREY, ORANGE, VIOLET, WIDE, first_of_rows, grid
from experiments.power import FALSE
from experiments.power.results import rates

ALT = (
    "Power of one comparison against the number of seeds, for claims with m comparisons, a line "
    "for each size of effect"
)

COLORS = {"normal": ORANGE, "times": VIOLET, "shares": BLUE}


LINES = ("o-", "s--", "^:")


def figure(result: Result, width: float) -> Figure:
    """Power against n, a panel for each m and a line for each effect."""
    found = rates(result["records"])
    numbers = result["config"]["comparisons"]
    made, panels = grid(width, 1, len(numbers), 4 if width == WIDE else 2.6, sharey=True)
    for panel, m in zip(panels[0], numbers, strict=True):
        for outcome, color in COLORS.items():
            effects = [
                effect for name, effect in found if name == outcome and effect not in ("", FALSE)
            ]
            for effect, line in zip(effects, LINES, strict=False):
                powers = {n: p for (n, k), p in found[outcome, effect].items() if k == m}
                ns, ys = list(powers), list(powers.values())
                panel.plot(ns, ys, line, color=color, label=effect, markersize=4)
        panel.axhline(0.8, color=GREY, linewidth=0.8, zorder=0)
        panel.set_title(f"m = {m}")
        panel.set_xticks(result["config"]["samples"])
        panel.set_xlabel("n, seeds")
        panel.set_ylim(-0.02, 1.02)
    for panel in first_of_rows(panels, width):
        panel.set_ylabel("power; the line is at 0.8")
    handles, labels = panels[0][0].get_legend_handles_labels()
    made.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=3 if width == WIDE else 1,
        frameon=False,
        fontsize=9,
    )
    return made
