"""The figure of the record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import Record, Result
from experiments.plotting import BLUE, GREEN, GREY, ORANGE, VIOLET, WIDE, first_of_rows, grid
from experiments.records import grouped

ALT = (
    "Gates, cell state and output at each time step, of the network of each kind that solved the "
    "task after the fewest updates; below, the range of each gate in each network that solved it, "
    "with its mean"
)
GATES = {"i": BLUE, "f": ORANGE, "o": VIOLET}
LABELS = ("input, output", "gates", "cell state", "")


def figure(result: Result, width: float) -> Figure:
    """A column for each kind of unit: input and output, gates, cell state, ranges of gates."""
    units = grouped(result["records"], "unit")
    made, panels = grid(width, 4, len(units), 2.2)
    for column, (unit, found) in zip(panels.T, units.items(), strict=True):
        first = min(found, key=lambda r: (not r["solved"], r["took"]))
        trace, solved = first["trace"], "solved" if first["solved"] else "not solved"
        ends = [t for t, target in enumerate(trace["target"]) if target]
        peepholes = "no peepholes" if unit == "none" else unit
        title = f"{peepholes}: {solved} after {first['took']:,} updates"
        column[0].set_title(title)
        column[0].step(range(len(trace["input"])), trace["input"], color=GREY, label="input")
        column[0].plot(trace["output"], "o-", color=GREEN, label="output", markersize=3)
        for name, color in GATES.items():
            column[1].plot(trace[name], color=color, label=name)
        column[1].set_ylim(-0.05, 1.05)
        column[2].plot(trace["c"], color=plt.rcParams["text.color"], label="c")
        column[2].set_xlabel("time step; dotted: a spike is due")
        for panel in column[:3]:
            for t in ends:
                panel.axvline(t, color=GREY, linestyle=":", linewidth=1)
        draw_ranges(column[3], [record for record in found if record["solved"]])
    for row, label in zip(panels, LABELS, strict=True):
        for panel in first_of_rows(row[None], width):
            panel.set_ylabel(label)
    shown = [panel.get_legend_handles_labels() for panel in panels[:3, 0]]
    handles, labels = ([part for row in shown for part in row[k]] for k in (0, 1))
    made.legend(handles, labels, loc="outside upper center", ncols=6 if width == WIDE else 3)
    return made


def draw_ranges(panel: Axes, records: Sequence[Record]) -> None:
    """For each gate and network, a line from the smallest to the largest value, with the mean."""
    for row, (name, color) in enumerate(GATES.items()):
        offsets = np.linspace(-0.3, 0.3, len(records)) if len(records) > 1 else [0.0]
        for offset, record in zip(offsets, records, strict=False):
            values, y = record["trace"][name], [row + offset] * 2
            panel.plot([min(values), max(values)], y, color=color, linewidth=1)
            panel.plot(np.mean(values), y[0], "o", color=color, markersize=3)
    panel.set_yticks(range(len(GATES)), list(GATES))
    panel.set_ylim(len(GATES) - 0.5, -0.5)
    panel.set_xlim(-0.02, 1.02)
    panel.set_xlabel(f"gate values of {len(records)} networks that solved it")
