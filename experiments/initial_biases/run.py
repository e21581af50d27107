"""Trains a network on the adding problem from one of several initialisations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product

import torch

from experiments import Record
from experiments.adding.run import CELLS, Network, sequences, train
from experiments.engine.experiment import Experiment
from lstm_variants.nn import Recurrent, init

MODELS = ("LSTM", "GRU")
FIRST_SEED = 1000
"""Weights and sequences differ from those of the experiment on the adding problem."""
INITIALISATIONS: dict[str, Callable[[Recurrent, int], Recurrent]] = {
    "uniform": lambda layer, T: layer,
    "bias 1": lambda layer, T: init.gate_bias_(layer, "keep", 1.0),
    "bias 2": lambda layer, T: init.gate_bias_(layer, "keep", 2.0),
    "chrono T": lambda layer, T: init.chrono_(layer, T),
    "chrono 10 T": lambda layer, T: init.chrono_(layer, 10 * T),
    "chrono T/10": lambda layer, T: init.chrono_(layer, T // 10),
}


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        lags: T, the smallest length of a sequence.
        hidden: Hidden size.
        batch: Sequences per update.
        rate: Learning rate of Adam.
        window: How many sequences in a row have to be right.
        max_sequences: Sequences after which a run ends.
    """

    lags: tuple[int, ...] = (100, 500)
    hidden: int = 32
    batch: int = 20
    rate: float = 0.005
    window: int = 2000
    max_sequences: int = 1_000_000


def run(config: Config, seed: int, T: int, model: str, initialisation: str) -> Record:
    """Train until the task is solved or the limit is reached."""
    own = FIRST_SEED + seed
    torch.manual_seed(own)
    source = torch.Generator().manual_seed(own)  # the same sequences for every network
    network = Network(CELLS[model], config.hidden)
    INITIALISATIONS[initialisation](network.layer, T)
    draw = partial(sequences, T, config.batch, source)
    return train(network, draw, config.rate, config.window, config.max_sequences)


def cases(config: Config) -> list[Record]:
    """Every initialisation of both models at every lag."""
    return [
        {"T": T, "model": model, "initialisation": initialisation}
        for T, model, initialisation in product(config.lags, MODELS, INITIALISATIONS)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(lags=(20,), hidden=4, window=100, max_sequences=200),
    run=run,
    cases=cases,
    seeds=10,
)
