"""Results of the timing experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tabulate
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import Record
from experiments.report.figures import THEMES
from experiments.report.results import Result, grouped
from experiments.verdicts import Comparison, claim, times

ALT = "Share of seeds that solve each timing task, by unit"
GENERATING = ("GTS", "COSINE", "TRIANGLE", "RECTANGLE")
PROTOCOLS = ("online", "batches")  # the third, with a turned bias, is in the table
UNSOLVED = "not solved"
WITH = {"peepholes": "with peepholes", "none": "without"}
STEPS = {"online": "steps", "batches": "updates"}
OF_INTEREST, MARGIN = 2.0, 1.4  # times sooner, times as long


class Task(NamedTuple):
    """A task under a protocol.

    Attributes:
        protocol: How it is learned.
        task: Its name.
        F: Length of its interval.
    """

    protocol: str
    task: str
    F: int

    def __str__(self) -> str:
        return f"{self.protocol}, {self.task} F = {self.F}"


def by_task(records: Sequence[Record]) -> dict[Task, dict[str, list[Record]]]:
    """For each task, the records of each unit in the order of seeds."""
    found: dict[Task, dict[str, list[Record]]] = {}
    names = ("protocol", "task", "F", "unit", "gradient")
    for (*task, unit, gradient), group in grouped(records, *names).items():
        found.setdefault(Task(*task), {})[f"{unit}, {gradient}"] = group
    return found


def score(records: Sequence[Record]) -> Record:
    """How many times sooner a task is solved, in steps or updates."""
    found = by_task(records)

    def sooner(task: Task, ahead: str, behind: str, **options: float) -> Comparison:
        gradient = "full" if task.protocol == "batches" else "truncated"
        units = [found[task][f"{unit}, {gradient}"] for unit in (ahead, behind)]
        cap = most(records)[task.protocol == "batches"]
        took = [[min(work(r), cap) if r["solved"] else cap for r in unit] for unit in units]
        label = f"{task}: {WITH[ahead]} against {WITH[behind]}, {STEPS[task.protocol]} to solve it"
        return times(label, took[0], took[1], cap, **options)

    tasks = [task for task in found if task.protocol in PROTOCOLS]
    gers = "Gers, Schraudolph & Schmidhuber 2002"
    of_interest = f"of interest from {OF_INTEREST:g} times sooner on"
    return {
        "claims": [
            claim(
                "Peepholes improve learning in timing tasks",
                "the teaching notebook",
                f"no numbers; {of_interest}",
                "our own task",
                [sooner(task, "peepholes", "none", reported=OF_INTEREST) for task in tasks],
            ),
            claim(
                "Without peepholes, measuring a delay takes at most "
                f"{MARGIN:g} times as long as with them",
                gers,
                "measuring is learned with and without",
                "adapted",
                [
                    sooner(task, "none", "peepholes", margin=MARGIN)
                    for task in tasks
                    if task.task == "NMSD"
                ],
            ),
            claim(
                "Peepholes help to generate spikes and functions",
                gers,
                "without them, of the functions only the cosine with F = 10, and slowly; "
                f"{of_interest}",
                "adapted",
                [
                    sooner(task, "peepholes", "none", reported=OF_INTEREST)
                    for task in tasks
                    if task.task in GENERATING
                ],
            ),
        ]
    }


def work(record: Record) -> int:
    """What it took: steps online, else updates."""
    return int(record["steps"] if "steps" in record else record["took"])


def most(records: Sequence[Record]) -> tuple[int, int]:
    """After how many steps a run online ended unsolved, and after how many updates another."""
    ended: dict[bool, int] = {}
    for record in records:
        if not record["solved"]:
            batches = record["case"]["protocol"] == "batches"
            ended[batches] = min(ended.get(batches, work(record)), work(record))
    largest = max(map(work, records))
    return ended.get(False, largest), ended.get(True, largest)


def table(records: Sequence[Record]) -> str:
    """How many seeds solve each task, and the median of what it took them: for each protocol."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for task, units in by_task(records).items():
        row: dict[str, Any] = {"task": task.task, "F": task.F}
        for unit, found in units.items():
            row[unit] = f"{sum(r['solved'] for r in found)}/{len(found)}"
            if (middle := median(found)) != UNSOLVED:
                row[unit] += f": {middle}"
            if diverged := sum(r.get("diverged", False) for r in found):
                row[unit] += f"; {diverged} diverged"
        tables.setdefault(task.protocol, []).append(row)
    shown = []
    for protocol, rows in tables.items():
        what = "updates" if protocol == "batches" else "streams"
        shown += [
            f"*{protocol}*: seeds that solve the task and, where the median run does, the {what} "
            "that it takes",
            tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True),
        ]
    return "\n\n".join(shown)


def median(records: Sequence[Record]) -> str:
    """The median of what it took, if the median run solves the task."""
    ordered = sorted(record["took"] for record in records if record["solved"])
    low, high = (len(records) - 1) // 2, len(records) // 2
    if high >= len(ordered):
        return UNSOLVED
    return f"{(ordered[low] + ordered[high]) / 2:,.0f}"


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
