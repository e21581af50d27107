"""Compare a cell of your own with the units of a study."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

from experiments import FOLDER, Record, Result
from experiments.engine.journal import Journal, Unit
from experiments.engine.units import Start, in_process, run_unit, run_units, threads
from experiments.odyssey.results import table
from experiments.odyssey.study import CELLS, STUDIES, Config, TaskName, trial
from experiments.records import load
from lstm_variants.cells import Cell


def compare(
    cell: Cell,
    task: TaskName,
    *,
    name: str = "your cell",
    trials: int = 60,
    config: Config | None = None,
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
        start: Starts the workers that run the trials; by default they run in this process.

    Returns:
        The trials of the cell, after those of the published record if there is one. They are
        nowhere else: a call that is stopped keeps none.

    Raises:
        ValueError: If the name is that of a published unit, or there is no such data set, or the
            settings are those of another one, or there are no trials.

    Example:
        ```python
        from lstm_variants.cells import LSTMCell

        compare(LSTMCell(coupled=True, peephole="current"), "speech", trials=20)
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
    journal = Journal(None, task, chosen, units, fresh=False)
    with threads(1):
        own = run_units(name, functools.partial(run_unit, run, chosen), units, start, journal)
    path = FOLDER / f"odyssey_{task}" / "record.json"
    is_published = path.exists() and chosen == STUDIES[task]
    published = load(path)["records"] if is_published else []
    result = {"config": dataclasses.asdict(chosen), "records": [*published, *own]}
    print(table(result))
    return result


def run_cell(cell: Cell, config: Config, seed: int, unit: str) -> Record:
    """One trial of a cell."""
    return trial(config, cell, unit, seed)
