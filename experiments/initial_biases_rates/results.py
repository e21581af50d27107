"""What the record says about smaller learning rates."""

from __future__ import annotations

from experiments import Record, Result
from experiments.initial_biases.results import (
    CHRONO_AGAINST_ONE,
    OF_INTEREST,
    SEQUENCES,
    table_by,
    times_by,
)
from experiments.statistics.comparisons import Comparison, Pair, times
from experiments.statistics.readings import BIAS_OF_ONE
from experiments.statistics.verdicts import claim

GROUP = "Long lags"

NAMES = ("rate", "model", "initialisation")


def claims(result: Result) -> list[Record]:
    """How many times sooner a network learns with one initialisation than with another."""
    cap, lag = result["config"]["max_sequences"], result["config"]["lag"]
    rates = " and ".join(map(str, result["config"]["rates"]))
    took = times_by(result, *NAMES)

    def against(ahead: str, behind: str) -> list[Comparison]:
        return [
            times(
                Pair(
                    f"LSTM with {ahead}", f"LSTM with {behind}", SEQUENCES, f"learning rate {rate}"
                ),
                took[rate, "LSTM", ahead],
                took[rate, "LSTM", behind],
                cap,
                of_interest=OF_INTEREST,
            )
            for rate in dict.fromkeys(rate for rate, _, _ in took)
        ]

    return [
        claim(
            "With smaller learning rates too, the chrono initialisation is better than a forget "
            "bias of 1",
            CHRONO_AGAINST_ONE.about_other_tasks(),
            "our own task",
            against("chrono T", "bias 1"),
            lesson=(
                "++",
                f"With learning rates of {rates}, too, all LSTMs solve the task for T = {lag} "
                "with the chrono initialisation, and none with a forget bias of 1 within "
                f"{cap:,} sequences.",
            ),
        ),
        claim(
            "With smaller learning rates, a forget bias of 1 makes a long lag easier to learn for "
            "an LSTM",
            BIAS_OF_ONE,
            "our own task",
            against("bias 1", "uniform"),
            lesson=(
                "00",
                f"With learning rates of {rates}, too, no LSTM solves the task for T = {lag} "
                f"within {cap:,} sequences with PyTorch's initialisation or with a forget bias of "
                "1: the mean error stays that of a network that does not learn the lag. A smaller "
                "learning rate alone is not enough.",
            ),
        ),
    ]


def table(result: Result) -> str:
    """How many seeds solve the task, and after how many sequences."""
    return table_by(result, *NAMES)
