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
from contextlib import AbstractContextManager
from typing import Any

import torch
from tqdm import tqdm

from experiments import DIVERGED, Record
from experiments.engine.journal import Journal, Unit, key
from experiments.engine.provenance import machine

Task = Callable[[Record, int], Record]
"""Makes the record of a unit."""
Workers = Callable[[Task, Sequence[Unit]], Iterator[Record]]
"""Runs a task on units, and gives their records as they finish."""
Start = Callable[[int], AbstractContextManager[Workers]]
"""Starts workers for a number of units."""


def run_units(
    name: str, task: Task, units: Sequence[Unit], start: Start, journal: Journal
) -> list[Record]:
    """The records of all units in their order; those in the journal are not run again."""
    known = dict(journal.records)
    missing = [unit for unit in units if key(*unit) not in known]
    bar = tqdm(total=len(units), initial=len(units) - len(missing), desc=name, unit="unit")
    with bar, start(len(missing)) if missing else in_process(0) as workers:
        for record in workers(task, missing):
            journal.add(record)
            known[key(record["case"], record["seed"])] = record
            bar.update()
    return [known[key(*unit)] for unit in units]


def in_process(count: int) -> AbstractContextManager[Workers]:
    """Run units in this process, one after the other."""
    return contextlib.nullcontext(lambda task, units: (task(*unit) for unit in units))


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
    """The record of one unit, with the seconds that it took and the machine it ran on.

    Raises:
        TypeError: If the record is not ready for JSON.
    """
    start = time.perf_counter()
    record: Record = {"case": case, "seed": seed} | finite(run(config, seed, **case))
    seconds = round(time.perf_counter() - start, 3)
    try:
        json.dumps(record)
    except TypeError as error:
        raise TypeError(f"the record of {key(case, seed)}: {error}") from error
    return record | {"seconds": seconds, "machine": machine()}


def finite(value: Any) -> Any:
    """The same with `DIVERGED` for each number that is not finite."""
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return DIVERGED if isinstance(value, float) and not math.isfinite(value) else value
