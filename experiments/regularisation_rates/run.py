"""Trains LSTMs with several probabilities of dropout and zoneout."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.regularisation.training import METHODS, Training, train

FIRST_SEED = 1000
"""Added to the seeds, so that the networks are others than those that are compared."""


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rates: Probabilities of dropout or zoneout.
    """

    rates: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.6)


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and keep its smallest loss on the validation text."""
    return {"loss": train(config, FIRST_SEED + seed, model, rate)["valid"]}


def cases(config: Config) -> list[Record]:
    """Every method with every probability."""
    return [{"model": model, "rate": rate} for model, rate in product(METHODS, config.rates)]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        steps=5,
        batch=4,
        updates=2,
        measured_every=1,
        tested=50,
        read=200,
        hidden=4,
        learning_rate=0.01,
        rates=(0.1, 0.2),
    ),
    run=run,
    cases=cases,
    seeds=3,
)
