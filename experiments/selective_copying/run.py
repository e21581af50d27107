"""Trains networks that copy selectively, and tests them on new sequences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from experiments import FOLDER, Record
from experiments.engine.experiment import Experiment
from experiments.records import load
from experiments.selective_copying.training import MODELS, Training, learn, measure
from experiments.state_tracking_rates import choice


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rate: Learning rate of all networks; by default, the rate that `selective_copying_rates`
            chooses for each.
        kept: How many accuracies of the training are kept, each the mean of as many updates.
    """

    rate: float | None = None
    kept: int = 20


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and count its right answers."""
    network, source, accuracies = learn(config, seed, model, rate)
    size = len(accuracies) // config.kept
    parts = [accuracies[at : at + size] for at in range(0, len(accuracies), size)]
    return measure(network, config, source) | {
        "curve": [round(sum(part) / len(part), 4) for part in parts],
        "parameters": sum(p.numel() for p in network.parameters()),
    }


@cache
def chosen_rates() -> dict[str, float]:
    """The learning rate of each network, from the record of `selective_copying_rates`."""
    return choice.chosen(load(FOLDER / "selective_copying_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """Every network, with its learning rate."""
    return [{"model": model, "rate": config.rate or chosen_rates()[model]} for model in MODELS]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=8, hidden=4, batch=4, updates=4, tested=8, rate=0.01, kept=2),
    run=run,
    cases=cases,
    seeds=10,
)
