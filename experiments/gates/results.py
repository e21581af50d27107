"""What the gates of a trained network do."""

from __future__ import annotations

import tabulate

from experiments import Record, Result
from experiments.records import grouped, median_of_solved


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


def table(result: Result) -> str:
    """How many networks learned the task."""
    records = result["records"]
    rows = [
        {
            "unit": unit,
            "solved": f"{sum(r['solved'] for r in found)} of {len(found)}",
            "updates, median": median_of_solved(found),
        }
        for unit, found in grouped(records, "unit").items()
    ]
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
