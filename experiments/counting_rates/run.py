"""Trains a network that counts at several learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from experiments import Record
from experiments.counting.training import LANGUAGES, MODELS, Training, learn
from experiments.engine.experiment import Experiment

FIRST_SEED = 1000
"""Added to the seeds, so that the networks are others than those that are compared."""


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        hidden: Hidden sizes.
        rates: Learning rates of RMSprop.
    """

    hidden: tuple[int, ...] = (3, 10)
    rates: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003, 0.001)


def run(config: Config, seed: int, language: str, model: str, hidden: int, rate: float) -> Record:
    """Train one network, and see how far it counts."""
    return learn(config, FIRST_SEED + seed, language, model, hidden, rate)[1]


def cases(config: Config) -> list[Record]:
    """Every model at every size and rate on both languages."""
    return [
        {"language": language, "model": model, "hidden": hidden, "rate": rate}
        for language, hidden, model, rate in product(LANGUAGES, config.hidden, MODELS, config.rates)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(hidden=(3,), rates=(0.01, 0.003), max_train_n=5, words=8, epochs=2, max_test_n=60),
    run=run,
    cases=cases,
    seeds=2,
)
