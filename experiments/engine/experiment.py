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
from experiments import Record, Result
from experiments.engine.files import write_json
from experiments.engine.journal import Journal
from experiments.engine.provenance import provenance
from experiments.engine.units import Workers, here, run_unit, run_units, threads


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

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.run.__module__.split(".")[1]

    def execute(
        self,
        config: Any,
        seeds: int,
        folder: Path | None,
        *,
        workers: contextlib.AbstractContextManager[Workers] | None = None,
        fresh: bool = False,
    ) -> Result:
        """Run seeds 0 to `seeds - 1`, print table and verdicts, and write the record.

        Args:
            config: Configuration.
            seeds: How many.
            folder: Folder of `record.json` and of the journal; nothing is written if `None`.
            workers: Run the units; if `None`, they run in this process.
            fresh: Whether to begin anew where a run was stopped before its end.
        """
        units = [(case, seed) for seed in range(seeds) for case in self.cases(config)]
        with threads(1) if self.reproducible else contextlib.nullcontext():
            # Of the start, whatever happens to the checkout meanwhile.
            start = provenance()
            kept_in = folder if self.reproducible else None
            journal = Journal(kept_in, self.name, config, fresh=fresh)
            task = functools.partial(run_unit, self.run, config)
            with workers or contextlib.nullcontext(here) as chosen:
                records = run_units(self.name, task, units, chosen, journal)
        machines = [record.pop("machine") for record in records]
        result = {
            "experiment": self.name,
            **start,
            "machines": [m for k, m in enumerate(machines) if m not in machines[:k]],
            "earlier_runs": journal.runs,
            "config": dataclasses.asdict(config),
            "seeds": list(range(seeds)),
            "records": records,
        }
        report(self.name, result)
        if folder is not None:
            write_json(folder / "record.json", result)
        journal.close()
        return result


def report(name: str, result: Result) -> None:
    """Print what a record means."""
    results = experiments.part(name, "results")
    print(results.table(result))
    for claim in results.claims(result):
        print(f"{claim['claim']}: {claim['verdict']}")
