"""What every experiment shares: how it is declared, and its command line."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from experiments import RESULTS, Record, small_data
from experiments.data import FOLDER
from experiments.running import Journal, run_units, single_thread, write_json
from experiments.stamp import stamp

__all__ = ["Experiment", "Record"]


def one_case(config: Any) -> list[Record]:
    """The cases of an experiment that has but one."""
    return [{}]


@dataclass(frozen=True)
class Experiment:
    """An experiment, as its file declares it.

    Attributes:
        name: Name of its module and of its result file.
        config: Its documented default configuration, a frozen dataclass.
        smoke: A configuration that runs in seconds.
        run: `run(config, seed, **case) -> record`, all that one unit gives, ready for JSON.
        score: `score(records) -> result`, what the records of all units say of the claims. It is
            not stored: whoever reads the records computes it.
        table: `table(records) -> Markdown`, for people.
        cases: `cases(config)`: what is run with each seed, as keyword arguments of `run`.
        seeds: How many seeds the published result has.
        reproducible: Whether the same seed gives the same record again. Timings do not; they run
            one after the other in this process.
    """

    name: str
    config: Any
    smoke: Any
    run: Callable[..., Record]
    score: Callable[[Sequence[Record]], Record]
    table: Callable[[Sequence[Record]], str]
    cases: Callable[[Any], Sequence[Record]] = one_case
    seeds: int = 1
    reproducible: bool = True

    def main(self, arguments: Sequence[str] | None = None) -> None:
        """Run from the command line: all units, then print the table and write the result."""
        arguments = sys.argv[1:] if arguments is None else arguments
        smoke = "--smoke" in arguments
        options = tyro.cli(
            options_of(type(self.config)),
            args=arguments,
            default=options_of(type(self.config))(
                config=self.smoke if smoke else self.config,
                seeds=1 if smoke else self.seeds,
                jobs=1 if smoke else os.cpu_count(),
            ),
            prog=f"python -m experiments.{self.name}",
            description=sys.modules[self.run.__module__].__doc__,
        )
        if options.data is not None:
            os.environ[FOLDER] = str(options.data)
        if options.seeds < 1 or options.jobs < 1:
            raise SystemExit(
                f"--seeds and --jobs should be 1 or more, got {options.seeds} and {options.jobs}"
            )
        published = options.config == self.config and options.seeds == self.seeds
        if not (smoke or published or options.out):
            raise SystemExit(
                f"{RESULTS} holds results of the documented settings and {self.seeds} seeds. "
                "For others name a folder: --out DIR"
            )
        folder = options.out or (None if smoke else RESULTS)
        jobs = options.jobs if self.reproducible and not smoke else 0
        generated = small_data.in_use() if smoke and not options.data else contextlib.nullcontext()
        with generated:
            self.execute(options.config, options.seeds, folder, jobs=jobs, fresh=options.fresh)

    def execute(
        self,
        config: Any,
        seeds: int,
        folder: Path | None,
        *,
        jobs: int = 0,
        fresh: bool = False,
    ) -> Record:
        """Run seeds 0 to `seeds - 1`, print the table, and write the result into `folder`.

        Args:
            config: Configuration.
            seeds: How many.
            folder: Where the result goes; nowhere if `None`.
            jobs: Processes side by side; 0 for none but this one.
            fresh: Whether to begin anew where a run was stopped before its end.
        """
        units = [(case, seed) for seed in range(seeds) for case in self.cases(config)]
        with single_thread() if self.reproducible else contextlib.nullcontext():
            # Stamped by how it starts, whatever happens to the checkout meanwhile.
            now = stamp()
            journal = Journal(folder if self.reproducible else None, self.name, config, fresh=fresh)
            records = run_units(self.name, self.run, config, units, jobs, journal)
        print(self.table(records))
        print(*lines_of(self.score(records)), sep="\n")
        result = {
            "experiment": self.name,
            **now,
            "earlier_runs": journal.runs,
            "config": dataclasses.asdict(config),
            "seeds": list(range(seeds)),
            "records": records,
        }
        if folder is not None:
            write_json(folder / f"{self.name}.json", result)
        journal.close()
        return result


def lines_of(score: Record) -> list[str]:
    """A score in lines: the verdict of each claim, and what else there is."""
    found = {claim["claim"]: claim["verdict"] for claim in score.get("claims", ())}
    found |= {key: value for key, value in score.items() if key != "claims"}
    return [f"{key}: {value}" for key, value in found.items()]


def options_of(config: type) -> Any:
    """The command line's options for a configuration class."""

    def option(text: str) -> Any:
        return tyro.conf.arg(help=text)

    return dataclasses.make_dataclass(
        "Options",
        [
            ("config", Annotated[config, tyro.conf.arg(name="")]),
            ("seeds", Annotated[int, option("how many seeds, from 0")], 1),
            ("jobs", Annotated[int, option("processes side by side")], 1),
            (
                "smoke",
                Annotated[
                    bool,
                    option("toy size, on generated data unless --data is given; writes no result"),
                ],
                False,
            ),
            ("fresh", Annotated[bool, option("do not continue a run that was stopped")], False),
            ("data", Annotated[Path | None, option("folder with the data sets")], None),
            ("out", Annotated[Path | None, option("folder for the result file")], None),
        ],
        frozen=True,
    )
