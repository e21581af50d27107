"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, GREEN, GREY, ORANGE, VIOLET, WIDE, grid
from experiments.records import grouped

ALT = "Gates, cell state and output of two trained networks at each time step"


GATES = {"i": BLUE, "f": ORANGE, "o": VIOLET}


def figure(result: Result, width: float) -> Figure:
    """A column for each kind of unit: input and output, gates, cell state."""
    units = grouped(result["records"], "unit")
    made, panels = grid(width, 3, len(units), 2.2, sharex=True)
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
        column[2].plot(trace["c"], color=GREEN, label="c")
        column[2].set_xlabel("time step; dotted: a spike is due")
        for panel in column:
            for t in ends:
                panel.axvline(t, color=GREY, linestyle=":", linewidth=1)
    for panel, label in zip(panels[:, 0], ("input, output", "gates", "cell state"), strict=True):
        panel.set_ylabel(label)
    shown = [panel.get_legend_handles_labels() for panel in panels[:, 0]]
    handles, labels = ([part for row in shown for part in row[k]] for k in (0, 1))
    made.legend(handles, labels, loc="outside lower center", ncols=6 if width == WIDE else 3)
    return made
