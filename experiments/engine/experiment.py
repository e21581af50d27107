"""How an experiment is declared, and how it runs from start to record."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import experiments
from experiments import Record, Result, data
from experiments.engine.code import digest
from experiments.engine.extending import check_replaceable, extended
from experiments.engine.files import write_json
from experiments.engine.journal import Journal, alone_in, key
from experiments.engine.units import Start, in_process, run_unit, run_units, threads


def one_case(config: Any) -> list[Record]:
    """The cases of an experiment that has but one."""
    return [{}]


@dataclass(frozen=True)
class Experiment:
    """An experiment, as its `run.py` declares it.

    Attributes:
        config: Its documented default configuration, a frozen dataclass.
        smoke: A configuration that runs in seconds.
        run: `run(config, seed, **case) -> record`, the results of one unit, ready for JSON.
        cases: `cases(config)`: what is run with each seed, as keyword arguments of `run`.
        seeds: How many seeds the published record has.
        reproducible: Whether the same seed gives the same record again. Timings do not; they run
            one after the other in the main process.
    """

    config: Any
    smoke: Any
    run: Callable[..., Record]
    cases: Callable[[Any], Sequence[Record]] = one_case
    seeds: int = 1
    reproducible: bool = True


def execute(
    name: str,
    experiment: Experiment,
    config: Any,
    seeds: int,
    folder: Path | None,
    *,
    start: Start = in_process,
    fresh: bool = False,
    extend: bool = False,
) -> Result:
    """Run seeds 0 to `seeds - 1` of an experiment, write the record, print table and verdicts.

    Args:
        name: The name of its folder.
        experiment: Its declaration.
        config: Configuration.
        seeds: How many.
        folder: Folder of `record.json` and of the journal; nothing is written if `None`.
        start: Starts the workers that run the units; by default they run in this process.
        fresh: Whether to begin anew where a run was stopped before its end.
        extend: Whether to keep the units of the record that the folder holds.

    Raises:
        ValueError: If two cases are the same.
        SystemExit: If the record in the folder cannot be extended or replaced.
    """
    cases = experiment.cases(config)
    units = [(case, seed) for seed in range(seeds) for case in cases]
    if len({key(*unit) for unit in units}) < len(units):
        raise ValueError(f"{name}: expected different cases, got the same one twice from {config}")
    results = experiments.part(name, "results")  # a fault in it is seen before the units run
    with (
        alone_in(folder),
        threads(1) if experiment.reproducible else contextlib.nullcontext(),
    ):
        kept_in = folder if experiment.reproducible else None
        path = folder / "record.json" if folder else None
        if path and not extend and folder != experiments.FOLDER / name:
            check_replaceable(path, config, seeds)  # another run may have finished meanwhile
        before = extended(path, name, config, cases, seeds) if path and extend else None
        if before and len(before["seeds"]) == seeds:
            print(f"{path} has all of these seeds: nothing is run")
            return before
        journal = Journal(kept_in, name, config, units, fresh=fresh)
        if before:
            journal.add_record(before)
        task = functools.partial(run_unit, experiment.run, config)
        found = run_units(name, task, units, start, journal)
        machines = [*before["machines"]] if before else []
        records = [with_number(record, machines) for record in found]
        result = {
            "experiment": name,
            **journal.begun,
            "machines": machines,
            "earlier_runs": journal.runs,
            "code": digest(name),
            "generated": data.is_generated(),
            "config": dataclasses.asdict(config),
            "planned_seeds": experiment.seeds,
            "seeds": list(range(seeds)),
            "records": records,
        }
        if path:
            write_json(path, result)
        journal.close()
    print(results.table(result))
    for claim in results.claims(result):
        print(f"{claim['claim']}: {claim['verdict']}")
    return result


def with_number(record: Record, machines: list[Record]) -> Record:
    """A unit's record with the place of its machine in a list, which gets those that it lacks."""
    machine = record.get("machine")
    if not isinstance(machine, dict):  # of a record that is extended
        return record
    if machine not in machines:
        machines.append(machine)
    return record | {"machine": machines.index(machine)}
