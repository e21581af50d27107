"""What the record of variations means."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.records import UNSOLVED, grouped, median_of_solved
from experiments.statistics.comparisons import Comparison, Pair, times
from experiments.statistics.readings import CLAIMED, Reading, question
from experiments.statistics.verdicts import claim
from experiments.timing.results import FUNCTIONS as GENERATING_FUNCTIONS
from experiments.timing.results import GERS, MARGIN, MEASURING, OF_INTEREST, WITH
from experiments.timing_variations import AS_TIMING, CODINGS, FUNCTIONS, PHASES, REMEDIES

GROUP = "Timing"

BOUNDED = "bounded cell output"
UNITS = {**WITH, "previous": "LSTM whose output gate depends on the previous cell state"}
SPIKES = Reading(
    GERS,
    "without peepholes spikes cannot be generated at all, and only networks with them are run",
    CLAIMED,
    "in a summary by others",
    "section on generating timed spikes",
)
READINGS = {"GTS": SPIKES} | dict.fromkeys(FUNCTIONS, GENERATING_FUNCTIONS)
LESSONS = {
    "GTS": (
        "..0000",
        "One unit that is trained online with truncated gradients learns to generate spikes 10 "
        "time steps apart with two of three codings of the input: some networks with peepholes, "
        "and one without them. None learns spikes 20 apart. Whether peepholes help is undecided; "
        "the direction is that of Timing.",
    ),
    "COSINE": (
        "+.++",
        "For one unit that is trained online with truncated gradients, peepholes help to generate "
        "a cosine in three of four settings: without them no network learns it, not even with "
        "F = 10, which the paper reports as learned. With F = 10, networks with peepholes need "
        "more time steps than networks without them get in 10,000,000 streams, because the streams "
        "of the latter are shorter. Three units trained in batches learn it without them (Timing).",
    ),
    "TRIANGLE": (
        "00++",
        "One unit that is trained online with truncated gradients learns a triangle of 25 time "
        "steps with peepholes and not without them; a triangle of 10 time steps is learned by "
        "only one run, of the notebook's unit. Three units trained in batches learn both without "
        "peepholes (Timing).",
    ),
    "RECTANGLE": (
        "0000",
        "One unit that is trained online with truncated gradients does not learn to generate a "
        "rectangle, with peepholes or without. Three units trained in batches learn one of 10 time "
        "steps, with and without peepholes (Timing).",
    ),
    "without peepholes": (
        "-.",
        "With a bounded cell output, which the paper does not have, most networks with peepholes "
        "learn to measure an interval of 20 time steps within 10,000,000 streams, and no network "
        "without them. For 30 it is undecided. With an input-gate bias of -2, nearly all networks "
        "of both kinds learn both; by the same test, which was not declared for it, those without "
        "peepholes are not slower by the margin.",
    ),
    "bounded candidate": (
        "...0",
        "With a bounded candidate no run diverges by the definition of this page, but most that "
        "do not solve the task end with an output that is nearly 0 at every spike and hardly "
        "learns; whether long delays are learned sooner is undecided.",
    ),
    BOUNDED: (
        "...0",
        "With a bounded cell output training does not diverge; whether long delays are learned "
        "sooner is undecided.",
    ),
    "recurrent weight 0": (
        "....",
        "With an initial recurrent weight of 0 most runs still diverge; whether it helps is "
        "undecided.",
    ),
    "input bias -2": (
        ".+++",
        "With an initial input-gate bias of -2, for a gate near 0.1, training of this unit with a "
        "linear candidate does not diverge, and nearly all networks learn delays of 20 and 30 time "
        "steps.",
    ),
    "previous": (
        "0.<<",
        "An output gate that depends on the previous cell state learns a triangle of 25 time steps "
        "after fewer streams, but not half as many; in time steps, it learns it more than twice as "
        "fast. With either gate, nearly all networks learn it.",
    ),
}
"""For each claim, the outcomes of the comparisons and what to take from them."""


def claims(result: Result) -> list[Record]:
    """How many times sooner a task is solved, in streams."""
    config = result["config"]
    cap = config["max_streams"]
    runs = grouped(result["records"], "task", "F", "variation", "unit")
    took = {key: [r["took"] if r["solved"] else cap for r in rs] for key, rs in runs.items()}

    def sooner(
        task: str, F: int, ahead: tuple[str, str], behind: tuple[str, str], **options: float
    ) -> Comparison:
        """Compare two pairs of a variation and a unit."""
        where, units = f"{task} F = {F}", [UNITS[unit] for _, unit in (ahead, behind)]
        if ahead[0] == behind[0]:
            where += f", {ahead[0]}"
        else:
            units = [
                f"{unit}, {name}" for unit, (name, _) in zip(units, (ahead, behind), strict=True)
            ]
        pair = Pair(units[0], units[1], "streams to solve it", where)
        return times(pair, took[task, F, *ahead], took[task, F, *behind], cap, **options)

    def generating(what: str, task: str, lengths: Sequence[int], names: Sequence[str]) -> Record:
        return claim(
            f"Peepholes help to generate {what} within {cap:,} streams",
            READINGS[task],
            "adapted",
            [
                sooner(task, F, (name, "peepholes"), (name, "none"), of_interest=OF_INTEREST)
                for F, name in product(lengths, names)
            ],
            lesson=LESSONS[task],
        )

    def helps(name: str) -> Record:
        return claim(
            f"With {REMEDIES[name]}, an LSTM learns to measure a long delay sooner than with the "
            "protocol of Timing",
            question(),
            "our own task",
            [
                sooner("NMSD", F, (name, unit), (AS_TIMING, unit), of_interest=OF_INTEREST)
                for F, unit in product(config["measuring"], ("peepholes", "none"))
            ],
            lesson=LESSONS[name],
        )

    return [
        generating("spikes", "GTS", config["spikes"], CODINGS),
        *(generating(f"a {task.lower()}", task, config["functions"], PHASES) for task in FUNCTIONS),
        claim(
            f"With {REMEDIES[BOUNDED]}, measuring a long delay takes at most {MARGIN:g} times as "
            "long without peepholes as with them",
            MEASURING,
            "adapted, in part our own task",
            [
                sooner("NMSD", F, (BOUNDED, "none"), (BOUNDED, "peepholes"), margin=MARGIN)
                for F in config["measuring"]
            ],
            lesson=LESSONS["without peepholes"],
        ),
        *map(helps, REMEDIES),
        claim(
            "An output gate that depends on the previous cell state learns a triangle sooner than "
            "one that depends on the new one",
            question(),
            "our own task",
            [
                sooner(
                    "TRIANGLE", F, (name, "previous"), (name, "peepholes"), of_interest=OF_INTEREST
                )
                for F, name in product(config["functions"], PHASES)
            ],
            lesson=LESSONS["previous"],
        ),
    ]


def table(result: Result) -> str:
    """How many seeds solve each task or diverge, and the streams that it takes the median run."""
    rows: dict[tuple[str, int, str], dict[str, str]] = {}
    names = ("task", "F", "variation", "unit")
    for (task, F, variation, unit), records in grouped(result["records"], *names).items():
        row = rows.setdefault(
            (task, F, variation), {"task": task, "F": str(F), "variation": variation}
        )
        row[unit] = summary(records)
        if task == "NMSD":
            largest = np.median([r["max_cell_state"] for r in records])
            row[unit] += f"; cell state {largest:.3g}"
    legend = (
        "Seeds that solve the task and, where the median run does, the streams that it takes; runs "
        "that diverge; for NMSD, the largest magnitude of the cell state in an interval after "
        "training, the median over the seeds."
    )
    shown = tabulate.tabulate(
        list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True, missingval=""
    )
    return f"{legend}\n\n{shown}"


def summary(records: Sequence[Record]) -> str:
    """How many of the runs solve the task, after how many streams, and how many diverge."""
    text = f"{sum(r['solved'] for r in records)}/{len(records)}"
    if (middle := median_of_solved(records)) != UNSOLVED:
        text += f": {middle}"
    if diverged := sum(r["diverged"] for r in records):
        text += f"; {diverged} diverged"
    return text
