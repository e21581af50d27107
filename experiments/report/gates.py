"""What the gates of a trained network do."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Record
from experiments.report.figures import BLUE, GREEN, GREY, ORANGE, VIOLET
from experiments.report.results import Result, grouped
from experiments.report.timing import median

ALT = "Gates, memory and output of two trained networks, step by step"
GATES = {"i": BLUE, "f": ORANGE, "o": VIOLET}


def score(records: Sequence[Record]) -> Record:
    """It claims nothing."""
    return {"claims": []}


def table(records: Sequence[Record]) -> str:
    """How many networks learned the task."""
    rows = [
        {
            "unit": unit,
            "solved": f"{sum(r['solved'] for r in found)} of {len(found)}",
            "updates, median": median(found),
        }
        for unit, found in grouped(records, "unit").items()
    ]
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)


def figure(result: Result) -> Figure:
    """A column for each kind of unit: what comes in and out, gates, memory."""
    units = grouped(result["records"], "unit")
    made, panels = plt.subplots(
        3, len(units), figsize=(9, 6.5), sharex=True, layout="constrained", squeeze=False
    )
    for column, (unit, found) in zip(panels.T, units.items(), strict=True):
        first = min(found, key=lambda r: (not r["solved"], r["took"]))
        trace, solved = first["trace"], "solved" if first["solved"] else "not solved"
        ends = [t for t, target in enumerate(trace["target"]) if target]
        peepholes = "no peepholes" if unit == "none" else unit
        title = f"{peepholes}: {solved} after {first['took']:,} updates"
        column[0].set_title(title, loc="left", size=11)
        column[0].step(range(len(trace["input"])), trace["input"], color=GREY, label="input")
        column[0].plot(trace["output"], "o-", color=GREEN, label="output", markersize=3)
        for name, color in GATES.items():
            column[1].plot(trace[name], color=color, label=name)
        column[1].set_ylim(-0.05, 1.05)
        column[2].plot(trace["c"], color=GREEN, label="c")
        column[2].set_xlabel("step; dotted where a spike is due")
        for panel in column:
            for t in ends:
                panel.axvline(t, color=GREY, linestyle=":", linewidth=1)
    for panel in panels[:, -1]:
        panel.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    return made
