"""Runs units of a record again, and compares what they give."""

from __future__ import annotations

import contextlib
import functools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from experiments import Record, Result, data
from experiments.engine.code import digest
from experiments.engine.experiment import Experiment
from experiments.engine.extending import as_stored
from experiments.engine.journal import Journal, Unit, key
from experiments.engine.provenance import commit, machine, versions
from experiments.engine.units import Start, Task, Workers, run_unit, run_units, threads
from experiments.records import load

SHOWN = 5
"""How many values that differ are printed for a unit."""
COMPARED = {"cpu": "processor", "simd": "instruction set", "kernels": "kernels"}
"""What results depend on, besides versions, of what a record states of its machines."""


class NothingToRerunError(Exception):
    """There are no units that can be run again. The message is for the user."""


def rerun(
    path: Path,
    name: str,
    experiment: Experiment,
    config: Any,
    count: int,
    where: Sequence[str],
    start: Start,
) -> int:
    """Run units of a record again, and print what differs.

    Args:
        path: File of the record.
        name: The name of the experiment.
        experiment: Its declaration.
        config: Configuration, that of the record.
        count: How many units, drawn at random.
        where: Conditions that they meet, `NAME=VALUE`, with the names of cases or `seed`.
        start: Starts the workers that run them.

    Returns:
        How many of them gave another result although code, data, processor and versions are the
        same.

    Raises:
        NothingToRerunError: If there is no record, if it has other settings or cases, or if no unit
            meets the conditions.
    """
    if not path.exists():
        raise NothingToRerunError(f"There is no {path}: nothing is run again")
    try:
        result = load(path)
    except ValueError as error:
        raise NothingToRerunError(str(error)) from error
    published = {key(record["case"], record["seed"]): record for record in result["records"]}
    known = {key(case, 0): case for case in experiment.cases(config)}
    if result["config"] != as_stored(config) or any(
        key(record["case"], 0) not in known for record in published.values()
    ):
        raise NothingToRerunError(
            f"{path} has other settings or cases than this run would have. Its commit is "
            f"{result['commit']}"
        )
    units = [
        (known[key(record["case"], 0)], record["seed"])
        for record in published.values()
        if meets(record, where)
    ]
    if not units:
        raise NothingToRerunError(
            f"No unit of {path} has {' and '.join(where)}. One that there is: "
            f"{' '.join(conditions(result['records'][0]))}"
        )
    drawn = random.SystemRandom().sample(units, min(count, len(units)))
    took = sum(published[key(*unit)]["seconds"] for unit in drawn)
    print(
        f"{name}: {len(drawn)} of {len(published)} units are run again. For the record, they took "
        f"{took:,.0f} s"
    )
    journal = Journal(None, name, config, drawn, fresh=True)
    task = functools.partial(run_unit, experiment.run, config)
    reasons: list[list[str]] = []  # of each unit that differs

    def compare_with_published(found: Record) -> None:
        before = published[key(found["case"], found["seed"])]
        if compare(before, found):
            reasons.append(list(other_circumstances(name, result, before)))

    with threads(1):
        run_units(name, task, drawn, shown(start, compare_with_published), journal)
    same = len(drawn) - len(reasons)
    print(f"{same} of {len(drawn)} units gave the same result, to the last bit.")
    if given := dict.fromkeys(reason for each in reasons for reason in each):
        print(f"Results may differ, since not all is as it was: {'; '.join(given)}.")
    if unexplained := sum(not each for each in reasons):
        print(
            f"They should be the same in {unexplained}: code, data, processor and versions are "
            "those of the record."
        )
    return unexplained


def shown(start: Start, show: Callable[[Record], None]) -> Start:
    """Start the same workers, and show each record as it comes."""

    @contextlib.contextmanager
    def started(count: int) -> Iterator[Workers]:
        def run(task: Task, units: Sequence[Unit]) -> Iterator[Record]:
            for record in workers(task, units):
                show(record)
                yield record

        with start(count) as workers:
            yield run

    return started


def conditions(record: Record) -> list[str]:
    """Case and seed of a unit as conditions."""
    return [f"{name}={value}" for name, value in {**record["case"], "seed": record["seed"]}.items()]


def meets(record: Record, where: Sequence[str]) -> bool:
    """Whether a unit meets all conditions."""
    return set(where) <= set(conditions(record))


def compare(published: Record, found: Record) -> bool:
    """Print how two records of a unit differ, and return whether they do."""
    before, after = dict(values(published)), dict(values(json.loads(json.dumps(found))))
    # What is measured today and was not measured then is no difference.
    differing = [place for place in before if place not in after or before[place] != after[place]]
    outcome = f"{len(differing)} of {len(before)} values differ" if differing else "the same"
    lines = [
        f"{' '.join(conditions(published))}: {outcome}, after {found['seconds']:.0f} s (record: "
        f"{published['seconds']:.0f} s)"
    ]
    for place in differing[:SHOWN]:
        here = after.get(place, "nothing")
        lines.append(f"    {place}: {before[place]} in the record, {here} here")
    if len(differing) > SHOWN:
        lines.append(f"    and {len(differing) - SHOWN} more")
    tqdm.write("\n".join(lines))  # above the progress bar
    return bool(differing)


def values(record: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a record with its place, but for times and machines."""
    if isinstance(record, dict):
        parts = {k: v for k, v in record.items() if place or k not in ("seconds", "machine")}
        for name, part in parts.items():
            yield from values(part, f"{place}.{name}" if place else name)
    elif isinstance(record, list):
        yield f"length of {place}", len(record)
        for k, part in enumerate(record):
            yield from values(part, f"{place}[{k}]")
    else:
        yield place, record


def other_circumstances(name: str, result: Result, unit: Record) -> Iterator[str]:
    """What differs between the run of a unit and this one, of what results depend on."""
    machines = result.get("machines") or [result["machine"]]
    if "machine" in unit:  # older records do not state on which of their machines a unit ran
        machines = [machines[unit["machine"]]]
    for called, here in stated(machine()).items():
        there = [values[called] for values in map(stated, machines) if called in values]
        if any(value != here for value in there):
            listed = ", ".join(str(value) for value in dict.fromkeys(there))
            yield f"{called} ({listed} in the record, {here} here)"
    if result.get("code") != digest(name):
        yield f"code (commit {result['commit']} in the record, {commit()} here)"
    if result.get("generated", False) != data.is_generated():
        yield "data (generated or real)"


def stated(of: Record) -> Record:
    """What results depend on, of what a record states of a machine."""
    parts = {called: of[part] for part, called in COMPARED.items() if part in of}
    return parts | versions(of)
