"""What the recordings contain."""

from __future__ import annotations

import tabulate

from experiments import Record, Result

GROUP = "Variants and their gates"


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


def table(result: Result) -> str:
    """The error of each network after training."""
    rows: dict[str, dict[str, str]] = {}
    for record in result["records"]:
        case = record["case"]
        row = rows.setdefault(case["model"], {"model": case["model"]})
        row[f"{case['task']}: error"] = f"{record['error']:.2g}"
    return tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)
