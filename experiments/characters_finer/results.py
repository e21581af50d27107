"""What the record says about characters, with learning rates from a finer grid."""

from __future__ import annotations

import statistics

import tabulate

from experiments import FOLDER, Record, Result
from experiments.characters_finer_rates import results as pilot
from experiments.records import grouped, load
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Pair, scores
from experiments.statistics.readings import CLAIMED, Reading
from experiments.statistics.verdicts import claim

GROUP = "Variants and their gates"

OF_INTEREST = 0.05
"""Bits per character."""
UNIT = "bits per character"


def claims(result: Result) -> list[Record]:
    """Differences between test losses."""
    runs = grouped(result["records"], "model")
    rates = {model: f"{records[0]['case']['rate']:g}" for model, records in runs.items()}
    return [
        claim(
            "A multiplicative LSTM predicts characters better than an LSTM, each with a rate from "
            "a finer grid",
            Reading(
                "Krause et al. 2016",
                "better than an LSTM and its deep variants on a range of character-level tasks",
                CLAIMED,
                "in an excerpt",
                "abstract",
            ),
            "adapted",
            [
                scores(
                    Pair(model, "LSTM", "test loss", where),
                    [-record["test"] for record in runs[model]],
                    [-record["test"] for record in runs["LSTM"]],
                    UNIT,
                    of_interest=OF_INTEREST,
                )
                for model, where in (
                    ("MultiplicativeLSTM", "as many units"),
                    ("MultiplicativeLSTM, 56 units", "as many parameters"),
                )
            ],
            lesson=(
                "--",
                "With learning rates from a finer grid, none at an end of it, an LSTM still "
                "predicts better in this short training. It learns with a rate of "
                f"{rates['LSTM']}; the best rate of a multiplicative LSTM is "
                f"{rates['MultiplicativeLSTM']}. Longer training and larger networks, as in the "
                "paper, were not tried.",
            ),
        )
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates that the pilot chose."""
    path = FOLDER / "characters_finer_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def table(result: Result) -> str:
    """Losses and time, a row for each network."""
    rows = []
    for (model, rate), records in grouped(result["records"], "model", "rate").items():
        test = [record["test"] for record in records]
        rows.append(
            {
                "network": model,
                "parameters of the layer": f"{records[0]['parameters']:,}",
                "learning rate": f"{rate:g}",
                "test loss, median": f"{statistics.median(test):.3f}",
                "range": f"{min(test):.3f} to {max(test):.3f}",
                "seconds": f"{statistics.median(record['seconds'] for record in records):.1f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        "Losses are in bits per character. *Seconds*: of training and tests together, the median, "
        f"on a machine that did other work too.\n\n{shown}"
    )
