"""Trains encoders and decoders at several learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from experiments import Record
from experiments.encoder_decoder.training import MODELS, Training, learn, measure
from experiments.engine.experiment import Experiment

FIRST_SEED = 1000
"""Added to the seeds, so that the networks are others than those that are compared."""


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rates: Learning rates of Adam.
    """

    rates: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1)


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and measure it on new sequences."""
    network, source, _ = learn(config, FIRST_SEED + seed, model, rate)
    measured = measure(network, config, source)
    return {"loss": measured["loss"], "accuracy": measured["accuracy"]}


def cases(config: Config) -> list[Record]:
    """Every network at every rate."""
    return [{"model": model, "rate": rate} for model, rate in product(MODELS, config.rates)]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=3, batch=4, updates=2, tested=8, rates=(0.01, 0.03)),
    run=run,
    cases=cases,
    seeds=3,
)
