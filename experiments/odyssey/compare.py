"""Compare a cell of your own with the units of a study."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
from collections.abc import Sequence
from pathlib import Path

from experiments import FOLDER, Record, Result
from experiments.engine.journal import Journal, Unit, alone_in
from experiments.engine.units import Start, in_process, run_unit, run_units, threads
from experiments.odyssey.study import CELLS, STUDIES, Config, TaskName, trial
from experiments.odyssey.tables import table
from experiments.records import load
from lstm_variants.cells import Cell


def compare(
    cell: Cell,
    task: TaskName,
    *,
    name: str = "your cell",
    trials: int = 60,
    config: Config | None = None,
    folder: Path | None = None,
    start: Start = in_process,
) -> Result:
    """Run trials of a cell, and print them beside those of the published units.

    Args:
        cell: A recurrent unit.
        task: Name of a data set: `speech`, `strokes` or `music`.
        name: How the cell is called in the table; trials of another name draw other values.
        trials: How many.
        config: Settings; those of the published study if `None`. With others, the table has no
            published units, which were not trained with them.
        folder: A folder in which finished trials are kept: the next call with the same cell, the
            same settings and the same code runs only what is missing, also with more trials. Of the
            cell, its settings and the source of its class and of your own classes that it is
            derived from are compared, and not what these call. Nothing is kept if `None`.
        start: Starts the workers that run the trials; by default they run in this process.

    Returns:
        The trials of the cell, after those of the published record if there is one.

    Raises:
        ValueError: If the name is that of a published unit, or there is no such data set, or the
            settings are those of another one, or there are no trials; or if trials are to be kept
            of a class that is not in a file.

    Example:
        ```python
        from pathlib import Path

        from lstm_variants.cells import LSTMCell

        compare(LSTMCell(coupled=True, peephole="current"), "speech", folder=Path("mine"))
        ```
    """
    if name in CELLS:
        raise ValueError(f"name should not be that of a published unit, got {name!r}")
    if task not in STUDIES:
        raise ValueError(f"task should be one of {', '.join(map(repr, STUDIES))}, got {task!r}")
    if config and config.task != task:
        raise ValueError(f"config should be one for {task!r}, got one for {config.task!r}")
    if trials < 1:
        raise ValueError(f"trials should be 1 or more, got {trials}")
    chosen = config or STUDIES[task]
    units: Sequence[Unit] = [({"unit": name}, seed) for seed in range(trials)]
    run = functools.partial(run_cell, cell)
    kept_in = folder and folder / f"{name}-{digest_of(cell)}"
    with alone_in(kept_in), threads(1):
        journal = Journal(kept_in, f"odyssey_{task}", chosen, units, fresh=False)
        own = run_units(name, functools.partial(run_unit, run, chosen), units, start, journal)
    path = FOLDER / f"odyssey_{task}" / "record.json"
    is_published = path.exists() and chosen == STUDIES[task]
    published = load(path)["records"] if is_published else []
    result = {"config": dataclasses.asdict(chosen), "records": [*published, *own]}
    print(table(result))
    return result


def digest_of(cell: Cell) -> str:
    """A digest of a cell's settings, and of the source of its class and of those above it.

    Raises:
        ValueError: If a class is not in a file.
    """
    # The package's own are part of the code that a journal belongs to.
    own = [c for c in type(cell).__mro__ if c is type(cell) or is_own(c)]
    try:
        sources = [inspect.getsource(kind) for kind in own]
    except (OSError, TypeError) as error:
        raise ValueError(
            f"the class {type(cell).__name__} should be in a file, so that its trials can be kept: "
            f"{error}"
        ) from error
    # All, where a repr leaves out defaults; those of a class with slots are in no dictionary.
    names = {*getattr(cell, "__dict__", ())} | {field.name for field in dataclasses.fields(cell)}
    settings = [(name, getattr(cell, name)) for name in sorted(names)]
    return hashlib.sha256("\n".join([str(settings), *sources]).encode()).hexdigest()[:12]


def is_own(kind: type) -> bool:
    """Whether a class is neither of this package nor of Python."""
    return kind.__module__.partition(".")[0] not in ("lstm_variants", "builtins", "abc", "typing")


def run_cell(cell: Cell, config: Config, seed: int, unit: str) -> Record:
    """One trial of a cell."""
    return trial(config, cell, unit, seed)
