"""What the shape table says."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate

from experiments import Record
from experiments.verdicts import claim, counted


def score(records: Sequence[Record]) -> Record:
    """How many parameters a GRU saves, at each size; and whether all is as documented."""
    rows = [row for record in records for row in record["rows"]]
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        size = f"D = {row['input'][2]}, H = {row['hidden']}"
        counts.setdefault(size, {})[row["variant"]] = row["parameters"]
    return {
        "claims": [
            claim(
                "A GRU is simpler than an LSTM",
                "the teaching notebook",
                "two gates, no cell state",
                [
                    counted(f"{size}: parameters saved by the GRU", of["LSTM"] - of["GRU"])
                    for size, of in counts.items()
                ],
            )
        ],
        "outputs of another shape than documented": sum(
            row["output"] != row["documented"] for row in rows
        ),
        "counts that differ from the formula": sum(
            row["parameters"] != row["formula_value"] for row in rows
        ),
    }


def table(records: Sequence[Record]) -> str:
    """The table in Markdown."""
    rows = [
        [
            row["model"],
            " × ".join(map(str, row["input"])),
            row["hidden"],
            " × ".join(map(str, row["output"])),
            f"{row['parameters']:,}",
            f"{row['formula'].replace('*', ' ')} = {row['formula_value']:,}",
        ]
        for row in records[0]["rows"]
    ]
    headers = ["model", "input B × T × D", "H", "output", "parameters", "formula"]
    return tabulate.tabulate(
        rows, headers, tablefmt="pipe", colalign=("left", "left", "right", "left", "right", "left")
    )
