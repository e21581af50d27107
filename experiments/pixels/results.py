"""What the record says about digits that are read pixel by pixel."""

from __future__ import annotations

import statistics

import tabulate

from experiments import FOLDER, Record, Result
from experiments.pixels_rates import results as pilot
from experiments.records import grouped, load
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Comparison, Pair, scores
from experiments.statistics.readings import CLAIMED, NOT_KNOWN, Reading, question
from experiments.statistics.verdicts import claim

GROUP = "Variants and their gates"

AS_GOOD = 2.0
"""Percentage points by which a unit that is as good as another may be behind."""
OF_INTEREST = 2.0
UNIT = "percentage points"
JANET = {"row by row": 0.5, "permuted": 1.5}
"""By how much the JANET of the paper is ahead of its LSTM, in percentage points."""


def claims(result: Result) -> list[Record]:
    """Differences between the shares of digits that are recognised."""
    runs = grouped(result["records"], "order", "model")
    orders = list(dict.fromkeys(order for order, _ in runs))
    sizes = {model: records[0]["parameters"] for (_, model), records in runs.items()}

    def smaller(model: str, than: str) -> str:
        return f"{100 * sizes[model] / sizes[than]:.0f} % of its parameters"

    def right(order: str, model: str) -> list[float]:
        return [100 * record["accuracy"] for record in runs[order, model]]

    def pair(order: str, ahead: str, behind: str) -> Pair:
        return Pair(ahead, behind, "digits that are recognised", order)

    def better(ahead: str, behind: str, reported: dict[str, float] | None) -> list[Comparison]:
        return [
            scores(
                pair(order, ahead, behind),
                right(order, ahead),
                right(order, behind),
                UNIT,
                reported=reported[order] if reported else None,
                of_interest=OF_INTEREST,
                ceiling=100.0,
            )
            for order in orders
        ]

    def as_good(ahead: str, behind: str) -> list[Comparison]:
        return [
            scores(
                pair(order, ahead, behind),
                right(order, ahead),
                right(order, behind),
                UNIT,
                margin=AS_GOOD,
                ceiling=100.0,
            )
            for order in orders
        ]

    return [
        claim(
            "A JANET with the chrono initialisation recognises more digits than an LSTM",
            Reading(
                "van der Westhuizen & Lasenby 2018",
                "JANET 99 % on MNIST and 92.5 % on permuted MNIST, LSTM 98.5 % and 91 %",
                CLAIMED,
                "in an excerpt",
                "abstract",
                NOT_KNOWN,
                unit="% of images",
            ),
            "adapted",
            better("JANET, chrono", "LSTM", JANET),
            lesson=(
                ">>",
                "A JANET with the chrono initialisation recognises more digits than an LSTM with "
                f"PyTorch's, with {smaller('JANET, chrono', 'LSTM')}. On these small images and "
                "with little data the difference is larger than in the paper.",
            ),
        ),
        claim(
            "If both have the chrono initialisation, a JANET recognises as many digits as an LSTM, "
            f"to within {AS_GOOD:g} percentage points",
            question(),
            "our own task",
            as_good("JANET, chrono", "LSTM, chrono"),
            lesson=(
                "++",
                "The initialisation is not the only reason: if the LSTM has the chrono "
                "initialisation too, the JANET is still at least as good, and in these runs ahead.",
            ),
        ),
        claim(
            "An IndRNN of two layers recognises more digits than an LSTM with as many parameters",
            Reading(
                "Li et al. 2018",
                "IndRNNs perform better than RNN and LSTM on various tasks, images pixel by pixel "
                "among them",
                CLAIMED,
                "in an excerpt",
                "abstract",
            ),
            "adapted",
            better("IndRNN, 2 layers", "LSTM", None),
            lesson=(
                "--",
                "After this training, an IndRNN of two layers, without batch normalisation and "
                "with recurrent weights that start evenly between 0 and 1, recognises far fewer "
                "digits than an LSTM. This does not show what the deeper networks of the paper "
                "do, which have batch normalisation and other initial weights.",
            ),
        ),
        claim(
            "An MGU recognises as many digits as a GRU, to within "
            f"{AS_GOOD:g} percentage points, with fewer parameters",
            Reading(
                "Zhou et al. 2016",
                "accuracy comparable with the GRU on various sequence data, with fewer parameters",
                CLAIMED,
                "in an excerpt",
                "abstract",
            ),
            "adapted",
            as_good("MGU", "GRU"),
            lesson=(
                "+.",
                f"With {smaller('MGU', 'GRU')}, an MGU recognises as many digits as a GRU if "
                "pixels are read row by row. If they are permuted, ten seeds do not decide it.",
            ),
        ),
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates that the pilot chose."""
    path = FOLDER / "pixels_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def table(result: Result) -> str:
    """Accuracy, parameters and time, a row for each network and order."""
    rows = []
    names = ("order", "model", "rate")
    for (order, model, rate), records in grouped(result["records"], *names).items():
        right = [100 * record["accuracy"] for record in records]
        rows.append(
            {
                "order": order,
                "network": model,
                "parameters": f"{records[0]['parameters']:,}",
                "learning rate": f"{rate:g}",
                "recognised, median": f"{statistics.median(right):.1f} %",
                "range": f"{min(right):.1f} to {max(right):.1f}",
                "loss, median": f"{statistics.median(r['loss'] for r in records):.3f}",
                "seconds": f"{statistics.median(r['seconds'] for r in records):.1f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        "*Recognised*: share of the images of the test set. *Loss*: cross-entropy there, in nats. "
        "*Seconds*: of training and tests together, the median, on a machine that did other work "
        f"too.\n\n{shown}"
    )
