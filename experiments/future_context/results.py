"""Results of the task with future context."""

from __future__ import annotations

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.records import grouped
from experiments.statistics.comparisons import scores
from experiments.statistics.readings import BY_MEMORY, TRANSFERRED, Reading, question
from experiments.statistics.verdicts import claim

BOTH = ("BiLSTM", "BiLSTM, peepholes", "BiGRU")
BOTH_DIRECTIONS = Reading(
    "Schuster & Paliwal 1997",
    "no figure for this task; causal models have at most 50 %",
    TRANSFERRED,
    BY_MEMORY,
)
OF_INTEREST, MARGIN = 10.0, 1.0  # percentage points


def claims(result: Result) -> list[Record]:
    """Differences of the accuracy, in percentage points."""
    records = result["records"]
    points = {k: [100 * r["accuracy"] for r in rs] for k, rs in grouped(records, "model").items()}
    unit = "percentage points"
    return [
        claim(
            "Reading in both directions helps if both contexts matter",
            BOTH_DIRECTIONS,
            "our own task",
            [
                comparison
                for name in BOTH
                for comparison in (
                    scores(
                        f"{name} over the bound of causal models, accuracy",
                        points[name],
                        50.0,
                        unit,
                        of_interest=OF_INTEREST,
                    ),
                    scores(
                        f"{name} minus LSTM, accuracy",
                        points[name],
                        points["LSTM"],
                        unit,
                        of_interest=OF_INTEREST,
                    ),
                )
            ],
            lesson=(
                "++++++",
                "If an answer cannot be guessed without the next input, as in this task, a model "
                "that answers before reading it is not better than chance; bidirectional models "
                "with a hidden layer solve the task in all runs but one.",
            ),
        ),
        claim(
            "If one step of the future is enough, an LSTM with its output delayed by one step "
            f"is less than {MARGIN:g} percentage point worse than a BiLSTM",
            question("a control, no claim of a paper"),
            "our own task",
            [
                scores(
                    "LSTM, delayed by 1, minus BiLSTM, accuracy",
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


def table(result: Result) -> str:
    """Accuracies, a row for each network."""
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
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
