"""The section on small calls on the page of speed."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate

from experiments import Record, Result
from experiments.benchmarks.results import spread
from experiments.benchmarks.sizes import size_text
from experiments.report.data import data_links
from experiments.report.markdown import provenance

NOT_MEASURED = (
    "No measurements are published. `python -m experiments.benchmarks --small` makes them.\n"
)


def section(results: Sequence[Result]) -> str:
    """Ratios of calls in which the arithmetic takes less time than the call."""
    if not results:
        return NOT_MEASURED
    parts = []
    for result in results:
        parts += [
            table(result["small_calls"]),
            "Time of this package divided by that of `torch.nn`, one thread, float32, by B, T, D, "
            "H. The median ratio of all rounds; in brackets, the lowest and the highest median of "
            f"{result['processes']} processes. {provenance(result)}. {data_links(result)}",
        ]
    return "\n\n".join(parts) + "\n"


def table(records: Sequence[Record]) -> str:
    """A row for each layer and size, in Markdown."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for record in records:
        key = record["variant"], size_text(record["size"])
        row = rows.setdefault(
            key, {"layer": key[0], "B, T, D, H": key[1], "to": record["baseline"]}
        )
        row[record["mode"]] = spread(record["ratio"])
    return tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)
