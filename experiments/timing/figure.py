"""The figure of the record."""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import Record, Result
from experiments.plotting import THEMES
from experiments.timing.results import PROTOCOLS, Task, by_task

ALT = "Share of seeds that solve each timing task, by unit"


def figure(result: Result) -> Figure:
    """The share of seeds that solve each task, a panel for each protocol."""
    found = by_task(result["records"])
    units = {p: list(next(u for t, u in found.items() if t.protocol == p)) for p in PROTOCOLS}
    made, panels = plt.subplots(
        len(PROTOCOLS),
        figsize=(9, 1.2 * len(PROTOCOLS) + 0.32 * sum(map(len, units.values()))),
        height_ratios=[len(units[p]) for p in PROTOCOLS],
        layout="constrained",
        squeeze=False,
    )
    for panel, protocol in zip(panels[:, 0], PROTOCOLS, strict=True):
        draw(panel, {t: u for t, u in found.items() if t.protocol == protocol}, units[protocol])
        panel.set_title(f"{protocol}: seeds that solve the task", loc="left", size=11)
    return made


def draw(panel: Axes, found: dict[Task, dict[str, list[Record]]], units: list[str]) -> None:
    """A row for each unit, a column for each task."""
    solved = [[found[task][unit] for task in found] for unit in units]
    shares = [[np.mean([r["solved"] for r in cell]) for cell in row] for row in solved]
    panel.imshow(shares, cmap="YlGn", vmin=0, vmax=1.4, aspect="auto")
    for y, row in enumerate(solved):
        for x, cell in enumerate(row):
            text = f"{sum(r['solved'] for r in cell)}/{len(cell)}"
            panel.text(x, y, text, ha="center", va="center", size=9, color=THEMES["light"])
    panel.set_yticks(range(len(units)), units)
    panel.set_xticks(range(len(found)), [f"{t.task}\nF = {t.F}" for t in found], size=7)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
