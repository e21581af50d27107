"""The data of a record, as files that a page links to."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments import Result


def write_data(folder: Path, result: Result) -> None:
    """Write a record as `<experiment>.json`, and its units as `<experiment>.csv`, a row for each.

    Names of nested values are joined by a point: `case.model`. Lists are in the first file only,
    and there is no second one if little else is measured.
    """
    name = result["experiment"]
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if not (columns := columns_of(result)):
        return
    rows = [dict(flat(record)) for record in result["records"]]
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def flat(record: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a record that are not lists, by their names."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            yield prefix + name, value


def columns_of(result: Result) -> list[str]:
    """The names of all values, or none if only cases, seeds, seconds and machines are left."""
    names = [name for record in result.get("records", ()) for name, _ in flat(record)]
    columns = list(dict.fromkeys(names))
    known = ("seed", "seconds", "machine")
    measured = [c for c in columns if c not in known and not c.startswith("case.")]
    return columns if measured else []


def data_links(result: Result) -> str:
    """Links to the files."""
    name = result["experiment"]
    table = f", [CSV](../generated/{name}.csv)" if columns_of(result) else ""
    return f"Data: [JSON](../generated/{name}.json){table}."
