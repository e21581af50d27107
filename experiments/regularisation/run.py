"""Trains LSTMs on a short text with each method and with none, and tests them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from experiments import FOLDER, Record
from experiments.engine.experiment import Experiment
from experiments.records import load
from experiments.regularisation.training import METHODS, NONE, Training, train
from experiments.state_tracking_rates import choice


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rate: Probability of all methods; by default, the one that `regularisation_rates` chooses
            for each.
    """

    rate: float | None = None


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and measure it."""
    return train(config, seed, model, rate)


@cache
def chosen_rates() -> dict[str, float]:
    """The probability of each method, from the record of `regularisation_rates`."""
    return choice.chosen(load(FOLDER / "regularisation_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """No regularisation, and every method with its probability."""
    regularised = [
        {"model": model, "rate": config.rate or chosen_rates()[model]} for model in METHODS
    ]
    return [{"model": NONE, "rate": 0.0}, *regularised]


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
        rate=0.2,
    ),
    run=run,
    cases=cases,
    seeds=10,
)
