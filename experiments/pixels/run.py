"""Trains networks that read digits pixel by pixel, and tests them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

from experiments import FOLDER, Record
from experiments.engine.experiment import Experiment
from experiments.pixels.training import MODELS, ORDERS, Training, learn, measure
from experiments.records import load
from experiments.state_tracking_rates import choice


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        kept_every: After how many epochs the accuracy on the validation set is kept.
        rate: Learning rate of all networks; by default, the rate that `pixels_rates` chooses for
            each.
    """

    kept_every: int = 5
    rate: float | None = None


def run(config: Config, seed: int, order: str, model: str, rate: float) -> Record:
    """Train one network, and count how many images of the test set it recognises."""
    network, accuracies = learn(config, seed, order, model, rate)
    kept = accuracies[config.kept_every - 1 :: config.kept_every]
    return measure(network, order, "test") | {
        "curve": [round(accuracy, 4) for accuracy in kept],
        "parameters": sum(p.numel() for p in network.parameters()),
    }


@cache
def chosen_rates() -> dict[str, float]:
    """The learning rate of each network, from the record of `pixels_rates`."""
    return choice.chosen(load(FOLDER / "pixels_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """Every network with pixels in both orders, with its learning rate."""
    return [
        {"order": order, "model": model, "rate": config.rate or chosen_rates()[model]}
        for order, model in product(ORDERS, MODELS)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(epochs=2, batch=500, kept_every=1, rate=0.01),
    run=run,
    cases=cases,
    seeds=10,
)
