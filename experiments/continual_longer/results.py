"""What the record says about continual streams after longer training."""

from __future__ import annotations

from experiments import FOLDER, Record, Result
from experiments.continual.results import WITH_A_FORGET_GATE, compared, table
from experiments.continual_longer_rates import results as pilot
from experiments.records import load
from experiments.statistics.choices import Choice
from experiments.statistics.verdicts import claim

GROUP = "Counting and formal languages"

__all__ = ["choices", "claims", "table"]


def claims(result: Result) -> list[Record]:
    """Shares of seeds that solve the task, and how far the others come."""
    return [
        claim(
            "After 6,000 updates, an LSTM with a forget gate has learned a continual stream, one "
            "without it has not",
            WITH_A_FORGET_GATE,
            "adapted",
            compared(result, ("LSTM", "none"), ("LSTM-1997", "none"), reported=62.0),
        )
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates that the pilot chose."""
    path = FOLDER / "continual_longer_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []
