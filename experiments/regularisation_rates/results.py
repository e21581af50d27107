"""What the record of probabilities means."""

from __future__ import annotations

from experiments import Result
from experiments.state_tracking_rates.results import claims, rows_by_rate, tuned
from experiments.statistics.choices import Choice

GROUP = "Variants and their gates"

__all__ = ["choices", "claims", "table"]


def choices(result: Result) -> list[Choice]:
    """The probability of each method, with those that were tried."""
    return tuned(result, "probability")


def table(result: Result) -> str:
    """The loss at each probability, a row for each method, and the one that is chosen."""
    return (
        "Smallest loss on the validation text in bits per character, by the probability of dropout "
        f"or zoneout: the mean over the seeds.\n\n{rows_by_rate(result)}"
    )
