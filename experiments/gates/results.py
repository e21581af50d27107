"""What the gates of a trained network do."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate

from experiments import Record, Result
from experiments.records import grouped, median_of_solved

GROUP = "Variants and their gates"

CLOSED = 0.1
"""Below it, an output gate hides most of the cell state."""


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


def closing(records: Sequence[Record]) -> str:
    """In how many of the networks that solved the task the output gate of the unit closes."""
    gates = [record["trace"]["o"] for record in records if record["solved"]]
    return f"{sum(min(gate) < CLOSED for gate in gates)} of {len(gates)}"


def table(result: Result) -> str:
    """How many networks solved the task or diverged, and in how many the output gate closes."""
    records = result["records"]
    rows = [
        {
            "unit": "no peepholes" if unit == "none" else unit,
            "solved": f"{sum(r['solved'] for r in found)} of {len(found)}",
            "diverged": f"{sum(r['diverged'] for r in found)} of {len(found)}",
            "updates, median of all runs": median_of_solved(found),
            f"o below {CLOSED} at some time step": closing(found),
        }
        for unit, found in grouped(records, "unit").items()
    ]
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
