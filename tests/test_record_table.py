"""All records as one table."""

import csv
import gzip
import json

import pytest

from experiments import FOLDER
from experiments.records import load
from experiments.report import package

NAMES = ("characters", "pixels_rates", "gates")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("package")
    package.write_package(made, [load(FOLDER / name / "record.json") for name in NAMES])
    return made


@pytest.fixture(scope="module")
def rows(folder):
    with gzip.open(folder / package.TABLE, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_every_number_of_every_run(rows):
    given = {
        (name, json.dumps(r["case"], sort_keys=True), r["seed"], "test"): r["test"]
        for name in ("characters",)
        for r in load(FOLDER / name / "record.json")["records"]
    }
    found = {
        (row["experiment"], row["case"], int(row["seed"]), row["measure"]): float(row["value"])
        for row in rows
        if row["experiment"] == "characters" and row["measure"] == "test"
    }
    assert found == given
    assert {row["experiment"] for row in rows} == set(NAMES)


def test_the_schema_describes_the_table(folder, rows):
    [resource] = json.loads((folder / package.SCHEMA).read_text())["resources"]
    assert [field["name"] for field in resource["schema"]["fields"]] == list(rows[0])
    assert resource["rows"] == len(rows)
    keys = [tuple(row[name] for name in resource["schema"]["primaryKey"]) for row in rows]
    assert len(set(keys)) == len(keys)
    types = {"integer": int, "number": float, "string": str, "datetime": str}
    for field in resource["schema"]["fields"]:
        for row in rows[:: len(rows) // 50]:
            types[field["type"]](row[field["name"]])


def test_nested_values_have_a_name_and_truth_is_a_number():
    result = {
        "experiment": "it",
        "commit": "c",
        "date": "d",
        "records": [
            {"case": {"b": 1, "a": "é"}, "seed": 3, "x": {"y": True}, "curve": [1], "machine": 0}
        ],
    }
    assert list(package.rows(result)) == [("it", '{"a": "é", "b": 1}', 3, "x.y", 1.0, "c", "d")]


def test_the_same_records_give_the_same_bytes(folder, tmp_path):
    package.write_package(tmp_path, [load(FOLDER / name / "record.json") for name in NAMES])
    for file in (package.TABLE, package.SCHEMA):
        assert (tmp_path / file).read_bytes() == (folder / file).read_bytes()
