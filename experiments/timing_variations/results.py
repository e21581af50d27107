"""What the record of variations means."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.records import UNSOLVED, grouped, median_of_solved
from experiments.statistics.comparisons import Comparison, times
from experiments.statistics.verdicts import claim
from experiments.timing.results import MARGIN, OF_INTEREST
from experiments.timing_variations import CODINGS, PHASES, REMEDIES

GERS = "Gers, Schraudolph & Schmidhuber 2002"
QUESTION = "a question, no claim of a paper"
FUNCTIONS = ("COSINE", "TRIANGLE", "RECTANGLE")
GENERATING_PLACE = "section on generating timed spikes and functions"


def claims(result: Result) -> list[Record]:
    """How many times sooner a task is solved, in streams."""
    config = result["config"]
    cap = config["max_streams"]
    found = grouped(result["records"], "task", "F", "variation", "unit")
    took = {key: [r["took"] if r["solved"] else cap for r in rs] for key, rs in found.items()}

    def sooner(
        task: str, F: int, ahead: tuple[str, str], behind: tuple[str, str], **options: float
    ) -> Comparison:
        """Compare two pairs of a variation and a unit."""
        names = [f"{unit}, {variation}" for variation, unit in (ahead, behind)]
        label = f"{task} F = {F}: {names[0]} against {names[1]}, streams to solve it"
        return times(label, took[task, F, *ahead], took[task, F, *behind], cap, **options)

    def with_peepholes(task: str, F: int, variation: str) -> Comparison:
        ahead, behind = (variation, "peepholes"), (variation, "none")
        return sooner(task, F, ahead, behind, of_interest=OF_INTEREST)

    def generating(codings: Sequence[str], phases: Sequence[str]) -> list[Comparison]:
        spikes = product(["GTS"], config["spikes"], codings)
        functions = product(FUNCTIONS, config["functions"], phases)
        return [with_peepholes(*case) for case in (*spikes, *functions)]

    remedies = [
        claim(
            f"With {name}, an LSTM learns to measure a long delay sooner than as in the paper",
            "this project",
            QUESTION,
            "our own task",
            [
                sooner("NMSD", F, (name, unit), (REMEDIES[0], unit), of_interest=OF_INTEREST)
                for F, unit in product(config["measuring"], ("peepholes", "none"))
            ],
        )
        for name in REMEDIES[1:]
    ]
    return [
        claim(
            "Peepholes help to generate spikes and functions",
            GERS,
            "without them, of the functions only the cosine with F = 10, and slowly",
            "adapted",
            generating(CODINGS[:1], PHASES[:1]),
            place=GENERATING_PLACE,
        ),
        claim(
            "Peepholes help to generate spikes and functions, with other codings and phases",
            GERS,
            "without them, of the functions only the cosine with F = 10, and slowly",
            "adapted",
            generating(CODINGS[1:], PHASES[1:]),
            place=GENERATING_PLACE,
        ),
        claim(
            "Where training is changed so that the cell state grows less, measuring a long delay "
            f"takes at most {MARGIN:g} times as long without peepholes as with them",
            GERS,
            "measuring is learned with and without",
            "adapted, in part our own task",
            [
                sooner("NMSD", F, (name, "none"), (name, "peepholes"), margin=MARGIN)
                for F, name in product(config["measuring"], REMEDIES[1:])
            ],
            place="section on measuring spike delays",
        ),
        *remedies,
        claim(
            "An output gate that depends on the previous cell state learns a triangle sooner than "
            "one that depends on the new one",
            "this project",
            QUESTION,
            "our own task",
            [
                sooner(
                    "TRIANGLE",
                    F,
                    (phase, "previous"),
                    (phase, "peepholes"),
                    of_interest=OF_INTEREST,
                )
                for F, phase in product(config["functions"], PHASES)
            ],
        ),
    ]


def table(result: Result) -> str:
    """How many seeds solve each task or diverge, and the streams that it takes the median run."""
    rows: dict[tuple[str, int, str], dict[str, str]] = {}
    for (*key, unit), found in grouped(result["records"], "task", "F", "variation", "unit").items():
        task, F, variation = key
        row = rows.setdefault(
            (task, F, variation), {"task": task, "F": str(F), "variation": variation}
        )
        row[unit] = summary(found)
        if task == "NMSD":
            largest = np.median([r["max_cell_state"] for r in found])
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
