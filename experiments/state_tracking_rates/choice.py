"""The learning rate of each network that tracks a state, from the record of this experiment."""

from __future__ import annotations

import statistics

from experiments import Result
from experiments.records import grouped


def losses(result: Result) -> dict[str, dict[float, float]]:
    """For each network and learning rate, the mean loss over the seeds."""
    found: dict[str, dict[float, float]] = {}
    for (model, rate), records in grouped(result["records"], "model", "rate").items():
        mean = statistics.mean(record["loss"] for record in records)
        found.setdefault(model, {})[rate] = mean
    return found


def chosen(result: Result) -> dict[str, float]:
    """For each network, the rate with the smallest mean loss."""
    return {model: min(rates, key=rates.__getitem__) for model, rates in losses(result).items()}
