"""The command line of an experiment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import make_dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from dask.system import CPU_COUNT

import experiments
from experiments.data import FOLDER, small
from experiments.engine import cluster
from experiments.engine.experiment import Experiment


def main(experiment: Experiment, arguments: Sequence[str]) -> None:
    """Run all units, print table and verdicts, and write the record."""
    name, smoke = experiment.name, "--smoke" in arguments
    options = tyro.cli(
        options_of(type(experiment.config)),
        args=arguments,
        default=options_of(type(experiment.config))(
            config=experiment.smoke if smoke else experiment.config,
            seeds=1 if smoke else experiment.seeds,
        ),
        prog=f"python -m experiments {name}",
        description=experiments.text(name),
    )
    if options.data is not None:
        os.environ[FOLDER] = str(options.data.resolve())
    if options.seeds < 1 or options.jobs < 1:
        raise SystemExit(
            f"--seeds and --jobs should be 1 or more, got {options.seeds} and {options.jobs}"
        )
    published = options.config == experiment.config and options.seeds == experiment.seeds
    if not (smoke or published or options.out):
        raise SystemExit(
            f"{experiments.FOLDER / name / 'record.json'} holds results of the documented settings "
            f"and {experiment.seeds} seeds. For others name a folder: --out DIR"
        )
    folder = options.out or (None if smoke else experiments.FOLDER)
    workers = None
    if options.scheduler:
        workers = cluster.remote(name, options.scheduler)
    elif experiment.reproducible and not smoke:
        workers = cluster.local(name, options.jobs)
    generated = small.in_use() if smoke and not options.data else contextlib.nullcontext()
    try:
        with generated:
            experiment.execute(
                options.config,
                options.seeds,
                folder and folder / name,
                workers=workers if experiment.reproducible else None,
                fresh=options.fresh,
            )
    except KeyboardInterrupt:
        raise SystemExit("\nStopped. The same command continues with the next unit.") from None


def options_of(config: type) -> Any:
    """The options for a class of configurations."""

    def option(text: str) -> Any:
        return tyro.conf.arg(help=text)

    return make_dataclass(
        "Options",
        [
            ("config", Annotated[config, tyro.conf.arg(name="")]),
            ("seeds", Annotated[int, option("how many seeds, from 0")], 1),
            ("jobs", Annotated[int, option("processes side by side")], CPU_COUNT),
            (
                "scheduler",
                Annotated[
                    str | None,
                    option(
                        "address of a dask scheduler whose workers run the units: tcp://HOST:8786"
                    ),
                ],
                None,
            ),
            (
                "smoke",
                Annotated[
                    bool,
                    option("toy size, on generated data unless --data is given; writes no record"),
                ],
                False,
            ),
            ("fresh", Annotated[bool, option("do not continue a run that was stopped")], False),
            ("data", Annotated[Path | None, option("folder with the data sets")], None),
            (
                "out",
                Annotated[
                    Path | None, option("folder for the record, which is DIR/NAME/record.json")
                ],
                None,
            ),
        ],
        frozen=True,
    )
