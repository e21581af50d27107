"""Trains networks on streams for longer than `continual`, and tests them in the same way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from experiments import FOLDER, Record
from experiments.continual import run as shorter
from experiments.continual_longer_rates.run import NETWORKS
from experiments.continual_rates import choice
from experiments.engine.experiment import Experiment
from experiments.records import load

FIRST_SEED = 2000
"""Added to the seeds, so that the networks are others than those of the shorter training."""


@dataclass(frozen=True)
class Config(shorter.Config):
    """Settings.

    Attributes:
        updates: Updates of Adam.
        rate: Learning rate of both networks; by default, the rate that `continual_longer_rates`
            chooses for each.
    """

    updates: int = 6000


def run(config: Config, seed: int, model: str, resets: str, rate: float) -> Record:
    """Train one network, and read the streams of the test."""
    return shorter.run(config, FIRST_SEED + seed, model, resets, rate)


@cache
def chosen_rates() -> dict[tuple[str, str], float]:
    """The learning rate of each network, from the record of `continual_longer_rates`."""
    return choice.chosen(load(FOLDER / "continual_longer_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """Both networks, each with its learning rate."""
    return [
        {"model": model, "resets": resets, "rate": config.rate or chosen_rates()[model, resets]}
        for model, resets in NETWORKS
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        hidden=2,
        streams=2,
        steps=10,
        updates=3,
        tested=2,
        tested_steps=80,
        measured_every=10,
        rate=0.01,
    ),
    run=run,
    cases=cases,
    seeds=15,
)
