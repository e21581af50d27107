"""The learning rate of each network that reads a stream, from the record of this experiment."""

from __future__ import annotations

import statistics

from experiments import Result
from experiments.records import grouped

Network = tuple[str, str]
"""Model, and when its state is reset."""


def losses(result: Result) -> dict[Network, dict[float, float]]:
    """For each network and learning rate, the mean loss over the seeds."""
    found: dict[Network, dict[float, float]] = {}
    names = ("model", "resets", "rate")
    for (model, resets, rate), records in grouped(result["records"], *names).items():
        mean = statistics.mean(record["loss"] for record in records)
        found.setdefault((model, resets), {})[rate] = mean
    return found


def chosen(result: Result) -> dict[Network, float]:
    """For each network, the rate with the smallest mean loss."""
    return {network: min(rates, key=rates.__getitem__) for network, rates in losses(result).items()}
