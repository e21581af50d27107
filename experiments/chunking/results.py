"""Results of the chunking experiment."""

from __future__ import annotations

from typing import Any

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.records import grouped
from experiments.statistics.choices import Limit
from experiments.statistics.comparisons import Comparison, Pair, scores
from experiments.statistics.readings import CLAIMED, NO_PEEPHOLES, NOT_STATED, Reading, question
from experiments.statistics.verdicts import claim

GROUP = "Both directions"

# F1 of Huang, Xu & Yu, Tables 2 and 3: random embeddings and features; Senna, words only.
PUBLISHED = {"LSTM": (92.88, 90.11), "BiLSTM": (93.64, 93.80)}
CHUNKS = Reading(
    "Huang, Xu & Yu 2015",
    f"{PUBLISHED['BiLSTM'][0]} over {PUBLISHED['LSTM'][0]} with random embeddings and features, "
    f"{PUBLISHED['BiLSTM'][1]:.2f} over {PUBLISHED['LSTM'][1]:.2f} with Senna embeddings of "
    "the words alone; the control with as many parameters is ours",
    CLAIMED,
    "in full",
    "section 2.3, Tables 2 and 3",
    NOT_STATED,
    unit="points of F1",
)
CONTROL = question("a control, no claim of a paper")
OF_INTEREST = MARGIN = 0.2  # points of F1
UNIT = "points of F1"
WITH_PEEPHOLES = {"BiLSTM": "BiLSTM without peepholes", "BiLSTM, peepholes": "with peepholes"}
"""How networks are called where they are compared for their peepholes."""


def claims(result: Result) -> list[Record]:
    """Differences of the test F1, in points."""
    records = result["records"]
    f1 = {name: [r["f1"] for r in found] for name, found in grouped(records, "model").items()}

    def points(ahead: str, behind: str, reported: float | None = None) -> Comparison:
        return scores(
            pair(ahead, behind),
            f1[ahead],
            f1[behind],
            UNIT,
            reported=reported,
            of_interest=OF_INTEREST,
        )

    def no_worse(ahead: str, behind: str) -> Comparison:
        return scores(pair(ahead, behind), f1[ahead], f1[behind], UNIT, margin=MARGIN)

    gap = PUBLISHED["BiLSTM"][0] - PUBLISHED["LSTM"][0]
    return [
        claim(
            "A BiLSTM finds chunks better than an LSTM",
            CHUNKS,
            "adapted",
            [
                points("BiLSTM", "LSTM", gap),
                points("BiLSTM", "LSTM, as many parameters"),
            ],
            lesson=(
                ">+",
                "On chunking, after ten epochs, reading in both directions gains several points "
                "of F1, also over a wider LSTM. The gain is larger than in the paper with all of "
                "its features, and closer to the one that it reports for words alone.",
            ),
        ),
        claim(
            "On chunking an LSTM is better if its output is delayed by a word or two",
            CONTROL,
            "our own task",
            [points(f"LSTM, delayed by {d}", "LSTM") for d in (1, 2)],
            lesson=(
                "++",
                "On chunking, an output that is delayed by one word gains a large part of what the "
                "second direction gains.",
            ),
        ),
        claim(
            f"On chunking, a delayed output replaces the second direction, to within {MARGIN} "
            "points",
            CONTROL,
            "our own task",
            [no_worse(f"LSTM, delayed by {d}", "BiLSTM") for d in (1, 2)],
            lesson=(
                "--",
                "On chunking, a delay of one or two words does not replace the second direction: "
                "with as many units in its one direction, the delayed LSTM stays more than the "
                "margin behind.",
            ),
        ),
        claim(
            f"On chunking, peepholes gain a BiLSTM less than {MARGIN} points",
            NO_PEEPHOLES,
            "our own task",
            [no_worse("BiLSTM", "BiLSTM, peepholes")],
            lesson=(
                "+",
                "On chunking, peepholes can be left out: they gain less than 0.2 points.",
            ),
        ),
    ]


def limits(result: Result) -> list[Limit]:
    """In how many runs of each network the last epoch is the best."""
    return [
        Limit(name, f"The limit of {result['config']['epochs']} epochs", last, len(found))
        for name, found in grouped(result["records"], "model").items()
        for last in [sum(run["epoch"] == len(run["valid"]) for run in found)]
    ]


def pair(ahead: str, behind: str) -> Pair:
    """Two networks, by names that show in what they differ."""
    if {ahead, behind} == {*WITH_PEEPHOLES}:
        return Pair(WITH_PEEPHOLES[ahead], WITH_PEEPHOLES[behind], "F1")
    first, second = (n.replace(", as", " with as").replace(",", "") for n in (ahead, behind))
    return Pair(first, second, "F1")


def table(result: Result) -> str:
    """F1, a row for each network, with the paper's beside it."""
    records = result["records"]
    rows: list[dict[str, Any]] = []
    groups = grouped(records, "model")
    means = {name: np.mean([r["f1"] for r in found]) for name, found in groups.items()}
    gap = means["BiLSTM"] - means["LSTM"]
    for name, found in groups.items():
        f1 = np.array([r["f1"] for r in found])
        paper = PUBLISHED.get(name)
        rows.append(
            {
                "model": name,
                "H": found[0]["hidden"],
                "parameters": f"{found[0]['parameters']:,}",
                "F1, mean": f"{f1.mean():.2f}",
                "range": f"{f1.min():.2f} to {f1.max():.2f}",
                "share of the gap": f"{100 * (means[name] - means['LSTM']) / gap:.0f} %",
                "paper: features": f"{paper[0]:.2f}" if paper else "",
                "paper: Senna": f"{paper[1]:.2f}" if paper else "",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    last = sum(record["epoch"] == len(record["valid"]) for record in records)
    return (
        f"{shown}\n\nParameters are the recurrent layer's. *Share of the gap*: how much of the "
        "difference between the means of LSTM and BiLSTM a network gains. The last epoch was the "
        f"best on the validation set in {last} of {len(records)} runs; longer training might "
        "improve these. *Paper*: with random embeddings and features, and with Senna's embeddings "
        "of the words alone."
    )
