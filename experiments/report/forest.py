"""The figure of all claims."""

from __future__ import annotations

import textwrap

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import Record
from experiments.plotting import GREEN, GREY, ORANGE, VIOLET
from experiments.report.claims import Scored, is_preliminary, verdict_text
from experiments.statistics.verdicts import outcome_of

RANGE = (-2.0, 3.0)
MAX_WIDTH = 5.0  # inches
REFERENCES = {-1: ":", 0: "-", 1: "--"}
"""The margin, no effect and the reported effect, with the style of their lines."""
LINE, ROW, SPACE = 0.17, 0.065, 0.12  # inches: of a title, of a comparison, after a claim
COLORS_OF = {
    "ahead": GREEN,
    "smaller": GREEN,
    "behind": ORANGE,
    "excluded": VIOLET,
    "open": GREY,
    "unsolved": GREY,
}


def forest(scored: Scored, width: float) -> Figure:
    """All comparisons of all claims: 0 is no effect, 1 the reported one, -1 the margin.

    Preliminary records are left out.
    """
    judged = [
        (result, claim)
        for result, found in scored.values()
        for claim in found
        if not is_preliminary(result)
    ]
    claims = [claim for _, claim in judged]
    letters = int(10 * min(width, MAX_WIDTH))
    titles = [
        textwrap.wrap(f"{claim['claim']}: {verdict_text(result, claim)}", letters)
        for result, claim in judged
    ]
    lines = sum(map(len, titles))
    comparisons = sum(len(claim["comparisons"]) for claim in claims)
    height = LINE * lines + ROW * comparisons + SPACE * len(claims)
    made, panel = plt.subplots(figsize=(min(width, MAX_WIDTH), height + 0.7), layout="constrained")
    y = 0.0
    for claim, title in zip(claims, titles, strict=True):
        y += LINE * len(title)
        text = "\n".join(title)
        panel.text(0, y, text, transform=panel.get_yaxis_transform(), size=10, va="bottom")
        bottom = y + ROW * len(claim["comparisons"])
        for x, line in REFERENCES.items():
            ends = y + ROW / 2, bottom + ROW / 2
            panel.plot([x, x], ends, color=GREY, linewidth=0.8, linestyle=line, zorder=0)
        for k, comparison in enumerate(claim["comparisons"]):
            draw_comparison(panel, comparison, y + ROW * (k + 1))
        y = bottom + SPACE
    panel.set_ylim(max(y, LINE), 0)  # also without any claim
    panel.set_xlim(*RANGE)
    panel.set_yticks([])
    panel.tick_params(top=bool(claims), labeltop=bool(claims))
    panel.spines["left"].set_visible(False)
    panel.set_xlabel("0: no effect; 1: effect as reported\nor of interest; -1: margin", size=9)
    return made


def draw_comparison(panel: Axes, comparison: Record, y: float) -> None:
    """A dot for the estimate and a line for the interval, in units of the reported effect.

    An estimate out of range is a triangle at the edge; a task that is not solved, a cross.
    """
    scale = comparison["margin"] or comparison["reference"]
    outcome = outcome_of(comparison)
    color = COLORS_OF[outcome]
    if outcome == "unsolved":
        panel.plot(0, y, "x", color=color, markersize=4)
        return
    low, high = (min(max(end / scale, RANGE[0]), RANGE[1]) for end in comparison["interval"])
    panel.plot([low, high], [y, y], color=color, linewidth=1.4)
    at = comparison["effect"] / scale
    inside = RANGE[0] < at < RANGE[1]
    marker = "o" if inside else ">" if at > 0 else "<"
    at = min(max(at, RANGE[0] + 0.04), RANGE[1] - 0.04)
    panel.plot(at, y, marker, color=color, markersize=3 if inside else 5)
