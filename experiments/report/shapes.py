"""Results of the shape table."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate

from experiments import Record


def score(records: Sequence[Record]) -> Record:
    """Whether all shapes and parameter counts are as documented; there is no claim."""
    rows = [row for record in records for row in record["rows"]]
    return {
        "claims": [],
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
