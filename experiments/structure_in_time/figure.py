"""The figure of the record."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, ORANGE, grid, strips
from experiments.records import grouped
from experiments.structure_in_time.results import ERRORS

ALT = (
    "Root mean square error of each network where the next element follows from those before it "
    "and where it is random, and for the features of consonants, a dot for each seed"
)
COLORS = {"follows": BLUE, "random": ORANGE, "common": BLUE, "different": ORANGE}


def figure(result: Result, width: float) -> Figure:
    """Errors by what comes next, a panel for each task."""
    runs = grouped(result["records"], "task")
    made, panels = grid(width, 1, len(runs), 2.4)
    for panel, (task, records) in zip(panels[0], runs.items(), strict=True):
        there = [error for error in ERRORS if error in records[0]]
        names = {error: ERRORS[error].removeprefix("error of ") for error in there}
        names = {error: "\n".join(textwrap.wrap(name, 16)) for error, name in names.items()}
        groups = {names[error]: [record[error] for record in records] for error in there}
        strips(panel, groups, [COLORS[error] for error in there])
        panel.set_title(task)
        panel.set_xlabel("root mean square error")
    return made
