"""Trains LSTMs and multiplicative LSTMs with rates from a finer grid, and tests them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch

from experiments import FOLDER, Record
from experiments.characters.training import MODELS, Network, Training, learn, texts
from experiments.characters_finer_rates.run import COMPARED
from experiments.engine.experiment import Experiment
from experiments.records import load
from experiments.state_tracking_rates import choice

FIRST_SEED = 3000
"""Added to the seeds, so that the networks are others than those of earlier experiments."""


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rate: Learning rate of all networks; by default, the rate that `characters_finer_rates`
            chooses for each.
    """

    rate: float | None = None


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network on the whole text of the training, and measure it."""
    own = FIRST_SEED + seed
    torch.manual_seed(own)
    network = Network(config, *MODELS[model])
    record = learn(config, own, network, texts()[0]["train"], rate)
    return record | {"parameters": sum(p.numel() for p in network.layer.parameters())}


@cache
def chosen_rates() -> dict[str, float]:
    """The learning rate of each network, from the record of `characters_finer_rates`."""
    return choice.chosen(load(FOLDER / "characters_finer_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """Every network of the claim, with its learning rate."""
    return [{"model": model, "rate": config.rate or chosen_rates()[model]} for model in COMPARED]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=5, batch=4, updates=2, measured_every=1, tested=50, rate=0.01),
    run=run,
    cases=cases,
    seeds=10,
)
