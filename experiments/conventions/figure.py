"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Record, Result
from experiments.plotting import BLUE, GREEN, ORANGE, UNSOLVED, VIOLET, grid, log_times, strips
from experiments.records import grouped

ALT = (
    "The result of each task for every seed, PeepholeLSTM against PeepholeLSTM-previous and GRU "
    f"against GRU-before; bars are medians. {UNSOLVED}. Counting: 1 + largest n up to which every "
    "word is right; NLL: negative log-likelihood"
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
LIMITS = {"adding": "max_sequences", "timing": "updates"}
"""The settings that limit tasks that have to be solved."""


def measure(task: str, record: Record) -> float | None:
    """What is measured on a task; `None` if it is not solved."""
    if task == "counting":
        return 1.0 + float(record["max_correct_n"])
    if task == "music":
        return float(record["test"]["per_frame"])
    return float(record["sequences" if task == "adding" else "took"]) if record["solved"] else None


def figure(result: Result, width: float) -> Figure:
    """A panel for each task, a row for each network."""
    found = grouped(result["records"], "task", "model")
    made, panels = grid(width, 2, 2, 2.2, by_row=True)
    for panel, (task, label) in zip(panels.flat, LABELS.items(), strict=True):
        groups = {model: [measure(task, r) for r in found[task, model]] for model in COLORS}
        strips(panel, groups, list(COLORS.values()))
        if task == "counting":
            panel.set_xscale("log")
        if task in LIMITS:
            fewest = min(value for row in groups.values() for value in row if value is not None)
            log_times(panel, fewest, result["config"][LIMITS[task]])
        panel.set_title(task)
        panel.set_xlabel(label)
    return made
