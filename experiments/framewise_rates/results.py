"""What the record of learning rates means."""

from __future__ import annotations

from experiments import Result
from experiments.state_tracking_rates.results import claims, rows_by_rate, tuned

GROUP = "Both directions"

__all__ = ["choices", "claims", "table"]

choices = tuned


def table(result: Result) -> str:
    """The loss at each rate, a row for each network, and the rate that is chosen."""
    return (
        "Cross-entropy on the validation set in nats per frame, by learning rate: the mean over "
        f"the seeds.\n\n{rows_by_rate(result)}"
    )
