"""Trains a unit online on a timing task in which one detail is varied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.timing.online import CELL, Network, predict
from experiments.timing.run import UNITS, WITH_SIGMOID
from experiments.timing.streams import Coding, Intervals, Task, Training, example, train
from experiments.timing_variations import CODINGS, PHASES, REMEDIES

Changes = dict[str, Any]


@dataclass(frozen=True)
class Variation:
    """What is changed in the protocol.

    Attributes:
        intervals: Fields of the intervals.
        network: Fields of the network.
        training: Fields of the training.
    """

    intervals: Changes = field(default_factory=dict)
    network: Changes = field(default_factory=dict)
    training: Changes = field(default_factory=dict)


VARIATIONS = dict(
    zip(
        (*REMEDIES, *CODINGS, *PHASES),
        (
            Variation(),
            Variation(network={"tanh_candidate": True}),
            Variation(network={"tanh_cell": True}),
            Variation(training={"recurrent": 0.0}),
            Variation(training={"input_bias": -2.0}),
            *(Variation({"coding": int(coding)}) for coding in Coding),
            *(Variation({"shift": shift}) for shift in (0.0, 0.5)),
        ),
        strict=True,
    )
)


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        measuring: Lengths F of NMSD.
        spikes: Lengths F of GTS.
        functions: Periods F of PFG.
        max_streams: Streams after which a run ends.
        max_dead: Failures in a row without a gradient after which training has diverged.
        rate: Learning rate.
        forget_bias: Initial bias of the forget gate.
    """

    measuring: tuple[int, ...] = (20, 30)
    spikes: tuple[int, ...] = (10, 20)
    functions: tuple[int, ...] = (10, 25)
    max_streams: int = 10_000_000
    max_dead: int = 100_000
    rate: float = 1e-5
    forget_bias: float = 2.0


def run(config: Config, seed: int, task: str, F: int, variation: str, unit: str) -> Record:
    """Train one unit on one task."""
    has_sigmoid = task in WITH_SIGMOID
    changes = VARIATIONS[variation]
    intervals = Intervals(int(Task[task]), F, 0.49 if has_sigmoid else 0.3, **changes.intervals)
    network = Network(int(UNITS[unit]), False, not has_sigmoid, **changes.network)
    training = Training(
        config.rate,
        0.999 if task == "GTS" else 0.99,
        config.forget_bias,
        max_streams=config.max_streams,
        max_dead=config.max_dead,
        **changes.training,
    )
    solved, diverged, streams, steps, w = train(
        np.random.default_rng(seed), intervals, network, training
    )
    return {
        "solved": solved,
        "diverged": diverged,
        "took": streams,
        "steps": steps,
        "max_cell_state": max_cell_state(w, intervals, network),
        "weights": w.tolist(),
    }


def max_cell_state(w: Any, intervals: Intervals, network: Network) -> float:
    """The largest magnitude of the cell state in an interval of length F + 1."""
    state, tangents, found = np.zeros(2), np.zeros((2, CELL)), 0.0
    length = intervals.F + 1
    if intervals.task == Task.NMSD:
        predict(w, 1.0, state, tangents, network)
    for u in range(1, length + 1):
        x, _ = example(intervals, u, length, 1)
        predict(w, x, state, tangents, network)
        found = max(found, abs(float(state[1])))
    return found


def cases(config: Config) -> list[Record]:
    """Every variation of every task; the unit *previous* on the triangle alone."""
    planned = [("NMSD", F, name) for F in config.measuring for name in REMEDIES]
    planned += [("GTS", F, name) for F in config.spikes for name in CODINGS]
    planned += [
        (task, F, name)
        for task in ("COSINE", "TRIANGLE", "RECTANGLE")
        for F in config.functions
        for name in PHASES
    ]
    return [
        {"task": task, "F": F, "variation": name, "unit": unit}
        for task, F, name in planned
        for unit in ("peepholes", "none", "previous")
        if unit != "previous" or task == "TRIANGLE"
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(measuring=(4,), spikes=(4,), functions=(4,), max_streams=50, max_dead=10),
    run=run,
    cases=cases,
    seeds=10,
)
