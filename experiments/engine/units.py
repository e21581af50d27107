"""Runs the units of an experiment, here or on workers, and journals each as it finishes.

A unit is one case with one seed. It runs with one thread, so that a seed gives the same record
whatever else runs.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from tqdm import tqdm

from experiments import Record
from experiments.engine.journal import Journal
from experiments.engine.provenance import machine

Unit = tuple[Record, int]
"""A case and a seed."""
Task = Callable[[Record, int], Record]
"""Makes the record of a unit."""
Workers = Callable[[Task, Sequence[Unit]], Iterator[Record]]
"""Runs a task on units, and gives their records as they finish."""
DIVERGED = 1e30


def run_units(
    name: str, task: Task, units: Sequence[Unit], workers: Workers, journal: Journal
) -> list[Record]:
    """The records of all units in their order; those in the journal are not run again."""
    known = {key(record): record for record in journal.records}
    missing = [unit for unit in units if key(as_record(*unit)) not in known]
    with tqdm(total=len(units), initial=len(units) - len(missing), desc=name, unit="unit") as bar:
        for record in workers(task, missing) if missing else ():
            journal.add(record)
            known[key(record)] = record
            bar.update()
    return [known[key(as_record(*unit))] for unit in units]


def here(task: Task, units: Sequence[Unit]) -> Iterator[Record]:
    """Run units in this process, one after the other."""
    yield from (task(*unit) for unit in units)


@contextlib.contextmanager
def threads(number: int) -> Iterator[None]:
    """Let torch use a number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def run_unit(run: Callable[..., Record], config: Any, case: Record, seed: int) -> Record:
    """The record of one unit, with the seconds that it took and the machine it ran on."""
    start = time.perf_counter()
    record: Record = finite(as_record(case, seed) | run(config, seed, **case))
    seconds = round(time.perf_counter() - start, 3)
    return record | {"seconds": seconds, "machine": machine()}


def finite(value: Any) -> Any:
    """The same with `DIVERGED` for each number that is not finite, which JSON cannot hold."""
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return DIVERGED if isinstance(value, float) and not math.isfinite(value) else value


def as_record(case: Record, seed: int) -> Record:
    """The part of a record that names its unit."""
    return {"case": case, "seed": seed}


def key(record: Record) -> str:
    """The same text for the same unit."""
    return json.dumps([record["case"], record["seed"]], sort_keys=True)
