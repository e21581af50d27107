"""Trains a network on a timing task, and records its gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.timing.batches import Network, examples, train
from experiments.timing.run import CELLS
from lstm_variants import trace

UNITS = ("none", "peepholes")


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        F: Length of an interval.
        hidden: Hidden size.
        batch: Sequences per update.
        updates: Updates after which training ends.
        rate: Learning rate of Adam.
        forget_bias: Bias of the forget gate at first.
        intervals: How many intervals are shown.
    """

    F: int = 10
    hidden: int = 3
    batch: int = 16
    updates: int = 6000
    rate: float = 0.01
    forget_bias: float = 2.0
    intervals: int = 4


def run(config: Config, seed: int, unit: str) -> Record:
    """Train one network; look into it if it has learned the task, or has had enough time."""
    network, record = train(
        "GTS",
        config.F,
        CELLS[unit],
        seed=seed,
        hidden=config.hidden,
        batch=config.batch,
        updates=config.updates,
        rate=config.rate,
        forget_bias=config.forget_bias,
        tolerance=0.49,
    )
    return record | {"trace": excerpt(network, config.F, config.intervals)}


@torch.no_grad()
def excerpt(network: Network, F: int, intervals: int) -> dict[str, list[float]]:
    """Gates, memory and output of a network, step by step, and what it should say."""
    x, target = examples("GTS", F, intervals + 1, 1, torch.Generator().manual_seed(0))
    end = int(target[:, 0].nonzero()[intervals - 1]) + 1
    x, target = x[:end], target[:end]
    [steps] = trace(network.layer, x)
    loudest = int((network.out.weight[0] * steps["h"][:, 0]).std(0).argmax())
    said = network(x)[:, 0]
    kept = {"input": x[:, 0, 0], "target": target[:, 0], "output": said}
    kept |= {name: steps[name][:, 0, loudest] for name in "ifoc"}
    return {name: values.double().round(decimals=5).tolist() for name, values in kept.items()}


def cases(config: Config) -> Sequence[Record]:
    """With peepholes and without."""
    return [{"unit": unit} for unit in UNITS]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(F=3, updates=2),
    run=run,
    cases=cases,
    seeds=10,
)
