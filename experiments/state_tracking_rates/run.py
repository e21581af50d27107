"""Trains networks that track a state at several learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.state_tracking.training import MODELS, Training, learn, validate

FIRST_SEED = 1000
"""Added to the seeds, so that the networks are others than those that are compared."""


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rates: Learning rates of Adam.
        task: The task that the rate is chosen for.
    """

    rates: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1)
    task: str = "S3"


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and measure its loss on sequences of the length of the training."""
    network, source, _ = learn(config, FIRST_SEED + seed, config.task, model, rate)
    return dict(validate(network, config, config.task, source))


def cases(config: Config) -> list[Record]:
    """Every network at every rate."""
    return [{"model": model, "rate": rate} for model, rate in product(MODELS, config.rates)]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=4, hidden=4, batch=4, updates=2, tested=8, rates=(0.01, 0.03)),
    run=run,
    cases=cases,
    seeds=3,
)
