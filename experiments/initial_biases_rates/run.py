"""Trains an LSTM on the adding problem from some initialisations, with smaller learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.initial_biases import run as initial_biases

FIRST_SEED = 2000
"""Added to the seeds of initial biases, which adds 1000: these are the seeds of adding."""
COMPARED = ("uniform", "bias 1", "chrono T")


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        lag: T, the smallest length of a sequence.
        rates: Learning rates of Adam.
        hidden: Hidden size.
        batch: Sequences per update.
        window: How many sequences in a row have to be right.
        max_sequences: Sequences after which a run ends.
    """

    lag: int = 100
    rates: tuple[float, ...] = (0.0005, 0.0015)
    hidden: int = 32
    batch: int = 20
    window: int = 2000
    max_sequences: int = 1_000_000


def run(config: Config, seed: int, rate: float, model: str, initialisation: str) -> Record:
    """Train until the task is solved or the limit is reached."""
    settings = initial_biases.Config(
        lags=(config.lag,),
        hidden=config.hidden,
        batch=config.batch,
        rate=rate,
        window=config.window,
        max_sequences=config.max_sequences,
    )
    return initial_biases.run(settings, FIRST_SEED + seed, config.lag, model, initialisation)


def cases(config: Config) -> list[Record]:
    """Every initialisation with every learning rate."""
    return [
        {"rate": rate, "model": "LSTM", "initialisation": initialisation}
        for rate, initialisation in product(config.rates, COMPARED)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(lag=20, hidden=4, window=100, max_sequences=200),
    run=run,
    cases=cases,
    seeds=10,
)
