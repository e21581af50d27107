"""What the record says about characters."""

from __future__ import annotations

import math
import statistics

import tabulate

from experiments import FOLDER, Record, Result
from experiments.characters_rates import results as pilot
from experiments.records import grouped, load, median_text
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Pair, scores, times
from experiments.statistics.readings import CLAIMED, TRANSFERRED, Reading
from experiments.statistics.verdicts import claim

GROUP = "Variants and their gates"

OF_INTEREST = 0.05
"""Bits per character."""
SOONER = 1.5
"""How many times sooner a loss is reached, from which on it is of interest."""
UNIT = "bits per character"


def level() -> float:
    """The loss on the validation text that a network has to reach, from the pilot's record.

    Without that record, every loss is low enough.
    """
    path = FOLDER / "characters_rates" / "record.json"
    return pilot.level(load(path)) if path.exists() else math.inf


def updates_until(record: Record, every: int, loss: float) -> int | None:
    """After how many updates a network reaches a loss; `None` if it does not."""
    reached = [k + 1 for k, value in enumerate(record["curve"]) if value <= loss]
    return every * reached[0] if reached else None


def claims(result: Result) -> list[Record]:
    """Differences between test losses, and how many times sooner a loss is reached."""
    runs = grouped(result["records"], "model")
    cap, every, loss = (*(result["config"][k] for k in ("updates", "measured_every")), level())

    rates = {model: f"{records[0]['case']['rate']:g}" for model, records in runs.items()}
    seconds = {
        model: statistics.median(record["seconds"] for record in records)
        for model, records in runs.items()
    }
    slower = f"{seconds['LayerNormLSTM'] / seconds['LSTM']:.1f}"

    def took(model: str) -> list[float]:
        return [updates_until(record, every, loss) or cap for record in runs[model]]

    return [
        claim(
            "A multiplicative LSTM predicts characters better than an LSTM",
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
                "In this short training, an LSTM predicts better. It learns with a rate of "
                f"{rates['LSTM']}, with which multiplicative LSTMs diverge in the pilot; with "
                f"{rates['MultiplicativeLSTM']} for both, these are ahead there, and no rate "
                "between the two was tried. Longer training and larger networks, as in the paper, "
                "were not tried either.",
            ),
        ),
        claim(
            "With layer normalisation an LSTM needs fewer updates",
            Reading(
                "Ba, Kiros & Hinton 2016",
                "layer normalisation can substantially reduce the training time",
                TRANSFERRED,
                "in an excerpt",
                "abstract",
            ),
            "adapted",
            [
                times(
                    Pair("LayerNormLSTM", "LSTM", f"updates to {loss:.2f} bits per character"),
                    took("LayerNormLSTM"),
                    took("LSTM"),
                    cap,
                    of_interest=SOONER,
                )
            ],
            lesson=(
                "<",
                "With layer normalisation, an LSTM reaches the same loss after fewer updates, by a "
                f"factor below {SOONER:g}. Here this does not save time: a run takes {slower} "
                "times as long, since layer normalisation runs in the Python loop.",
            ),
        ),
    ]


def observations(result: Result) -> list[str]:
    """The losses of the pilot at rates that are too large or too small for one of the networks."""
    path = FOLDER / "characters_rates" / "record.json"
    if not path.exists():
        return []
    losses = pilot.losses(load(path))
    rates = sorted({record["case"]["rate"] for record in result["records"]})
    return [
        f"With the learning rate {rate:g} for all networks, the smallest losses on the validation "
        "text are, in the mean of the pilot's seeds, "
        + ", ".join(f"{of_rate[rate]:.2f} ({model})" for model, of_rate in losses.items())
        + "."
        for rate in rates
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates that the pilot chose."""
    path = FOLDER / "characters_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def table(result: Result) -> str:
    """Losses, updates and time, a row for each network."""
    rows = []
    every, loss = result["config"]["measured_every"], level()
    for (model, rate), records in grouped(result["records"], "model", "rate").items():
        test = [record["test"] for record in records]
        took = [updates_until(record, every, loss) for record in records]
        seconds = statistics.median(record["seconds"] for record in records)
        rows.append(
            {
                "network": model,
                "parameters of the layer": f"{records[0]['parameters']:,}",
                "learning rate": f"{rate:g}",
                "test loss, median": f"{statistics.median(test):.3f}",
                "range": f"{min(test):.3f} to {max(test):.3f}",
                f"updates to {loss:.2f}, median": median_text(took, missing="not reached"),
                "seconds": f"{seconds:.1f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        f"Losses are in bits per character. *Updates to {loss:.2f}*: until the loss on the "
        "validation text is that of the pilot's LSTM after half of its updates. *Seconds*: of "
        "training and tests together, the median, on a machine that did other work too.\n\n"
        f"{shown}"
    )
