"""The figure of the record."""

from __future__ import annotations

from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import Record, Result
from experiments.plotting import NARROW, THEMES, grid
from experiments.records import grouped
from experiments.timing.figure import label
from experiments.timing_variations import FUNCTIONS

ALT = (
    "Number of seeds that solve each variation of the timing tasks, with those that diverge in "
    "brackets: measuring (NMSD), spikes (GTS) and functions (PFG). None: no peepholes; previous: "
    "all gates depend on the previous cell state"
)
GROUPS = {"measuring and spikes": ("NMSD", "GTS"), "functions": FUNCTIONS}
Rows = dict[tuple[str, int, str], dict[str, list[Record]]]


def figure(result: Result, width: float) -> Figure:
    """The number of seeds that solve each variation, a panel for each group of tasks."""
    rows: Rows = {}
    names = ("task", "F", "variation", "unit")
    for (*row, unit), records in grouped(result["records"], *names).items():
        rows.setdefault((row[0], row[1], row[2]), {})[unit] = records
    parts = [{row: rows[row] for row in rows if row[0] in tasks} for tasks in GROUPS.values()]
    characters, row = (18, 0.5) if width == NARROW else (40, 0.32)
    made, panels = grid(width, 1, len(parts), 1 + row * max(map(len, parts)))
    for panel, name, part in zip(panels[0], GROUPS, parts, strict=True):
        draw(panel, name, part, characters)
    return made


def draw(panel: Axes, name: str, rows: Rows, characters: int) -> None:
    """A row for each variation of a task, its name in lines of so many characters."""
    units = list(dict.fromkeys(unit for row in rows.values() for unit in row))
    shares = [
        [share(row[unit]) if unit in row else float("nan") for unit in units]
        for row in rows.values()
    ]
    panel.imshow(shares, cmap="YlGn", vmin=0, vmax=1.8, aspect="auto")
    for y, row in enumerate(rows.values()):
        for x, unit in enumerate(units):
            if unit in row:
                text = str(sum(r["solved"] for r in row[unit]))
                if diverged := sum(r["diverged"] for r in row[unit]):
                    text += f" ({diverged})"
                panel.text(x, y, text, ha="center", va="center", size=9, color=THEMES["light"])
    labels = [fill(f"{label(task, F)}: {variation}", characters) for task, F, variation in rows]
    panel.set_yticks(range(len(rows)), labels, size=9)
    panel.set_xticks(range(len(units)), units, size=9)
    panel.tick_params(length=0, labeltop=True, labelbottom=False)
    panel.spines[:].set_visible(False)
    seeds = len(next(iter(next(iter(rows.values())).values())))
    panel.set_title(fill(f"{name}, of {seeds} seeds", characters))


def share(records: list[Record]) -> float:
    """The share of runs that solve the task."""
    return float(np.mean([r["solved"] for r in records]))
