"""What the record says about the two conventions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.counting.results import LARGEST_N
from experiments.records import grouped, median_of_solved
from experiments.statistics.comparisons import Comparison, Pair, scores, times
from experiments.statistics.readings import question
from experiments.statistics.verdicts import claim

GROUP = "Variants and their gates"

PAIRS = {
    "An output gate that depends on the new cell state is better than one that depends on the "
    "previous one": ("PeepholeLSTM", "PeepholeLSTM-previous"),
    "A reset gate before the recurrent product is better than one after it": (
        "GRU-before",
        "GRU",
    ),
}
"""Claims, each with the network that is said to be ahead and the other one."""
LESSONS = (
    (
        ".xx.",
        "On the adding problem and on music, an output gate that depends on the new cell state "
        "has no advantage as large as the smallest effect of interest; counting and timing are "
        "undecided. The adding problem says little: with most seeds, both gates need the same "
        "number of sequences.",
    ),
    (
        "xxx.",
        "On the adding problem, a reset gate before the product has no advantage as large as the "
        "smallest effect of interest. On music, such an advantage is only just excluded; in Holm's "
        "procedure, this exclusion depends on that for counting, which is weak evidence. Timing is "
        "undecided.",
    ),
)
"""For each claim, the outcomes of its comparisons and what to take from them."""
TWICE = 2.0  # times sooner
COUNTED = 50.0  # n: the length of the training range
NATS = 0.05  # per frame, as for the comparison of peepholes on music


def claims(result: Result) -> list[Record]:
    """For each convention, a comparison on every task."""
    found = grouped(result["records"], "task", "model")
    config = result["config"]
    caps = {"adding": config["max_sequences"], "timing": config["updates"]}

    def sooner(task: str, ahead: str, behind: str) -> Comparison:
        cap = caps[task]
        measured = "sequences" if task == "adding" else "took"
        took = {
            model: [r[measured] if r["solved"] else cap for r in found[task, model]]
            for model in (ahead, behind)
        }
        pair = Pair(ahead, behind, "time to solve it", task)
        return times(pair, took[ahead], took[behind], cap, of_interest=TWICE)

    def farther(ahead: str, behind: str) -> Comparison:
        ns = {
            model: [r["max_correct_n"] for r in found["counting", model]]
            for model in (ahead, behind)
        }
        pair = Pair(ahead, behind, "largest n", "counting", LARGEST_N)
        unfit = [model for model in ns if np.mean(np.array(ns[model]) >= COUNTED) < 0.5]
        return scores(
            pair,
            ns[ahead],
            ns[behind],
            "in n",
            of_interest=COUNTED,
            ceiling=config["max_test_n"],
            open_because=f"most runs of {unfit[0]} do not fit the training range" if unfit else "",
        )

    def below(ahead: str, behind: str) -> Comparison:
        nll = {
            model: [-r["test"]["per_frame"] for r in found["music", model]]
            for model in (ahead, behind)
        }
        pair = Pair(ahead, behind, "test NLL", "music")
        return scores(pair, nll[ahead], nll[behind], "nats per frame", of_interest=NATS)

    return [
        claim(
            text,
            question(),
            "our own task",
            [
                farther(ahead, behind),
                sooner("adding", ahead, behind),
                below(ahead, behind),
                sooner("timing", ahead, behind),
            ],
            lesson=lesson,
        )
        for (text, (ahead, behind)), lesson in zip(PAIRS.items(), LESSONS, strict=True)
    ]


def table(result: Result) -> str:
    """The measure of each task, a row for each network."""
    found = grouped(result["records"], "task", "model")
    models = list(dict.fromkeys(model for _, model in found))
    rows = [
        {
            "model": model,
            "counting: largest n": spread([r["max_correct_n"] for r in found["counting", model]]),
            "adding: sequences": solved(found["adding", model], "sequences"),
            "music: test NLL": spread([r["test"]["per_frame"] for r in found["music", model]], 2),
            "timing: updates": solved(found["timing", model], "took"),
        }
        for model in models
    ]
    return "Medians, with the range over the seeds or the number of seeds that solve the task." + (
        "\n\n" + tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    )


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Median and range."""
    middle, low, high = np.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def solved(records: Sequence[Record], measured: str) -> str:
    """The median of what it took, and how many seeds solve the task."""
    number = sum(r["solved"] for r in records)
    return f"{median_of_solved(records, measured)} ({number} of {len(records)})"
