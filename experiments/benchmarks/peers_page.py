"""The section on other implementations on the page of speed."""

from __future__ import annotations

import tabulate

from experiments import Record, Result
from experiments.benchmarks.results import spread, times
from experiments.benchmarks.sizes import legend, size_name
from experiments.report.data import data_links
from experiments.report.markdown import provenance

NOT_MEASURED = "No measurements are published. `make bench-peers` measures them.\n"


def section(result: Result | None) -> str:
    """The fastest peer of each cell, and all of them folded up."""
    if result is None:
        return NOT_MEASURED
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    parts = (
        table([min(found, key=median) for found in groups(result).values()]),
        f"{legend(result['records'])} In brackets: the quartiles of the rounds in one process.",
        '<details markdown="1" data-search-exclude><summary>All implementations</summary>',
        table(result["records"]),
        "</details>",
        f"Versions: {versions}. {provenance(result)}. {data_links(result)}",
    )
    return "\n\n".join(parts) + "\n"


def groups(result: Result) -> dict[tuple[str, str, str], list[Record]]:
    """All that were timed together: by cell, mode and size, in the order of the record's sizes."""
    found: dict[tuple[str, str, str], list[Record]] = {}
    for record in result["records"]:
        key = record["variant"], record["mode"], size_name(record["size"])
        found.setdefault(key, []).append(record)
    sizes = list(dict.fromkeys(size for _, _, size in found))
    return dict(sorted(found.items(), key=lambda item: (*item[0][:2], sizes.index(item[0][2]))))


def median(record: Record) -> float:
    """The time of a peer."""
    time: float = record["baseline_milliseconds"]["median"]
    return time


def table(records: list[Record]) -> str:
    """Ratios and times in Markdown."""
    rows = [
        {
            "layer": record["variant"],
            "mode": record["mode"],
            "size": size_name(record["size"]),
            "compared with": record["peer"],
            "ratio": spread(record["ratio"]),
            "ms": times(record),
        }
        for record in records
    ]
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
