"""All records in one table, with its schema: a data package of the Frictionless standard."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments import Result
from experiments.report.data import flat

TABLE = "records.csv.gz"
SCHEMA = "datapackage.json"
FIELDS = {
    "experiment": ("string", "Name of the experiment: the folder in experiments/."),
    "case": ("string", "What was run, as JSON with sorted keys: network, task, learning rate."),
    "seed": ("integer", "Seed; of a random search, number of the trial."),
    "measure": ("string", "What was measured; names of nested values are joined by a point."),
    "value": ("number", "The number; 1 and 0 for true and false."),
    "commit": ("string", "Commit of the run that wrote the record."),
    "date": ("datetime", "When that run began."),
}
"""Type and description of each column."""
NOT_MEASURED = ("seed", "machine")


def rows(result: Result) -> Iterator[tuple[str, str, int, str, float, str, str]]:
    """A row for each number of each unit. Lists, such as curves of training, are left out."""
    for record in result["records"]:
        case = json.dumps(record["case"], sort_keys=True, ensure_ascii=False)
        for measure, value in flat({k: v for k, v in record.items() if k != "case"}):
            if measure in NOT_MEASURED or not isinstance(value, int | float):
                continue
            unit = result["experiment"], case, record["seed"]
            yield *unit, measure, float(value), result["commit"], result["date"]


def write_package(folder: Path, results: Sequence[Result]) -> None:
    """Write the table of some records and its schema. The same records give the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(FIELDS)
    number = 0
    for result in results:
        for row in rows(result):
            writer.writerow(row)
            number += 1
    (folder / TABLE).write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    fields = [
        {"name": name, "type": kind, "description": text} for name, (kind, text) in FIELDS.items()
    ]
    schema = {
        "name": "lstm-variants-records",
        "title": "Records of the experiments of lstm_variants",
        "licenses": [{"name": "MIT"}],
        "resources": [
            {
                "name": "records",
                "path": TABLE,
                "format": "csv",
                "compression": "gz",
                "encoding": "utf-8",
                "rows": number,
                "schema": {
                    "fields": fields,
                    "primaryKey": ["experiment", "case", "seed", "measure"],
                },
            }
        ],
    }
    (folder / SCHEMA).write_text(json.dumps(schema, indent=1) + "\n", encoding="utf-8")
