"""What the record of learning rates means."""

from __future__ import annotations

from experiments import Result
from experiments.continual.results import name
from experiments.continual_rates.choice import chosen, losses
from experiments.continual_rates.results import claims, table
from experiments.statistics.choices import Choice

GROUP = "Counting and formal languages"

__all__ = ["choices", "claims", "table"]


def choices(result: Result) -> list[Choice]:
    """The rate of each network, from those that were tried."""
    rates = chosen(result)
    return [
        Choice("learning rate", name(*network), tuple(tried), (rates[network],), "validation loss")
        for network, tried in losses(result).items()
    ]
