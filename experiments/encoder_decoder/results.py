"""What the record says about encoders and decoders."""

from __future__ import annotations

import statistics

import tabulate

from experiments import FOLDER, Record, Result
from experiments.encoder_decoder_rates import results as pilot
from experiments.records import grouped, load
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Comparison, Pair, scores
from experiments.statistics.readings import BY_MEMORY, TRANSFERRED, Reading
from experiments.statistics.verdicts import claim

GROUP = "Variants and their gates"

OF_INTEREST = 5.0
UNIT = "percentage points"


def claims(result: Result) -> list[Record]:
    """Differences between the shares of symbols that are right."""
    runs = grouped(result["records"], "model")
    right = {model: [100 * r["accuracy"] for r in records] for model, records in runs.items()}

    plain = " and ".join(
        f"{statistics.median(right[model]):.0f} %" for model in ("RNN", "RNN, 103 units")
    )
    chance = 100 / result["config"]["symbols"]

    def better(ahead: str) -> list[Comparison]:
        return [
            scores(
                Pair(ahead, behind, "right symbols", where),
                right[ahead],
                right[behind],
                UNIT,
                of_interest=OF_INTEREST,
                ceiling=100.0,
            )
            for behind, where in (
                ("RNN", "as many units"),
                ("RNN, 103 units", "as many parameters"),
            )
        ]

    return [
        claim(
            "An encoder and a decoder with gated units write a sequence again better than with "
            "tanh units",
            Reading(
                "Cho et al. 2014",
                "the gated unit is crucial: with tanh units without gating there was no meaningful "
                "result",
                TRANSFERRED,
                BY_MEMORY,
                "section on the hidden unit",
            ),
            "adapted",
            better("GRU"),
            lesson=(
                "++",
                "After the same short training, gated units write far more of the symbols again, "
                f"also with as many parameters. Tanh units are not without a result: {plain} of "
                f"their symbols are right, and {chance:.3g} % by chance (medians of the runs).",
            ),
        ),
        claim(
            "So do those with gated units whose reset gate is applied before the recurrent product",
            Reading(
                "Chung et al. 2014",
                "gated units are better than tanh units on music and speech",
                TRANSFERRED,
                "in an excerpt",
                "abstract",
            ),
            "our own task",
            better("GRU-before"),
            lesson=(
                "++",
                "Whether the reset gate is applied before the recurrent product or after it does "
                "not matter for this claim: both kinds are ahead of tanh units.",
            ),
        ),
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates that the pilot chose."""
    path = FOLDER / "encoder_decoder_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def table(result: Result) -> str:
    """Right symbols, at all places and at the first and last, a row for each network."""
    rows = []
    for (model, rate), records in grouped(result["records"], "model", "rate").items():
        right = [100 * record["accuracy"] for record in records]
        first, last = (
            statistics.median(100 * record["places"][place] for record in records)
            for place in (0, -1)
        )
        rows.append(
            {
                "network": model,
                "parameters": f"{records[0]['parameters']:,}",
                "learning rate": f"{rate:g}",
                "right symbols, median": f"{statistics.median(right):.1f} %",
                "range": f"{min(right):.1f} to {max(right):.1f} %",
                "first symbol": f"{first:.1f} %",
                "last symbol": f"{last:.1f} %",
                "seconds": f"{statistics.median(record['seconds'] for record in records):.1f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    chance = 100 / result["config"]["symbols"]
    return (
        f"Shares of right symbols of new sequences; chance is {chance:.1f} %. *Seconds*: of "
        "training and tests together, the median, on a machine that did other work too.\n\n"
        f"{shown}"
    )
