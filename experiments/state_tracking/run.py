"""Trains networks that track a state, and tests them on longer sequences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

from experiments import FOLDER, Record
from experiments.engine.experiment import Experiment
from experiments.records import load
from experiments.state_tracking.training import (
    MODELS,
    Training,
    accuracies,
    learn,
    parameters,
    transitions,
    validate,
)
from experiments.state_tracking_rates import choice


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        tasks: The tasks.
        models: The networks.
        times_longer: Lengths of the tests, as multiples of the length of the training.
        rate: Learning rate of all networks; by default, the rate that `state_tracking_rates`
            chooses for each.
        kept_losses: How many losses of the training are kept, each the mean of as many updates.
    """

    tasks: tuple[str, ...] = ("parity", "S3")
    models: tuple[str, ...] = tuple(MODELS)
    times_longer: tuple[int, ...] = (1, 2, 4, 8, 16)
    rate: float | None = None
    kept_losses: int = 20


def run(config: Config, seed: int, task: str, model: str, rate: float) -> Record:
    """Train one network, and count how often its last state is right."""
    network, source, losses = learn(config, seed, task, model, rate)
    lengths = tuple(k * config.steps for k in config.times_longer)
    size = len(losses) // config.kept_losses
    parts = [losses[at : at + size] for at in range(0, len(losses), size)]
    return {
        "losses": [round(sum(part) / len(part), 5) for part in parts],
        "training_length": validate(network, config, task, source),
        "accuracies": accuracies(network, task, lengths, config.tested, source),
        "parameters": parameters(network),
        "states": len(transitions(task)),
    }


@cache
def chosen_rates() -> dict[str, float]:
    """The learning rate of each network, from the record of `state_tracking_rates`."""
    return choice.chosen(load(FOLDER / "state_tracking_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """Every network on every task, with its learning rate."""
    return [
        {"task": task, "model": model, "rate": config.rate or chosen_rates()[model]}
        for task, model in product(config.tasks, config.models)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=4, hidden=4, batch=4, updates=4, tested=8, rate=0.01, kept_losses=2),
    run=run,
    cases=cases,
    seeds=10,
)
