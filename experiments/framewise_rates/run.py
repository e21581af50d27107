"""Trains networks that classify frames of speech at several learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.framewise.training import MODELS, Training, learn, measure

FIRST_SEED = 1000
"""Added to the seeds, so that the networks are others than those that are compared."""


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rates: Learning rates of Adam.
    """

    rates: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3)


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and measure it on the validation set."""
    return measure(learn(config, FIRST_SEED + seed, model, rate), config, "valid")


def cases(config: Config) -> list[Record]:
    """Every network without a delay at every rate."""
    models = [model for model, settings in MODELS.items() if not settings.delay]
    return [{"model": model, "rate": rate} for model, rate in product(models, config.rates)]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=8, batch=64, epochs=1, rates=(0.01, 0.03)),
    run=run,
    cases=cases,
    seeds=3,
)
