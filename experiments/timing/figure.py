"""The figure of the record."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import Record, Result
from experiments.plotting import THEMES, grid
from experiments.timing.results import PROTOCOLS, Task, by_task

ALT = (
    "Number of seeds that solve each timing task, by unit: measuring (NMSD), spikes (GTS) and "
    "three functions (PFG), with intervals or periods of F time steps. None: no peepholes; "
    "previous: all gates depend on the previous cell state; truncated, full: the gradient"
)
NAMES = {"NMSD": "measuring", "GTS": "spikes"}
"""Names of tasks for those that are abbreviations; functions have words as their names."""


UNITS = (
    *(f"{unit}, truncated" for unit in ("peepholes", "none", "previous")),
    *(f"{unit}, full" for unit in ("peepholes", "none", "previous", "GRU")),
)


def label(task: str, F: int) -> str:
    """A task in words."""
    return f"{NAMES.get(task, task.lower())}, F = {F}"


def figure(result: Result, width: float) -> Figure:
    """The share of seeds that solve each task, a panel for each protocol."""
    found = by_task(result["records"])
    tasks = max(sum(task.protocol == p for task in found) for p in PROTOCOLS)
    made, panels = grid(width, 1, len(PROTOCOLS), 1.3 + 0.32 * tasks)
    for panel, protocol in zip(panels[0], PROTOCOLS, strict=True):
        draw(panel, protocol, {t: u for t, u in found.items() if t.protocol == protocol})
    return made


def draw(panel: Axes, protocol: str, found: dict[Task, dict[str, list[Record]]]) -> None:
    """A row for each task, a column for each unit."""
    units = sorted(next(iter(found.values())), key=UNITS.index)
    solved = [[found[task][unit] for unit in units] for task in found]
    numbers = {len(cell) for row in solved for cell in row}
    of_all = f", of {max(numbers)} seeds" if len(numbers) == 1 else ""
    panel.set_title(protocol + of_all)
    shares = [[np.mean([r["solved"] for r in cell]) for cell in row] for row in solved]
    panel.imshow(shares, cmap="YlGn", vmin=0, vmax=1.8, aspect="auto")
    for y, row in enumerate(solved):
        for x, cell in enumerate(row):
            text = f"{sum(r['solved'] for r in cell)}" + ("" if of_all else f"/{len(cell)}")
            panel.text(x, y, text, ha="center", va="center", size=9, color=THEMES["light"])
    panel.set_yticks(range(len(found)), [label(t.task, t.F) for t in found], size=9)
    panel.set_xticks(range(len(units)), units, size=9, rotation=40, ha="left")
    panel.tick_params(length=0, labeltop=True, labelbottom=False)
    panel.spines[:].set_visible(False)
