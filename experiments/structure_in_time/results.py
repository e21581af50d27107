"""What the record says about elements that follow from others."""

from __future__ import annotations

import statistics

import tabulate

from experiments import Record, Result
from experiments.records import grouped
from experiments.statistics.comparisons import Comparison, Pair, scores
from experiments.statistics.readings import BY_MEMORY, CLAIMED, Reading
from experiments.statistics.verdicts import claim

GROUP = "Counting and formal languages"

OF_INTEREST = 0.05
UNIT = "root mean square error"
ERRORS = {
    "follows": "error of elements that follow",
    "random": "error of random elements",
    "common": "error of what consonants have in common",
    "different": "error of how they differ",
}
"""What the errors of a record are of."""


def claims(result: Result) -> list[Record]:
    """Differences between errors of the same network."""
    runs = grouped(result["records"], "task")

    gains = [record["random"] - record["follows"] for record in runs["XOR"]]
    learned = f"{sum(gain > OF_INTEREST for gain in gains)} of {len(gains)}"

    def smaller(task: str, error: str, than: str) -> Comparison:
        pair = Pair(ERRORS[error], ERRORS[than], where=task, words=("smaller", "larger"))
        return scores(
            pair,
            [record[than] - record[error] for record in runs[task]],
            0.0,
            UNIT,
            of_interest=OF_INTEREST,
        )

    return [
        claim(
            "The error of an Elman network is smaller where the next element follows from those "
            "before it",
            Reading(
                "Elman 1990",
                "the error of the prediction drops where the next bit is the exclusive or of the "
                "two before it, and where the next letter is a vowel",
                CLAIMED,
                BY_MEMORY,
                "sections on the exclusive or and on letter sequences",
            ),
            "adapted",
            [smaller("XOR", "follows", "random"), smaller("letters", "follows", "random")],
            lesson=(
                "++",
                "The error is smaller where there is something to predict. With letters it is "
                f"nearly 0 there; with the exclusive or, two units find it in part: in {learned} "
                f"runs the difference is above {OF_INTEREST:g}, in the others the error is that of "
                "guessing.",
            ),
        ),
        claim(
            "Where the next consonant is random, an Elman network predicts that it is a consonant",
            Reading(
                "Elman 1990",
                "at consonants, the error of the feature that they have in common is small, and "
                "that of the features in which they differ is large",
                CLAIMED,
                BY_MEMORY,
                "section on letter sequences",
            ),
            "adapted",
            [smaller("letters", "common", "different")],
            lesson=(
                "+",
                "That the next letter is a consonant is predicted nearly without an error, which "
                "consonant it is cannot be: the error is that of three letters with equal "
                "probability.",
            ),
        ),
    ]


def table(result: Result) -> str:
    """Errors, a row for each task."""
    rows = []
    for task, records in grouped(result["records"], "task").items():
        row = {"task": task}
        for error, name in ERRORS.items():
            values = [record[error] for record in records if error in record]
            row[name] = (
                f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"
                if values
                else ""
            )
        rows.append(row)
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        "Root mean square errors of the outputs: the median over the seeds, and the range. A "
        "network that always answers 0.5 has an error of 0.5.\n\n"
        f"{shown}"
    )
