"""What the record says about selective copying."""

from __future__ import annotations

import statistics

import tabulate

from experiments import FOLDER, Record, Result
from experiments.records import grouped, load
from experiments.selective_copying_rates import results as pilot
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Pair, scores
from experiments.statistics.readings import BY_MEMORY, CLAIMED, Reading
from experiments.statistics.verdicts import claim

GROUP = "Long lags"

SOLVED = 90.0
"""Percent of right answers from which a network solves the task."""
OF_INTEREST = 10.0
UNIT = "percentage points"
UNITS = ("MinGRU", "MinLSTM")
MEASURE = "right answers"


def deep(unit: str, layers: int) -> str:
    """The name of a network."""
    return f"{unit}, {layers} layer{'s' if layers > 1 else ''}"


def read_as(reported: str) -> Reading:
    """What the paper reports."""
    return Reading("Feng et al. 2024", reported, CLAIMED, BY_MEMORY, "section on selective copying")


def claims(result: Result) -> list[Record]:
    """Shares of right answers by the number of layers."""
    runs = grouped(result["records"], "model")
    right = {model: [100 * r["accuracy"] for r in records] for model, records in runs.items()}
    one = " and ".join(
        f"{statistics.median(right[deep(unit, 1)]):.0f} % ({unit})" for unit in UNITS
    )
    return [
        claim(
            "MinGRU and MinLSTM copy more with two or three layers than with one",
            read_as("more layers give more right answers"),
            "adapted",
            [
                scores(
                    Pair(deep(unit, layers), deep(unit, 1), MEASURE),
                    right[deep(unit, layers)],
                    right[deep(unit, 1)],
                    UNIT,
                    of_interest=OF_INTEREST,
                    ceiling=100.0,
                )
                for unit in UNITS
                for layers in (2, 3)
            ],
            lesson=(
                "++++",
                f"With one layer, {one} of the answers are right in the median of the runs; with "
                "two or three layers, nearly all are. Networks with more layers have more "
                "parameters as well: a single layer with as many was not tried.",
            ),
        ),
        claim(
            "With two or three layers, MinGRU and MinLSTM solve selective copying",
            read_as("nearly all answers are right with three layers, most with two"),
            "adapted",
            [
                scores(
                    Pair(deep(unit, layers), f"{SOLVED:g} %", MEASURE),
                    right[deep(unit, layers)],
                    SOLVED,
                    UNIT,
                )
                for unit in UNITS
                for layers in (2, 3)
            ],
            lesson=(
                "++++",
                "Two layers are enough for this short version of the task: a MinGRU or MinLSTM "
                "with two or three layers gives more than "
                f"{SOLVED:g} % of the answers right.",
            ),
        ),
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates that the pilot chose."""
    path = FOLDER / "selective_copying_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def observations(result: Result) -> list[str]:
    """Whether networks with one layer still improve at the end of the training."""
    runs = grouped(result["records"], "model")
    tenth = result["config"]["kept"] // 10
    sentences = []
    for unit in UNITS:
        curves = [record["curve"] for record in runs[deep(unit, 1)]]
        gain = statistics.median(100 * (curve[-1] - curve[-1 - tenth]) for curve in curves)
        sentences.append(
            f"{deep(unit, 1)}: in the last tenth of the training, the share of right answers "
            f"changes by {gain:+.1f} percentage points, the median of the runs."
        )
    return sentences


def table(result: Result) -> str:
    """Right answers, parameters and time, a row for each network."""
    rows = []
    chance = 100 / result["config"]["symbols"]
    for (model, rate), records in grouped(result["records"], "model", "rate").items():
        right = [100 * record["accuracy"] for record in records]
        rows.append(
            {
                "network": model,
                "parameters": f"{records[0]['parameters']:,}",
                "learning rate": f"{rate:g}",
                "right, median": f"{statistics.median(right):.1f} %",
                "range": f"{min(right):.1f} to {max(right):.1f}",
                "whole, median": f"{100 * statistics.median(r['whole'] for r in records):.1f} %",
                "seconds": f"{statistics.median(r['seconds'] for r in records):.1f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        f"*Right*: share of right answers on new sequences; by chance, {chance:g} %. *Whole*: "
        "share of sequences with all answers right. *Seconds*: of training and tests together, the "
        f"median, on a machine that did other work too.\n\n{shown}"
    )
