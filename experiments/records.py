"""Reads stored records."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments import Record, Result

UNSOLVED = "not solved"


def load(path: Path) -> Result:
    """A stored record.

    Raises:
        ValueError: If the file holds something else, such as a part of a record.
    """
    advice = "Restore it from the repository, or move it away"
    try:
        result: Result = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not a record: {error}. {advice}") from error
    if not isinstance(result, dict):
        raise ValueError(f"{path} is not a record, but a {type(result).__name__}. {advice}")
    return result


def grouped(records: Sequence[Record], *names: str) -> dict[Any, list[Record]]:
    """Records by the values of some names in their cases, each group in the order of seeds.

    A key is one value for one name, else a tuple.
    """
    groups: dict[Any, list[Record]] = {}
    for record in sorted(records, key=lambda r: r["seed"]):
        values = tuple(record["case"][name] for name in names)
        groups.setdefault(values if len(names) > 1 else values[0], []).append(record)
    return groups


def median_text(values: Sequence[float | None], missing: str = UNSOLVED) -> str:
    """The median of what was reached; `None` is what was not, and `missing` names it."""
    middle = statistics.median(math.inf if value is None else value for value in values)
    return f"{middle:,.0f}" if math.isfinite(middle) else missing


def median_of_solved(records: Sequence[Record], measured: str = "took") -> str:
    """The median of what it took, if the median run solves the task."""
    return median_text([record[measured] if record["solved"] else None for record in records])
