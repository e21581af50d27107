"""Trains a network whose answers depend on the next input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from experiments import Record
from experiments.engine.experiment import Experiment
from lstm_variants.nn import GRU, LSTM, PeepholeLSTM, Recurrent


class Model(NamedTuple):
    """A network of the comparison.

    Attributes:
        layer: Class of its layer.
        bidirectional: Whether it reads in both directions.
        delay: Steps that its answers come later.
        width: Its hidden size, as a multiple of the configuration's.
        readout: Whether there is a hidden layer between its states and the answer.
    """

    layer: Callable[..., Recurrent]
    bidirectional: bool = False
    delay: int = 0
    width: int = 1
    readout: bool = True


MODELS = {
    "LSTM": Model(LSTM),
    "LSTM, twice as wide": Model(LSTM, width=2),
    "LSTM, delayed by 1": Model(LSTM, delay=1),
    "BiLSTM": Model(LSTM, bidirectional=True),
    "BiLSTM, peepholes": Model(PeepholeLSTM, bidirectional=True),
    "BiGRU": Model(GRU, bidirectional=True),
    "BiLSTM, no hidden layer": Model(LSTM, bidirectional=True, readout=False),
}


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        steps: T, the length of a sequence.
        hidden: Hidden size of each direction.
        batch: Sequences per update.
        updates: Updates of Adam.
        rate: Its learning rate.
        tested: Sequences that are tested.
    """

    steps: int = 50
    hidden: int = 16
    batch: int = 64
    updates: int = 1500
    rate: float = 0.01
    tested: int = 2000


class Network(nn.Module):
    """A recurrent layer that answers yes or no at each step."""

    def __init__(self, model: Model, hidden: int) -> None:
        super().__init__()
        width = model.width * hidden
        self.layer = model.layer(1, width, bidirectional=model.bidirectional)
        states = width * (1 + model.bidirectional)
        hidden_layer = (nn.Linear(states, width), nn.ReLU())
        self.out = (
            nn.Sequential(*hidden_layer, nn.Linear(width, 1))
            if model.readout
            else nn.Linear(states, 1)
        )
        self.delay = model.delay

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[T, B]` for bits `[T, B]`."""
        later = torch.cat([x, x.new_zeros(self.delay, x.shape[1])])
        logits: Tensor = self.out(self.layer(later[..., None])[0]).squeeze(-1)
        return logits[self.delay :]


def run(config: Config, seed: int, model: str) -> Record:
    """Train one network on fresh bits, then count how often it is right."""
    torch.manual_seed(seed)
    network = Network(MODELS[model], config.hidden)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.rate)
    source = torch.Generator().manual_seed(seed)  # the same bits for every model
    for _ in range(config.updates):
        x = torch.randint(0, 2, (config.steps, config.batch), generator=source).float()
        optimizer.zero_grad()
        cross_entropy(network(x)[1:-1], (x[:-2] != x[2:]).float()).backward()
        optimizer.step()
    with torch.no_grad():
        x = torch.randint(0, 2, (config.steps, config.tested), generator=source).float()
        right = (network(x)[1:-1] > 0) == (x[:-2] != x[2:])
    return {
        "accuracy": float(right.double().mean()),
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def cases(config: Config) -> list[Record]:
    """Every network."""
    return [{"model": model} for model in MODELS]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=6, hidden=2, batch=4, updates=2, tested=10),
    run=run,
    cases=cases,
    seeds=10,
)
