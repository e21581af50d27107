"""The command line of an experiment."""

from __future__ import annotations

import contextlib
import errno
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, make_dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from dask.system import CPU_COUNT

import experiments
from experiments import data
from experiments.data import small
from experiments.engine import cluster
from experiments.engine.experiment import Experiment, execute
from experiments.engine.extending import check_replaceable, is_finished
from experiments.engine.files import check_writable
from experiments.engine.journal import OccupiedError
from experiments.engine.rerun import NothingToRerunError, rerun
from experiments.engine.units import Start, in_process

FULL = {errno.ENOSPC, errno.EDQUOT}
"""Errors of a disk without space."""


def main(name: str, experiment: Experiment, arguments: Sequence[str]) -> None:
    """Run all units, write the record, and print table and verdicts.

    Raises:
        SystemExit: If it cannot, or if a unit that is run again gives what it should not.
    """
    if not prepared(name, experiment, arguments)():
        raise SystemExit(1)


def prepared(
    name: str, experiment: Experiment, arguments: Sequence[str], *, of_all: bool = False
) -> Callable[[], bool]:
    """Check the options of an experiment, and return what runs it.

    What it returns says whether it ran, and all units that are run again give what they should.

    Args:
        name: The name of its folder.
        experiment: Its declaration.
        arguments: Its options.
        of_all: Whether all experiments have these options: some leave out what they do not have.

    Raises:
        SystemExit: If they are wrong.
    """
    smoke = "--smoke" in arguments
    options = tyro.cli(
        options_of(type(experiment.config)),
        args=arguments,
        default=options_of(type(experiment.config))(
            config=experiment.smoke if smoke else experiment.config,
            seeds=1 if smoke else experiment.seeds,
        ),
        prog=f"python -m experiments {name}",
        description=f"{experiments.title(name)}\n\n{experiments.sections(name)['']}",
    )
    if of_all and not experiment.reproducible:
        options = replace(options, extend=False, scheduler=None)
        if options.rerun:
            print(f"{name} depends on the machine: nothing of it is run again")
            return lambda: True
    check(name, experiment, options)
    return functools.partial(run, name, experiment, options, of_all=of_all)


def check(name: str, experiment: Experiment, options: Any) -> None:
    """Raise SystemExit for options that do not go together."""
    if options.seeds < 1 or options.jobs < 1:
        raise SystemExit(
            f"--seeds and --jobs should be 1 or more, got {options.seeds} and {options.jobs}"
        )
    check_settings(options.config, experiment.config)
    check_rerun(name, experiment, options)
    if options.rerun:
        return
    if options.scheduler and (options.smoke or not experiment.reproducible):
        raise SystemExit(
            f"{'--smoke' if options.smoke else name} runs in this process: leave out --scheduler"
        )
    if options.extend and not experiment.reproducible:
        raise SystemExit(f"{name} depends on the machine: leave out --extend")
    if options.extend and options.smoke and not options.out:
        raise SystemExit("--smoke writes no record: add --out DIR, or leave out --extend")
    is_part = options.extend and options.seeds < experiment.seeds
    published = options.config == experiment.config and (
        options.seeds == experiment.seeds or is_part
    )
    is_published_folder = (
        options.out and options.out.exists() and options.out.samefile(experiments.FOLDER)
    )
    if not published and (is_published_folder or not (options.smoke or options.out)):
        raise SystemExit(
            f"{experiments.FOLDER / name / 'record.json'} is for results of the documented "
            f"settings and {experiment.seeds} seeds. For others name another folder: --out DIR. To "
            "begin with fewer of these seeds and add the others later: --extend"
        )
    if options.out:
        check_writable(options.out / name, "--out")
        if not options.extend:
            check_replaceable(options.out / name / "record.json", options.config, options.seeds)
    elif not options.smoke:
        check_writable(experiments.FOLDER / name, "Without --out, the checkout")


def check_rerun(name: str, experiment: Experiment, options: Any) -> None:
    """Raise SystemExit for options that do not go together with --rerun."""
    if options.where and not options.rerun:
        raise SystemExit("--where chooses units that are run again: add --rerun N")
    if options.rerun < 0:
        raise SystemExit(f"--rerun should be 1 or more, got {options.rerun}")
    if options.rerun and (options.extend or options.fresh):
        raise SystemExit("--rerun writes no record: leave out --extend and --fresh")
    if options.rerun and options.seeds != (1 if options.smoke else experiment.seeds):
        raise SystemExit("--rerun draws from all seeds: leave out --seeds, or add --where seed=K")
    if options.rerun and not experiment.reproducible:
        raise SystemExit(f"{name} depends on the machine: leave out --rerun")


def check_settings(config: Any, default: Any, prefix: str = "--") -> None:
    """Raise SystemExit for settings out of range.

    Numbers should be finite; a size or a count should be 1 or more, or 0 if that is its default.
    """
    for field in fields(config):
        given, usual = getattr(config, field.name), getattr(default, field.name)
        option = prefix + field.name.replace("_", "-")
        if is_dataclass(given):
            check_settings(given, usual, f"{option}.")
            continue
        if isinstance(given, tuple) and usual and not given:
            raise SystemExit(f"{option} should have a value")
        known = list(numbers(usual))
        is_count = bool(known) and all(isinstance(number, int) for number in known)
        for number in numbers(given):
            if isinstance(number, float) and not math.isfinite(number):
                raise SystemExit(f"{option} should be finite, got {number}")
            if is_count and number < min(1, *known):
                raise SystemExit(f"{option} should be {min(1, *known)} or more, got {number}")


def numbers(value: Any) -> Iterator[int | float]:
    """All numbers in a setting."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def run(name: str, experiment: Experiment, options: Any, *, of_all: bool = False) -> bool:
    """Run an experiment; return whether it ran, and units that are run again give what they did."""
    folder = options.out or (None if options.smoke else experiments.FOLDER)
    given = options.data or data.folder()
    is_generated = options.smoke and not options.data
    try:
        with (
            data.read_from(given and str(Path(given).resolve())),
            small.in_use() if is_generated else contextlib.nullcontext(),
        ):
            if options.rerun:
                return runs_again(name, experiment, options, of_all=of_all)
            if of_all and folder and not options.fresh:
                path, cases = folder / name / "record.json", experiment.cases(options.config)
                if is_finished(path, name, options.config, cases, options.seeds):
                    print(f"{path} is finished: {name} is not run again (--fresh: anew)")
                    return True
            execute(
                name,
                experiment,
                options.config,
                options.seeds,
                folder and folder / name,
                start=start_of(name, experiment, options),
                fresh=options.fresh,
                extend=options.extend,
            )
            return True
    except (data.MissingDataError, OccupiedError) as error:
        if not of_all:
            raise SystemExit(str(error)) from None
        print(error)
        return False
    except KeyboardInterrupt:
        kept_in = None if options.rerun else folder
        raise SystemExit(f"\nStopped. {hint(name, experiment, kept_in, of_all)}") from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise SystemExit(f"\n{error.strerror}. {hint(name, experiment, folder, of_all)}") from error


def runs_again(name: str, experiment: Experiment, options: Any, *, of_all: bool) -> bool:
    """Run some units of a record again, and return whether they give what they should.

    Raises:
        SystemExit: If none can be run; of all experiments, those without such units are left out.
    """
    path = (options.out or experiments.FOLDER) / name / "record.json"
    start = start_of(name, experiment, options)
    try:
        return not rerun(
            path, name, experiment, options.config, options.rerun, options.where, start
        )
    except NothingToRerunError as error:
        if not of_all:
            raise SystemExit(str(error)) from None
        print(error)
        return True


def hint(name: str, experiment: Experiment, folder: Path | None, of_all: bool) -> str:
    """What is left of a run that has not come to its end."""
    if folder and (experiment.reproducible or of_all):
        which = "all" if of_all else name
        return (
            f"'python -m experiments {which}' continues with the next unit: with the same options, "
            "without --fresh."
        )
    return "Nothing is kept."


def start_of(name: str, experiment: Experiment, options: Any) -> Start:
    """What starts the workers that the options name."""
    if options.scheduler:
        return functools.partial(cluster.remote, name, options.scheduler)
    if options.smoke or not experiment.reproducible:
        return in_process
    return functools.partial(cluster.local, name, options.jobs)


def options_of(config: type) -> Any:
    """The options for a class of configurations."""

    def option(kind: Any, text: str) -> Any:
        return Annotated[kind, tyro.conf.arg(help=text)]

    return make_dataclass(
        "Options",
        [
            ("config", Annotated[config, tyro.conf.arg(name="")]),
            ("seeds", option(int, "how many seeds, from 0")),
            ("jobs", option(int, "processes side by side"), CPU_COUNT),
            (
                "scheduler",
                option(
                    str | None,
                    "address of a dask scheduler whose workers run the units: tcp://HOST:8786",
                ),
                None,
            ),
            (
                "smoke",
                option(
                    bool,
                    "toy size, on generated data unless --data is given; without --out, it writes "
                    "no record",
                ),
                False,
            ),
            ("fresh", option(bool, "do not continue a run that was stopped"), False),
            (
                "extend",
                option(bool, "keep the units of the record that is there, and run those missing"),
                False,
            ),
            (
                "rerun",
                option(
                    int,
                    "run this many units of the record again, drawn at random, and compare; "
                    "writes nothing",
                ),
                0,
            ),
            (
                "where",
                option(
                    tuple[str, ...],
                    "with --rerun, draw from units with these values: NAME=VALUE, of a case or the "
                    "seed",
                ),
                (),
            ),
            ("data", option(Path | None, "folder with the data sets"), None),
            ("out", option(Path | None, "folder for the record: DIR/NAME/record.json"), None),
        ],
        frozen=True,
    )
