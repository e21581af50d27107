"""The sections on small calls and on ragged batches on the page of speed."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate

from experiments import Record, Result
from experiments.benchmarks.results import spread
from experiments.benchmarks.sizes import size_text
from experiments.report.data import data_links
from experiments.report.markdown import provenance

NOT_MEASURED = (
    "No measurements are published. `python -m experiments.benchmarks --calls` makes them.\n"
)


def section(results: Sequence[Result], name: str) -> str:
    """Ratios of small calls (`"small_calls"`) or of ragged batches (`"ragged"`)."""
    if not results:
        return NOT_MEASURED
    parts = []
    for result in results:
        parts += [
            f'<div markdown="1" data-search-exclude>\n\n{table(result[name])}\n\n</div>',
            f"{lengths_of(result[name])}Time of this package divided by that of `torch.nn`, one "
            "thread, float32, by B, T, D, H. The median ratio of all rounds; in brackets, the "
            f"lowest and the highest median of {result['processes']} processes. "
            f"{provenance(result)}. {data_links(result)}",
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


def lengths_of(records: Sequence[Record]) -> str:
    """The lengths of ragged batches, a sentence; empty for others."""
    texts = dict.fromkeys(record["lengths"] for record in records if "lengths" in record)
    return f"Sequences of {'; '.join(texts)}. " if texts else ""
