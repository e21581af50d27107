"""What the shape table says of the notebook's claim."""

from __future__ import annotations

from collections.abc import Sequence

from experiments import Record
from experiments.verdicts import claim, exact


def score(records: Sequence[Record]) -> Record:
    """How many parameters a GRU saves, at each size."""
    counts: dict[str, dict[str, int]] = {}
    for row in (row for record in records for row in record["rows"]):
        size = f"D = {row['input'][2]}, H = {row['hidden']}"
        counts.setdefault(size, {})[row["variant"]] = row["parameters"]
    return {
        "claims": [
            claim(
                "A GRU is simpler than an LSTM",
                "the teaching notebook",
                "two gates, no cell state",
                [
                    exact(f"{size}: parameters saved by the GRU", of["LSTM"] - of["GRU"])
                    for size, of in counts.items()
                ],
            )
        ]
    }
