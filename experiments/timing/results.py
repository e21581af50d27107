"""Results of the timing experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import tabulate
from scipy.stats import fisher_exact

from experiments import FOLDER, Record, Result
from experiments.records import UNSOLVED, grouped, load, median_of_solved
from experiments.statistics.comparisons import Comparison, Pair, times
from experiments.statistics.inference import p_statement
from experiments.statistics.readings import CLAIMED, Reading
from experiments.statistics.verdicts import claim

GROUP = "Timing"

GENERATING = ("GTS", "COSINE", "TRIANGLE", "RECTANGLE")


PROTOCOLS = ("online", "batches")  # the third, with a turned bias, is in the table


WITH = {"peepholes": "LSTM with peepholes", "none": "LSTM without peepholes"}


STEPS = {"online": "steps", "batches": "updates"}


SAME_CODING = "0 or 1"
"""The coding of the input in the variations that is that of this experiment."""
OF_INTEREST, MARGIN = 2.0, 1.4  # times sooner, times as long
NOTEBOOK = Reading(
    "the teaching notebook", "no numbers", CLAIMED, "in full", "text on the peephole LSTM"
)
GERS = "Gers, Schraudolph & Schmidhuber 2002"
MEASURING = Reading(
    GERS,
    "measuring is learned with and without",
    CLAIMED,
    "in a summary by others",
    "section on measuring spike delays",
)
FUNCTIONS = Reading(
    GERS,
    "without them spikes are not generated at all, and of the functions only the cosine with "
    "F = 10, and slowly",
    CLAIMED,
    "in a summary by others",
    "sections on generating timed spikes and functions",
)


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


def claims(result: Result) -> list[Record]:
    """How many times sooner a task is solved, in steps or updates."""
    records = result["records"]
    found = by_task(records)
    config = result["config"]
    caps = {"online": config["most_steps"], "batches": config["updates"]}

    def sooner(task: Task, ahead: str, behind: str, **options: float) -> Comparison:
        gradient = "full" if task.protocol == "batches" else "truncated"
        units = [found[task][f"{unit}, {gradient}"] for unit in (ahead, behind)]
        cap = caps[task.protocol]
        took = [[min(work(r), cap) if r["solved"] else cap for r in unit] for unit in units]
        measure = f"{STEPS[task.protocol]} to solve it"
        return times(
            Pair(WITH[ahead], WITH[behind], measure, str(task)), took[0], took[1], cap, **options
        )

    tasks = [task for task in found if task.protocol in PROTOCOLS]
    return [
        claim(
            "Peepholes improve learning in timing tasks",
            NOTEBOOK,
            "our own task",
            [sooner(task, "peepholes", "none", of_interest=OF_INTEREST) for task in tasks],
            lesson=(
                "x.0.0..0000-x........0",
                "Within this page's limits and after correction for 22 comparisons, none shows "
                "that peepholes help to learn timing, and one shows the reverse; most are "
                "undecided. With the limit of the paper and truncated gradients, one unit trained "
                "online learns a cosine and a triangle only with peepholes. Three units trained in "
                "batches, with another limit, learn both without peepholes too.",
            ),
        ),
        claim(
            "Without peepholes, measuring a delay takes at most "
            f"{MARGIN:g} times as long as with them",
            MEASURING,
            "adapted, in part our own task",
            [
                sooner(task, "none", "peepholes", margin=MARGIN)
                for task in tasks
                if task.task == "NMSD"
            ],
            lesson=(
                "+.0+..",
                "Online with truncated gradients or in batches, an LSTM without peepholes learns "
                "to measure a short delay in less than 1.4 times the time it needs with them. "
                "Online with full gradients, which are not compared, 1 of 10 learns it without "
                "peepholes and 5 of 10 with them. For longer delays this is undecided; online, few "
                "LSTMs learn them, and most runs diverge. With an initial forget bias of -2, "
                "which is not compared either, no LSTM learns the short delay with truncated "
                "gradients; with full ones, 7 of 10 do with peepholes and none without.",
            ),
        ),
        claim(
            "Peepholes help to generate spikes and functions",
            FUNCTIONS,
            "adapted, in part our own task",
            [
                sooner(task, "peepholes", "none", of_interest=OF_INTEREST)
                for task in tasks
                if task.task in GENERATING
            ],
            lesson=(
                "+0..0000.......0",
                "After correction for the 16 comparisons of this claim alone, a unit trained "
                "online, as in the paper where that is known, learns to generate spikes at short "
                "intervals sooner with peepholes. Other seeds, 5 of 10 with peepholes and none "
                "without, leave that undecided after correction. All other "
                "tasks are undecided within this page's limits. With the limit of the paper and "
                "truncated gradients, one unit trained online learns a cosine and a triangle only "
                "with peepholes. Three units trained in batches, with another limit, learn both "
                "without peepholes too.",
            ),
        ),
    ]


def observations(result: Result) -> list[str]:
    """What peepholes do in batches, and for spikes at short intervals in all runs online."""
    return [in_batches(result["records"]), *spikes(result["records"])]


def in_batches(records: Sequence[Record]) -> str:
    """In how many tasks at least as many networks solve it without peepholes as with them."""
    tasks = [units for task, units in by_task(records).items() if task.protocol == "batches"]
    pairs = [
        [sum(run["solved"] for run in units[f"{unit}, full"]) for unit in ("none", "peepholes")]
        for units in tasks
    ]
    number = sum(without >= with_them for without, with_them in pairs)
    more = sum(without > with_them for without, with_them in pairs)
    return (
        f"In batches, at least as many seeds solve the task without peepholes as with them in "
        f"{number} of {len(pairs)} tasks, and more in {more}."
    )


def spikes(records: Sequence[Record]) -> list[str]:
    """How many networks generate spikes with F = 10 online, here and in the variations, pooled."""
    path = FOLDER / "timing_variations" / "record.json"
    if not path.exists():
        return []
    own = grouped(records, "protocol", "task", "F", "gradient", "unit")
    others = grouped(load(path)["records"], "task", "F", "variation", "unit")
    counts = []
    for unit in ("peepholes", "none"):
        runs = [
            *own.get(("online", "GTS", 10, "truncated", unit), ()),
            *others.get(("GTS", 10, SAME_CODING, unit), ()),
        ]
        counts.append((sum(run["solved"] for run in runs), len(runs)))
    table = [[solved for solved, _ in counts], [runs - solved for solved, runs in counts]]
    first, second = (f"{solved} of {runs}" for solved, runs in counts)
    p = p_statement(float(fisher_exact(table).pvalue))
    return [
        f"Spikes with F = 10 online, truncated gradients, these seeds and those of the "
        f"[variations](timing-variations.md) with the same coding of the input together: {first} "
        f"networks with peepholes generate them, and {second} without (Fisher's exact test, "
        f"{p})."
    ]


def work(record: Record) -> int:
    """What it took: steps online, else updates."""
    return int(record["steps"] if "steps" in record else record["took"])


def table(result: Result) -> str:
    """How many seeds solve each task, and the median of what it took them: for each protocol."""
    records = result["records"]
    tables: dict[str, list[dict[str, Any]]] = {}
    for task, units in by_task(records).items():
        row: dict[str, Any] = {"task": task.task, "F": task.F}
        for unit, found in units.items():
            row[unit] = f"{sum(r['solved'] for r in found)}/{len(found)}"
            if (middle := median_of_solved(found)) != UNSOLVED:
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
