"""What the record says about regularisation."""

from __future__ import annotations

import statistics

import tabulate

from experiments import FOLDER, Record, Result
from experiments.records import grouped, load
from experiments.regularisation_rates import results as pilot
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Comparison, Pair, scores
from experiments.statistics.readings import CLAIMED, TRANSFERRED, Reading
from experiments.statistics.verdicts import claim

GROUP = "Variants and their gates"

OF_INTEREST = 0.02
"""Bits per character."""
UNIT = "bits per character"
NONE = "none"
SOURCES = {
    "recurrent dropout": Reading(
        "Gal & Ghahramani 2016",
        "variational dropout in recurrent layers outperforms existing techniques on language "
        "modelling and sentiment analysis",
        TRANSFERRED,
        "in an excerpt",
        "abstract",
    ),
    "zoneout": Reading(
        "Krueger et al. 2017",
        "zoneout gives significant improvements across tasks, character-level language modelling "
        "among them",
        CLAIMED,
        "in an excerpt",
        "abstract",
    ),
    "weight dropout": Reading(
        "Merity, Keskar & Socher 2018",
        "DropConnect on hidden-to-hidden weights, with other strategies, gives state-of-the-art "
        "perplexities of words",
        TRANSFERRED,
        "in an excerpt",
        "abstract",
    ),
}
"""What each paper reports, by its method."""


def claims(result: Result) -> list[Record]:
    """Differences between the test losses with each method and with none."""
    runs = grouped(result["records"], "model")
    read = result["config"]["read"]
    seconds = {
        model: statistics.median(record["seconds"] for record in records)
        for model, records in runs.items()
    }

    def lower(model: str) -> Comparison:
        return scores(
            Pair(model, "no regularisation", "test loss"),
            [-record["test"] for record in runs[model]],
            [-record["test"] for record in runs[NONE]],
            UNIT,
            of_interest=OF_INTEREST,
        )

    return [
        claim(
            f"{model.capitalize()} lowers the test loss of an LSTM on characters",
            reading,
            "adapted",
            [lower(model)],
            lesson=(
                "+",
                f"With {read:,} characters to learn from, {model} lowers the test loss, compared "
                "with an LSTM whose training ends when its validation loss is smallest. A run "
                f"takes {seconds[model] / seconds[NONE]:.1f} times as long as without it.",
            ),
        )
        for model, reading in SOURCES.items()
    ]


def choices(result: Result) -> list[Choice]:
    """The probabilities that the pilot chose."""
    path = FOLDER / "regularisation_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def table(result: Result) -> str:
    """Losses and time, a row for each method."""
    rows = []
    for (model, rate), records in grouped(result["records"], "model", "rate").items():
        test = [record["test"] for record in records]
        rows.append(
            {
                "regularisation": model,
                "probability": f"{rate:g}" if rate else "",
                "test loss, median": f"{statistics.median(test):.3f}",
                "range": f"{min(test):.3f} to {max(test):.3f}",
                "validation loss": f"{statistics.median(r['valid'] for r in records):.3f}",
                "best after": f"{statistics.median(r['best_update'] for r in records):g} updates",
                "last validation loss": f"{statistics.median(r['curve'][-1] for r in records):.3f}",
                "seconds": f"{statistics.median(r['seconds'] for r in records):.1f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    learning_rate = result["records"][0]["learning_rate"]
    return (
        f"All networks have the learning rate {learning_rate:g}. Losses are in bits per character, "
        "and medians if nothing else is stated: those of the test set and the validation text when "
        "the latter was smallest, and that of the validation text after the last update. "
        "*Seconds*: of training and tests together, on a machine that did other work too.\n\n"
        f"{shown}"
    )
