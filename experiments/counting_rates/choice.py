"""The learning rate of each network that counts, chosen from the record of this experiment."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from experiments import Record, Result
from experiments.records import grouped

Network = tuple[str, str, int]
"""Language, model and hidden size."""


def by_rate(result: Result) -> dict[Network, dict[float, list[Record]]]:
    """For each network and learning rate, the records of all seeds."""
    found: dict[Network, dict[float, list[Record]]] = {}
    names = ("language", "model", "hidden", "rate")
    for (*network, rate), records in grouped(result["records"], *names).items():
        found.setdefault((network[0], network[1], network[2]), {})[rate] = records
    return found


def score(records: Sequence[Record]) -> tuple[int, float]:
    """Rank a rate by the low median of the largest n; between equal ones, by minus the error."""
    largest = statistics.median_low(record["max_correct_n"] for record in records)
    return largest, -statistics.median(record["train_error"] for record in records)


def chosen(result: Result) -> dict[Network, float]:
    """For each network, the rate with which it counts farthest."""
    return {
        network: max(rates, key=lambda rate: score(rates[rate]))
        for network, rates in by_rate(result).items()
    }
