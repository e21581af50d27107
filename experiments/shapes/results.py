"""What the record of shapes and parameter counts means."""

from __future__ import annotations

import tabulate

from experiments import Record, Result

GROUP = "Size, speed and power"

HEADERS = ("model", "input B × T × D", "H", "output", "parameters", "formula")


def claims(result: Result) -> list[Record]:
    """There is no claim to judge: shapes and counts are exact."""
    return []


def mismatches(result: Result) -> dict[str, int]:
    """The number of shapes and of counts that are not as documented."""
    rows = [row for record in result["records"] for row in record["rows"]]
    return {
        "outputs of another shape than documented": sum(
            row["output"] != row["documented"] for row in rows
        ),
        "counts that differ from the formula": sum(
            row["parameters"] != row["formula_value"] for row in rows
        ),
    }


def table(result: Result) -> str:
    """The table, and the number of mismatches."""
    rows = [
        [
            row["model"],
            " × ".join(map(str, row["input"])),
            row["hidden"],
            " × ".join(map(str, row["output"])),
            f"{row['parameters']:,}",
            f"{row['formula'].replace('*', ' ')} = {row['formula_value']:,}",
        ]
        for record in result["records"]
        for row in record["rows"]
    ]
    align = ("left", "left", "right", "left", "right", "left")
    shown = tabulate.tabulate(rows, HEADERS, tablefmt="pipe", colalign=align)
    checks = "; ".join(f"{what}: {count}" for what, count in mismatches(result).items())
    return f"{shown}\n\n{checks[0].upper()}{checks[1:]}."
