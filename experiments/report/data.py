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

    Names of nested values are joined by a point: `case.model`. A list is a cell with JSON.
    """
    name = result["experiment"]
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    rows = [dict(flat(record)) for record in result["records"]]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def flat(record: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a record by their names."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, json.dumps(value) if isinstance(value, list) else value


def data_links(result: Result) -> str:
    """Links to both files."""
    name = result["experiment"]
    return f"Data: [JSON](../generated/{name}.json), [CSV](../generated/{name}.csv)."
