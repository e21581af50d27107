"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from experiments import Record, Result
from experiments.plotting import BLUE, GREEN, ORANGE, VIOLET, grid, strips
from experiments.records import grouped

ALT = (
    "The result of each task for every seed, PeepholeLSTM against PeepholeLSTM-previous and GRU "
    "against GRU-before; unsolved runs are at the limit; bars are medians"
)
COLORS = {
    "PeepholeLSTM": BLUE,
    "PeepholeLSTM-previous": GREEN,
    "GRU": VIOLET,
    "GRU-before": ORANGE,
}
LABELS = {
    "counting": "1 + largest n",
    "adding": "sequences to solve it",
    "music": "test NLL, nats per frame",
    "timing": "updates to solve it",
}


def measure(task: str, record: Record) -> float:
    """What is measured on a task."""
    if task == "counting":
        return 1.0 + float(record["max_correct_n"])
    if task == "music":
        return float(record["test"]["per_frame"])
    return float(record["sequences" if task == "adding" else "took"])


def figure(result: Result, width: float) -> Figure:
    """A panel for each task, a row for each network."""
    found = grouped(result["records"], "task", "model")
    made, panels = grid(width, 2, 2, 2.2, by_row=True)
    for panel, (task, label) in zip(panels.flat, LABELS.items(), strict=True):
        groups = {model: [measure(task, r) for r in found[task, model]] for model in COLORS}
        strips(panel, groups, list(COLORS.values()))
        if task == "counting":
            panel.set_xscale("log")
        if task == "adding":
            panel.xaxis.set_major_formatter(EngFormatter(sep=""))
        panel.set_title(task)
        panel.set_xlabel(label)
    return made
