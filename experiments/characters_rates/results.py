"""What the record of learning rates means."""

from __future__ import annotations

import statistics

from experiments import Result
from experiments.records import grouped
from experiments.state_tracking_rates.choice import chosen, losses
from experiments.state_tracking_rates.results import claims, rows_by_rate, tuned

GROUP = "Variants and their gates"

__all__ = ["choices", "claims", "level", "losses", "table"]

choices = tuned


def table(result: Result) -> str:
    """The loss at each rate, a row for each network, and the rate that is chosen."""
    return (
        "Smallest loss on the validation text in bits per character, by learning rate: the mean "
        f"over the seeds.\n\n{rows_by_rate(result)}"
    )


def level(result: Result) -> float:
    """The mean loss of the LSTM with its rate, on the validation text after half of the updates."""
    records = grouped(result["records"], "model", "rate")["LSTM", chosen(result)["LSTM"]]
    curves: list[list[float]] = [record["curve"] for record in records]
    return statistics.mean(curve[len(curve) // 2 - 1] for curve in curves)
