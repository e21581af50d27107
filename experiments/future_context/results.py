"""Results of the task with future context."""

from __future__ import annotations

import math

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.records import grouped
from experiments.statistics.comparisons import Pair, scores
from experiments.statistics.readings import question
from experiments.statistics.verdicts import claim

GROUP = "Both directions"

CAUSAL = ("LSTM", "LSTM, twice as wide")
BOTH = ("BiLSTM", "BiLSTM, peepholes", "BiGRU")
MARGIN = 1.0  # percentage points
DEVIATIONS = 4
"""How many standard deviations of guessing a causal network may be away from 50 %."""


def claims(result: Result) -> list[Record]:
    """Differences of the accuracy, in percentage points."""
    records = result["records"]
    points = {k: [100 * r["accuracy"] for r in rs] for k, rs in grouped(records, "model").items()}
    unit = "percentage points"
    return [
        claim(
            "If one step of the future is enough, a delayed LSTM is as good as a BiLSTM, to "
            "within "
            f"{MARGIN:g} percentage point",
            question("a control, no claim of a paper"),
            "our own task",
            [
                scores(
                    Pair("LSTM delayed by 1", "BiLSTM", "accuracy"),
                    points["LSTM, delayed by 1"],
                    points["BiLSTM"],
                    unit,
                    margin=MARGIN,
                )
            ],
            lesson=(
                "+",
                "If one step of the future is enough, a causal LSTM that answers one step later "
                "does as well as a BiLSTM, to within one percentage point.",
            ),
        ),
    ]


def check(result: Result) -> Record:
    """Whether every causal network is as good as chance, which holds by construction.

    The answers of a causal network are independent of the next bits, and so each of them is right
    with a probability of 1/2, independently of all others.
    """
    config, runs = result["config"], grouped(result["records"], "model")
    answers = config["tested"] * (config["steps"] - 2)
    within = DEVIATIONS * math.sqrt(0.25 / answers)
    causal = [run["accuracy"] for name in CAUSAL for run in runs[name]]
    both = [run["accuracy"] for name in BOTH for run in runs[name]]
    return {
        "answers": answers,
        "within": within,
        "causal": causal,
        "passes": all(abs(accuracy - 0.5) <= within for accuracy in causal),
        "both": len(both),
        "above": sum(accuracy - 0.5 > within for accuracy in both),
    }


def check_text(found: Record) -> str:
    """The check in a sentence or two."""
    low, high = min(found["causal"]), max(found["causal"])
    verdict = "within" if found["passes"] else "**not** within"
    return (
        f"Check, by construction and not a claim: the {len(found['causal'])} networks that answer "
        f"before they read the next bit are right in {100 * low:.2f} to {100 * high:.2f} % of "
        f"{found['answers']:,} answers, {verdict} {DEVIATIONS} standard deviations of guessing "
        f"({100 * found['within']:.2f} percentage points) of 50 %. Of the {found['both']} "
        f"bidirectional networks with a hidden layer, {found['above']} are above that."
    )


def table(result: Result) -> str:
    """Accuracies, a row for each network, and the check of those that are causal."""
    records = result["records"]
    rows = [
        {
            "model": name,
            "parameters": f"{found[0]['parameters']:,}",
            "right, median": f"{100 * np.median([r['accuracy'] for r in found]):.1f} %",
            "lowest": f"{100 * min(r['accuracy'] for r in found):.1f} %",
            "highest": f"{100 * max(r['accuracy'] for r in found):.1f} %",
        }
        for name, found in grouped(records, "model").items()
    ]
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return f"{shown}\n\n{check_text(check(result))}"
