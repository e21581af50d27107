"""What the record of learning rates means."""

from __future__ import annotations

import statistics

import tabulate

from experiments import Record, Result
from experiments.records import grouped

Network = tuple[str, str, int]
"""Language, model and hidden size."""


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


def errors(result: Result) -> dict[Network, dict[float, float]]:
    """For each network, the median error at each rate."""
    found: dict[Network, dict[float, float]] = {}
    names = ("language", "model", "hidden", "rate")
    for (*network, rate), records in grouped(result["records"], *names).items():
        middle = statistics.median(record["train_error"] for record in records)
        found.setdefault((network[0], network[1], network[2]), {})[rate] = middle
    return found


def chosen(result: Result) -> dict[Network, float]:
    """For each network, the rate with the smallest median error."""
    return {
        network: min(by_rate, key=by_rate.__getitem__)
        for network, by_rate in errors(result).items()
    }


def table(result: Result) -> str:
    """Median error at each rate, a row for each network, and the rate that is chosen."""
    largest: dict[Network, list[str]] = {}
    names = ("language", "model", "hidden", "rate")
    for (*network, rate), records in grouped(result["records"], *names).items():
        if rate == chosen(result)[network[0], network[1], network[2]]:
            values = sorted(record["max_correct_n"] for record in records)
            largest[network[0], network[1], network[2]] = [str(n) for n in values]
    rows = [
        {"language": language, "H": hidden, "model": model}
        | {f"{rate:g}": f"{error:.2g}" for rate, error in by_rate.items()}
        | {
            "chosen": f"{chosen(result)[language, model, hidden]:g}",
            "largest n at this rate": ", ".join(largest[language, model, hidden]),
        }
        for (language, model, hidden), by_rate in errors(result).items()
    ]
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return f"Median error after training, by learning rate.\n\n{shown}"
