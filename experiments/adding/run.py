"""Trains a network on the adding problem, and measures how a gradient decreases with the lag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

import numpy as np
import torch
from torch import Tensor, nn

from experiments import Record
from experiments.engine.experiment import Experiment
from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell
from lstm_variants.nn import Recurrent, init

FIRST_SEED = 3000
"""Weights and sequences differ from those of a shorter, earlier run, whose results were known."""
LEARNED = 0.1
"""A mean error below this shows that the lag is learned: without it, it is about 0.16."""
CELLS: dict[str, Cell] = {
    "RNN": ElmanCell(),
    "LSTM 1997": LSTMCell(forget_gate=False),
    "LSTM": LSTMCell(),
    "PeepholeLSTM": LSTMCell(peephole="current"),
    "GRU": GRUCell(),
}


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        lags: T, the smallest length of a sequence.
        uniform: Those of them that networks with gates also learn from PyTorch's initialisation.
        hidden: Hidden size.
        batch: Sequences per update.
        rate: Learning rate of Adam.
        rnn_rates: Other learning rates of the network without gates, at the first lag.
        window: How many sequences in a row have to be right.
        max_sequences: Sequences after which a run ends.
        measured: Lags of the gradient's norm, evenly spaced in the logarithm.
    """

    lags: tuple[int, ...] = (100, 500, 1000)
    uniform: tuple[int, ...] = (100,)
    hidden: int = 32
    batch: int = 20
    rate: float = 0.005
    rnn_rates: tuple[float, ...] = (0.0005, 0.0015)
    window: int = 2000
    max_sequences: int = 1_000_000
    measured: int = 30


class Network(nn.Module):
    """A recurrent layer whose state after the last step is read."""

    def __init__(self, cell: Cell, hidden: int) -> None:
        super().__init__()
        self.layer = Recurrent(cell, 2, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Answers `[B]` to sequences `[T, B, 2]`."""
        _, last = self.layer(x, lengths=lengths)
        h = last[0] if isinstance(last, tuple) else last
        answers: Tensor = self.out(h[0]).squeeze(-1)
        return answers


def sequences(T: int, batch: int, source: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Input `[1.1 T, B, 2]`, lengths `[B]` and what to answer `[B]`."""
    lengths = torch.randint(T, T + T // 10 + 1, (batch,), generator=source)
    x = torch.zeros(int(lengths.max()), batch, 2)
    x[..., 0].uniform_(-1, 1, generator=source)
    each = torch.arange(batch)
    first = torch.randint(0, 10, (batch,), generator=source)
    second = torch.randint(0, T // 2 - 2, (batch,), generator=source)
    second += second >= first  # among those that are left
    x[0, :, 1] = x[lengths - 1, each, 1] = -1
    total = torch.zeros(batch)
    for mark in (first, second):
        # The first step's value counts for nothing if it is marked, since its marker is -1.
        value = torch.where(mark > 0, x[mark, each, 0], 0.0)
        x[mark, each, 1] = torch.where(mark > 0, 1.0, -1.0)
        total += value
    return x, lengths, 0.5 + total / 4


def run(config: Config, seed: int, T: int, model: str, initialisation: str, rate: float) -> Record:
    """Train until the task is solved or the limit is reached."""
    own = FIRST_SEED + seed
    torch.manual_seed(own)
    source = torch.Generator().manual_seed(own)  # the same sequences for every network
    draw = partial(sequences, T, config.batch, source)
    network = Network(CELLS[model], config.hidden)
    if initialisation == "chrono T":
        init.chrono_(network.layer, T)
    before = norms(network, T, config.measured)
    record = train(network, draw, rate, config.window, config.max_sequences)
    after = norms(network, T, config.measured)
    return record | {"norms": {"before": before, "after": after}}


def train(
    network: Network,
    draw: Callable[[], tuple[Tensor, Tensor, Tensor]],
    rate: float,
    window: int,
    max_sequences: int,
) -> Record:
    """Train on new sequences until the last `window` of them show that the task is solved.

    Args:
        network: The network.
        draw: Gives a batch, as `sequences` does.
        rate: Learning rate of Adam.
        window: How many sequences in a row have to be right.
        max_sequences: Sequences after which the run ends.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    errors = torch.full((window,), torch.inf)
    seen, solved, learned = 0, False, None
    while seen < max_sequences and not solved:
        x, lengths, wanted = draw()
        difference = network(x, lengths) - wanted
        optimizer.zero_grad()
        difference.square().mean().backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        seen += len(wanted)
        errors = torch.cat([errors[len(wanted) :], difference.detach().abs()])
        mean = float(errors.mean())
        if learned is None and mean < LEARNED:
            learned = seen
        solved = bool(errors.max() < 0.04 and mean < 0.01)
    last = errors[errors.isfinite()]
    return {
        "solved": solved,
        "sequences": seen,
        "learned": learned,
        "mean_error": float(last.mean()),
        "share_right": float((last < 0.04).double().mean()),
    }


def norms(network: Network, T: int, count: int) -> list[list[float]]:
    """Pairs of a lag k and the norm of the derivative of the last h by the input k steps before."""
    generator = torch.Generator().manual_seed(0)
    lags = sorted({round(lag) for lag in np.geomspace(1, T - 1, count).tolist()})
    x = torch.rand(T, 8, 2, generator=generator) * 2 - 1
    x[..., 1] = 0
    x.requires_grad_()
    output, _ = network.layer(x)
    squares = torch.zeros(T, 8)
    for unit in output[-1].sum(0):
        [gradient] = torch.autograd.grad(unit, x, retain_graph=True)
        squares += gradient.square().sum(-1)
    means = squares.double().sqrt().mean(1)
    return [[lag, float(means[T - 1 - lag])] for lag in lags]


def cases(config: Config) -> list[Record]:
    """Every network at every lag; the one without gates also at other learning rates."""
    gated = [model for model in CELLS if model != "RNN"]
    found = [(T, model, "chrono T", config.rate) for T in config.lags for model in gated]
    found += [(T, model, "uniform", config.rate) for T in config.uniform for model in gated]
    found += [(T, "RNN", "uniform", config.rate) for T in config.lags]
    found += [(config.lags[0], "RNN", "uniform", rate) for rate in config.rnn_rates]
    names = "T", "model", "initialisation", "rate"
    return [dict(zip(names, case, strict=True)) for case in sorted(found, key=itemgetter(0))]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(lags=(20,), uniform=(20,), hidden=4, window=100, max_sequences=200, measured=5),
    run=run,
    cases=cases,
    seeds=10,
)
