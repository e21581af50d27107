"""Trains a unit online on a timing task in which one detail is varied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.timing.online import CELL, Network, predict
from experiments.timing.run import UNITS, WITH_SIGMOID
from experiments.timing.streams import Coding, Intervals, Task, Training, train
from experiments.timing_variations import AS_TIMING, CODINGS, FUNCTIONS, PHASES, REMEDIES

Changes = dict[str, Any]
KEY = b"variations"
"""Makes the random numbers of a seed others than those of Timing."""


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


VARIATIONS = {
    AS_TIMING: Variation(),
    "bounded candidate": Variation(network={"tanh_candidate": True}),
    "bounded cell output": Variation(network={"tanh_cell": True}),
    "recurrent weight 0": Variation(training={"recurrent_scale": 0.0}),
    "input bias -2": Variation(training={"input_bias": -2.0}),
    "0 or 1": Variation(intervals={"coding": int(Coding.ZERO_ONE)}),
    "-1 or 1": Variation(intervals={"coding": int(Coding.SIGNED)}),
    "-1 or 1 at the first step": Variation(intervals={"coding": int(Coding.FIRST_STEP)}),
    "from the beginning": Variation(intervals={"shift": 0.0}),
    "half a period later": Variation(intervals={"shift": 0.5}),
}


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        measuring: Lengths F of NMSD.
        spikes: Lengths F of GTS.
        functions: Periods F of PFG.
        max_streams: Streams after which a run ends.
        max_without_gradient: Failures without a gradient after which training has diverged.
        rate: Learning rate.
        forget_bias: Initial bias of the forget gate.
    """

    measuring: tuple[int, ...] = (20, 30)
    spikes: tuple[int, ...] = (10, 20)
    functions: tuple[int, ...] = (10, 25)
    max_streams: int = 10_000_000
    max_without_gradient: int = 100_000
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
        max_without_gradient=config.max_without_gradient,
        **changes.training,
    )
    solved, diverged, streams, steps, w = train(
        np.random.default_rng([seed, *KEY]), intervals, network, training
    )
    grown = {"max_cell_state": max_cell_state(w, intervals, network)} if task == "NMSD" else {}
    return {
        "solved": solved,
        "diverged": diverged,
        "took": streams,
        "steps": steps,
        "weights": w.tolist(),
        **grown,
    }


def max_cell_state(w: NDArray[np.float64], intervals: Intervals, network: Network) -> float:
    """The largest magnitude of the cell state after the spikes of NMSD, F + 1 steps apart."""
    state, tangents = np.zeros(2), np.zeros((2, CELL))
    cell_states = []
    for x in (1.0, *[0.0] * intervals.F, 1.0):
        predict(w, x, state, tangents, network)
        cell_states.append(state[1])
    return float(np.abs(cell_states).max())


def cases(config: Config) -> list[Record]:
    """Every variation of every task; the unit *previous* on the triangle alone."""
    planned = [("NMSD", F, name) for F in config.measuring for name in (AS_TIMING, *REMEDIES)]
    planned += [("GTS", F, name) for F in config.spikes for name in CODINGS]
    planned += [(task, F, name) for task in FUNCTIONS for F in config.functions for name in PHASES]
    return [
        {"task": task, "F": F, "variation": name, "unit": unit}
        for task, F, name in planned
        for unit in ("peepholes", "none", "previous")
        if unit != "previous" or task == "TRIANGLE"
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        measuring=(4,), spikes=(4,), functions=(4,), max_streams=50, max_without_gradient=10
    ),
    run=run,
    cases=cases,
    seeds=10,
)
