"""Trains a network on a timing task, online or in batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.timing import batches
from experiments.timing.online import Network, Unit
from experiments.timing.streams import Intervals, Task, Training, train
from lstm_variants.cells import Cell, GRUCell, LSTMCell

UNITS = {
    "none": Unit.LSTM,
    "peepholes": Unit.PEEPHOLE,
    "previous": Unit.PREVIOUS,
    "GRU": Unit.GRU,
}
LINEAR = LSTMCell(input_activation=False, output_activation=False)
CELLS: dict[str, Cell] = {
    "none": LINEAR,
    "peepholes": replace(LINEAR, peephole="current"),
    "previous": replace(LINEAR, peephole="previous"),
    "GRU": GRUCell(),
}

TaskName = Literal["NMSD", "GTS", "COSINE", "TRIANGLE", "RECTANGLE"]
TASKS: tuple[tuple[TaskName, int], ...] = (
    ("NMSD", 10),
    ("NMSD", 20),
    ("NMSD", 30),
    ("GTS", 10),
    ("GTS", 20),
    ("COSINE", 10),
    ("COSINE", 25),
    ("TRIANGLE", 10),
    ("TRIANGLE", 25),
    ("RECTANGLE", 10),
    ("RECTANGLE", 25),
)
"""Names of tasks, each with its F."""
WITH_SIGMOID = ("NMSD", "GTS")
"""Tasks with an output between 0 and 1."""


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        online: Tasks of the protocol *online*, with their F.
        most_steps: Steps after which a run of it ends.
        rate: Its learning rate.
        forget_bias: Bias of the forget gate at first, and of a GRU's update gate.
        turned: A task that is also learned with this bias turned round.
        batches: Tasks of the protocol *batches*, with their F.
        hidden: Its hidden size.
        batch: Its sequences per update; one in PFG, where all are the same.
        updates: Updates after which a run of it ends.
        batch_rate: Its learning rate.
    """

    online: tuple[tuple[TaskName, int], ...] = TASKS
    most_steps: int = 100_000_000
    rate: float = 1e-5
    forget_bias: float = 2.0
    turned: tuple[TaskName, int] = ("NMSD", 10)
    batches: tuple[tuple[TaskName, int], ...] = TASKS
    hidden: int = 3
    batch: int = 16
    updates: int = 3000
    batch_rate: float = 0.01


def run(
    config: Config, seed: int, protocol: str, task: str, F: int, unit: str, gradient: str
) -> Record:
    """Train one network on one task."""
    tolerance = 0.49 if task in WITH_SIGMOID else 0.3
    if protocol == "batches":
        _, record = batches.train(
            task,
            F,
            CELLS[unit],
            seed=seed,
            hidden=config.hidden,
            batch=config.batch,
            updates=config.updates,
            rate=config.batch_rate,
            forget_bias=config.forget_bias,
            tolerance=tolerance,
        )
        return record
    turned = 1 if protocol == "online" else -1
    solved, _, streams, steps, w = train(
        np.random.default_rng(seed),
        Intervals(int(Task[task]), F, tolerance),
        Network(int(UNITS[unit]), gradient == "full", is_linear=task not in WITH_SIGMOID),
        Training(
            config.rate,
            0.999 if task == "GTS" else 0.99,
            turned * config.forget_bias,
            max_steps=config.most_steps,
        ),
    )
    return {
        "solved": solved,
        "took": streams,
        "steps": steps,
        "weights": w.tolist() if solved else None,
    }


def cases(config: Config) -> list[Record]:
    """Every unit on every task; online with the gradients that the table shows."""
    learners = [
        ("peepholes", "truncated"),
        ("none", "truncated"),
        ("previous", "truncated"),
        ("peepholes", "full"),
        ("none", "full"),
        ("GRU", "full"),
    ]
    turned = f"online, forget bias {-config.forget_bias:g}"
    planned = [("online", task, learners) for task in config.online]
    planned += [(turned, config.turned, learners)]
    planned += [("batches", task, [(unit, "full") for unit in CELLS]) for task in config.batches]
    return [
        {"protocol": protocol, "task": task, "F": F, "unit": unit, "gradient": gradient}
        for protocol, (task, F), chosen in planned
        for unit, gradient in chosen
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        online=(("NMSD", 10), ("GTS", 10), ("COSINE", 10)),
        most_steps=2000,
        batches=(("NMSD", 4), ("GTS", 4), ("RECTANGLE", 4)),
        updates=2,
    ),
    run=run,
    cases=cases,
    seeds=10,
)
