"""The learning rate of each network that tracks a state, from the record of this experiment."""

from __future__ import annotations

import statistics

from experiments import Result
from experiments.records import grouped


def losses(result: Result) -> dict[str, dict[float, dict[str, float]]]:
    """For each network, learning rate and task, the median loss over the seeds."""
    found: dict[str, dict[float, dict[str, float]]] = {}
    for (model, rate, task), records in grouped(result["records"], "model", "rate", "task").items():
        median = statistics.median(record["loss"] for record in records)
        found.setdefault(model, {}).setdefault(rate, {})[task] = median
    return found


def chosen(result: Result) -> dict[str, float]:
    """For each network, the rate with the smallest mean over the tasks of the median losses."""
    return {
        model: min(rates, key=lambda rate: statistics.mean(rates[rate].values()))
        for model, rates in losses(result).items()
    }
