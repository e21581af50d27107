"""Trains networks on continual streams for longer, at several learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from experiments import Record
from experiments.continual.grammar import streams
from experiments.continual.training import Training, learn, read
from experiments.engine.experiment import Experiment

FIRST_SEED = 3000
"""Added to the seeds, so that the networks are others than those that are compared."""
NETWORKS = (("LSTM-1997", "none"), ("LSTM", "none"))
"""Variants, and when the state of each is reset from outside."""


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        updates: Updates of Adam.
        rates: Learning rates of Adam.
        validated: Streams on which the loss is measured.
        validated_steps: Symbols of each of them.
    """

    updates: int = 6000
    rates: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3)
    validated: int = 10
    validated_steps: int = 2_000


def run(config: Config, seed: int, model: str, resets: str, rate: float) -> Record:
    """Train one network, and measure its loss on new streams."""
    network, source = learn(config, FIRST_SEED + seed, model, resets, rate)
    drawn = streams(config.validated_steps, config.validated, source)
    record = read(network, drawn, resets, config.steps)
    return {"loss": record["loss"], "wrong": record["wrong"]}


def cases(config: Config) -> list[Record]:
    """Every network at every rate."""
    return [
        {"model": model, "resets": resets, "rate": rate}
        for (model, resets), rate in product(NETWORKS, config.rates)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        hidden=2,
        streams=2,
        steps=10,
        updates=3,
        rates=(0.01, 0.03),
        validated=2,
        validated_steps=40,
    ),
    run=run,
    cases=cases,
    seeds=3,
)
