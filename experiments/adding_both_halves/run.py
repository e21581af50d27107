"""Trains a network on an adding problem whose second number can be close to the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product

import torch
from torch import Tensor

from experiments import Record
from experiments.adding.run import CELLS, Network, train
from experiments.engine.experiment import Experiment
from experiments.initial_biases.run import INITIALISATIONS, MODELS

FIRST_SEED = 2000
"""Weights and sequences differ from those of the other experiments on adding problems."""
COMPARED = ("uniform", "bias 1", "chrono T")


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        lengths: T, the length of a sequence.
        first_half: Those of the lengths that are also run with both marks in the first half.
        hidden: Hidden size.
        batch: Sequences per update.
        rate: Learning rate of Adam.
        window: How many sequences in a row have to be right.
        max_sequences: Sequences after which a run ends.
    """

    lengths: tuple[int, ...] = (200, 750)
    first_half: tuple[int, ...] = (200,)
    hidden: int = 32
    batch: int = 20
    rate: float = 0.005
    window: int = 2000
    max_sequences: int = 1_000_000


def sequences(
    T: int, batch: int, second_mark: str, source: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Input `[T, B, 2]`, lengths `[B]` and what to answer `[B]`.

    Args:
        T: Number of time steps.
        batch: Number of sequences, `B`.
        second_mark: Where the second mark is: in the `"second half"` or in the `"first half"`.
        source: Draws them.
    """
    half = T // 2
    first = torch.randint(0, half, (batch,), generator=source)
    if second_mark == "second half":
        second = torch.randint(half, T, (batch,), generator=source)
    else:
        second = torch.randint(0, half - 1, (batch,), generator=source)
        second += second >= first  # among those that are left
    each = torch.arange(batch)
    x = torch.zeros(T, batch, 2)
    x[..., 0].uniform_(0, 1, generator=source)
    x[first, each, 1] = x[second, each, 1] = 1
    answers = (x[first, each, 0] + x[second, each, 0]) / 2
    return x, torch.full((batch,), T), answers


def run(
    config: Config, seed: int, T: int, second_mark: str, model: str, initialisation: str
) -> Record:
    """Train until the task is solved or the limit is reached."""
    own = FIRST_SEED + seed
    torch.manual_seed(own)
    source = torch.Generator().manual_seed(own)  # the same sequences for every network
    network = Network(CELLS[model], config.hidden)
    INITIALISATIONS[initialisation](network.layer, T)
    draw = partial(sequences, T, config.batch, second_mark, source)
    return train(network, draw, config.rate, config.window, config.max_sequences)


def cases(config: Config) -> list[Record]:
    """Every initialisation of both models, at every length and place of the second mark."""
    tasks = [(T, "second half") for T in config.lengths]
    tasks += [(T, "first half") for T in config.first_half]
    return [
        {"T": T, "second_mark": second_mark, "model": model, "initialisation": initialisation}
        for (T, second_mark), model, initialisation in product(tasks, MODELS, COMPARED)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(lengths=(20,), first_half=(20,), hidden=4, window=100, max_sequences=200),
    run=run,
    cases=cases,
    seeds=10,
)
