"""Trains networks that classify frames of speech, and tests them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from experiments import FOLDER, Record
from experiments.engine.experiment import Experiment
from experiments.framewise.training import MODELS, Training, learn, measure
from experiments.records import load
from experiments.state_tracking_rates import choice


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rate: Learning rate of all networks; by default, the rate that `framewise_rates` chooses for
            each.
    """

    rate: float | None = None


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and count the frames of the test set that are right."""
    network = learn(config, seed, model, rate)
    return measure(network, config, "test") | {
        "parameters": sum(p.numel() for p in network.layer.parameters())
    }


@cache
def chosen_rates() -> dict[str, float]:
    """The learning rate of each network, from the record of `framewise_rates`."""
    return choice.chosen(load(FOLDER / "framewise_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """Every network, with its learning rate; one with a delay has that of the one without."""
    return [
        {"model": model, "rate": config.rate or chosen_rates()[model.removesuffix(", delayed")]}
        for model in MODELS
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=8, batch=64, epochs=1, rate=0.01),
    run=run,
    cases=cases,
    seeds=10,
)
