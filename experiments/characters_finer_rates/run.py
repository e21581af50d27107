"""Trains LSTMs and multiplicative LSTMs that predict characters at several learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch

from experiments import Record
from experiments.characters.training import MODELS, Network, Training, learn, texts
from experiments.engine.experiment import Experiment

FIRST_SEED = 2000
"""Added to the seeds, so that the networks are others than those of earlier experiments."""
COMPARED = ("LSTM", "MultiplicativeLSTM", "MultiplicativeLSTM, 56 units")
"""The networks of the claim."""


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rates: Learning rates of Adam.
    """

    rates: tuple[float, ...] = (0.01, 0.014, 0.02, 0.03, 0.045, 0.065)


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and keep its smallest loss on the validation text."""
    own = FIRST_SEED + seed
    torch.manual_seed(own)
    network = Network(config, *MODELS[model])
    return {"loss": learn(config, own, network, texts()[0]["train"], rate)["valid"]}


def cases(config: Config) -> list[Record]:
    """Every network at every rate."""
    return [{"model": model, "rate": rate} for model, rate in product(COMPARED, config.rates)]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=5, batch=4, updates=2, measured_every=1, tested=50, rates=(0.01, 0.03)),
    run=run,
    cases=cases,
    seeds=3,
)
