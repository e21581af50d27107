"""What the record says about initial biases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.records import grouped, median_of_solved, median_text
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Comparison, Pair, times
from experiments.statistics.readings import BIAS_OF_ONE, CLAIMED, NOT_STATED, Reading, question
from experiments.statistics.verdicts import claim

GROUP = "Long lags"

MODELS = ("LSTM", "GRU")
OF_INTEREST = 2.0  # times sooner
SEQUENCES = "sequences to solve it"
CONTROL = question()
CHRONO_AGAINST_ONE = Reading(
    "Tallec & Ollivier 2018",
    "an adding problem with a mark in each half, LSTM: converges 7 times sooner at T = 750",
    CLAIMED,
    "in full",
    "section 3, figure 2 of the submitted version",
    NOT_STATED,
    unit="times sooner",
)
CONTROLS = {
    "The chrono initialisation makes long lags easier to learn if the lag is known": (
        "chrono T",
        (
            "++++",
            "With the chrono initialisation for the right lag, LSTMs and GRUs solve the task "
            "sooner than with PyTorch's, with which no LSTM solves it within the limit.",
        ),
    ),
    "The chrono initialisation helps if the assumed lag is ten times too long": (
        "chrono 10 T",
        (
            "++++",
            "An assumed lag that is ten times too long helps LSTMs and GRUs too, by the medians "
            "about as much as the right one; these two were not compared by a test.",
        ),
    ),
    "The chrono initialisation helps if the assumed lag is ten times too short": (
        "chrono T/10",
        (
            "0+0+",
            "An assumed lag that is ten times too short helps a GRU, by the medians less than the "
            "right one, and for T = 100 not more than a constant bias of 2; no LSTM solves the "
            "task with it within the limit.",
        ),
    ),
}
"""Claims of this project: each with the initialisation that is compared with PyTorch's, the
outcomes of its comparisons and what to take from them."""


def claims(result: Result) -> list[Record]:
    """How many times sooner a network learns with one initialisation than with another."""
    cap, rate = result["config"]["max_sequences"], result["config"]["rate"]
    took = times_by(result, "T", "model", "initialisation")
    lags = list(dict.fromkeys(T for T, _, _ in took))

    def against(
        pairs: Sequence[tuple[str, str]], models: Sequence[str] = MODELS
    ) -> list[Comparison]:
        return [
            times(
                Pair(f"{model} with {ahead}", f"{model} with {behind}", SEQUENCES, f"T = {T}"),
                took[T, model, ahead],
                took[T, model, behind],
                cap,
                of_interest=OF_INTEREST,
            )
            for T in lags
            for model in models
            for ahead, behind in pairs
        ]

    return [
        claim(
            "An initial forget bias of 1 or 2 makes long lags easier to learn for an LSTM",
            BIAS_OF_ONE,
            "our own task",
            against([("bias 1", "uniform"), ("bias 2", "uniform")], ["LSTM"]),
            lesson=(
                "0000",
                f"At a learning rate of {rate:g} no LSTM solves the task, whose lags are long, "
                "within "
                f"{cap:,} sequences with PyTorch's initialisation or with a forget bias of 1 or 2: "
                "the mean error stays that of a network that does not learn the lag.",
            ),
        ),
        claim(
            "The chrono initialisation is better than a forget bias of 1",
            CHRONO_AGAINST_ONE.about_other_tasks(),
            "our own task",
            against([("chrono T", "bias 1")]),
            lesson=(
                "++++",
                "If every lag is long, the chrono initialisation is better than a forget bias of "
                f"1: at a learning rate of {rate:g}, all LSTMs and GRUs solve the task with it. "
                "With a bias "
                f"of 1 no LSTM does within {cap:,} sequences, and GRUs need several times as many.",
            ),
        ),
        *(
            claim(
                text,
                CONTROL,
                "our own task",
                against([(ahead, "uniform")]),
                lesson=lesson,
            )
            for text, (ahead, lesson) in CONTROLS.items()
        ),
    ]


def times_by(result: Result, *names: str) -> dict[Any, list[int]]:
    """After how many sequences each seed solves the task, or the limit, by names in the cases."""
    cap = result["config"]["max_sequences"]
    found = grouped(result["records"], *names)
    return {key: [r["sequences"] if r["solved"] else cap for r in rs] for key, rs in found.items()}


def choices(result: Result) -> list[Choice]:
    """One learning rate for all networks."""
    rate = result["config"]["rate"]
    return [Choice("learning rate", "all networks", (rate,), (rate,), "nothing")]


def table(result: Result) -> str:
    """How many seeds solve the task, and after how many sequences."""
    return table_by(result, "T", "model", "initialisation")


def table_by(result: Result, *names: str) -> str:
    """The same with a row for each group of cases, by names in the cases."""
    rows: list[dict[str, Any]] = []
    for key, found in grouped(result["records"], *names).items():
        rows.append(
            {
                **{name.replace("_", " "): value for name, value in zip(names, key, strict=True)},
                "solved": f"{sum(r['solved'] for r in found)} of {len(found)}",
                "sequences to solve it, median": median_of_solved(found, "sequences"),
                "sequences until the mean error is below 0.1, median": median_text(
                    [r["learned"] for r in found], missing="not below"
                ),
                "mean error, median": f"{np.median([r['mean_error'] for r in found]):.3f}",
            }
        )
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
