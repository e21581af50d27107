"""Trains a network to predict the next notes, at each learning rate."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from experiments import Record
from experiments.data import PianoRollName, cached, piano_rolls
from experiments.data.batches import batches
from experiments.engine.experiment import Experiment
from lstm_variants import VARIANTS

UNITS = {"RNN": 100, "GRU": 46, "PeepholeLSTM": 36, "LSTM": 36}
BASELINES = ("marginal", "Markov chain")
KEYS = 88


@dataclass(frozen=True)
class Setting:
    """How networks are trained on a data set.

    Attributes:
        data: Its name.
        rates: Learning rates that are tried.
        epochs: Epochs at most.
        patience: Epochs without a new best on the validation set after which training ends.
        batch: Sequences per update.
    """

    data: PianoRollName
    rates: tuple[float, ...]
    epochs: int
    patience: int
    batch: int


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        settings: One for each data set.
        noise: Standard deviation of the weight noise.
        only: How many sequences of each split are used; all if 0.
    """

    settings: tuple[Setting, ...] = (
        Setting("JSB Chorales", rates=(0.0003, 0.001, 0.003), epochs=1000, patience=15, batch=8),
        Setting("Nottingham", rates=(0.002, 0.004), epochs=300, patience=40, batch=8),
    )
    noise: float = 0.075
    only: int = 0


class Network(nn.Module):
    """A recurrent layer that says for each key how likely it sounds next."""

    def __init__(self, model: str, hidden: int) -> None:
        super().__init__()
        self.layer = VARIANTS[model].layer(KEYS, hidden)
        self.out = nn.Linear(hidden, KEYS)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[T, B, 88]`."""
        logits: Tensor = self.out(self.layer(x)[0])
        return logits


@cached
def splits(name: PianoRollName, only: int) -> dict[str, list[Tensor]]:
    """The sequences of a data set."""
    return {
        split: [torch.from_numpy(sequence) for sequence in sequences[: only or None]]
        for split, sequences in piano_rolls(name).items()
    }


def losses(network: nn.Module, batch: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Nats of each sequence, `[B]`, and how many frames were predicted in each."""
    x = nn.utils.rnn.pad_sequence(list(batch))
    frames = torch.tensor([len(sequence) - 1 for sequence in batch])
    nats = cross_entropy(network(x[:-1]), x[1:], reduction="none").sum(-1)
    counts = torch.arange(len(x) - 1)[:, None] < frames
    return torch.where(counts, nats, 0.0).sum(0), frames


@torch.no_grad()
def measure(network: nn.Module, sequences: Sequence[Tensor]) -> dict[str, float]:
    """Nats per frame over all frames, and the mean over sequences of the same."""
    ordered = sorted(sequences, key=len)  # little padding
    parts = [losses(network, ordered[k : k + 50]) for k in range(0, len(ordered), 50)]
    nats, frames = (torch.cat(part).double() for part in zip(*parts, strict=True))
    return {
        "per_frame": float(nats.sum() / frames.sum()),
        "per_sequence": float((nats / frames).mean()),
    }


class Baseline(nn.Module):
    """Each key on its own: how often it sounds, or how often after it sounded and after not."""

    def __init__(self, model: str, sequences: Sequence[Tensor]) -> None:
        super().__init__()
        now = torch.cat([sequence[:-1] for sequence in sequences])
        after = torch.cat([sequence[1:] for sequence in sequences])
        self.looks = model == "Markov chain"
        sounded = now * self.looks
        self.logits = [
            torch.logit((after * where).sum(0).add(1) / where.sum(0).add(2))
            for where in (1 - sounded, sounded)
        ]

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[T, B, 88]`."""
        silent, sounding = self.logits
        return torch.where((x > 0) & self.looks, sounding, silent)


def run(config: Config, seed: int, data: PianoRollName, model: str, rate: float) -> Record:
    """Train with one learning rate until the validation set says no more."""
    torch.manual_seed(seed)
    if model in BASELINES:
        sets = splits(data, config.only)
        baseline = Baseline(model, sets["train"])
        return {
            "valid": measure(baseline, sets["valid"])["per_frame"],
            "test": measure(baseline, sets["test"]),
        }
    [setting] = (setting for setting in config.settings if setting.data == data)
    return train(Network(model, UNITS[model]), setting, rate, seed, config.noise, config.only)


def train(
    network: Network, setting: Setting, rate: float, seed: int, noise: float, only: int
) -> Record:
    """Train until the validation set says no more, and measure the best network."""
    optimizer = torch.optim.RMSprop(network.parameters(), lr=rate, foreach=True)
    sets = splits(setting.data, only)
    lengths = [len(sequence) for sequence in sets["train"]]
    source = torch.Generator().manual_seed(seed)  # the same batches for every model
    best, best_epoch, best_network = math.inf, 0, network
    epoch = 0
    while epoch < setting.epochs and epoch - best_epoch < setting.patience:
        epoch += 1
        for picks in batches(lengths, setting.batch, source):
            step(network, optimizer, [sets["train"][k] for k in picks], noise)
        found = measure(network, sets["valid"])["per_frame"]
        if found < best:
            best, best_epoch, best_network = found, epoch, copy.deepcopy(network)
        if not math.isfinite(found):
            break
    return {
        "valid": best,
        "test": measure(best_network, sets["test"]),
        "epoch": best_epoch,
        "epochs": epoch,
        "at_most": setting.epochs,
        "parameters": sum(p.numel() for p in network.parameters()),
    }


@contextlib.contextmanager
def noisy(parameters: Sequence[Tensor], noise: float) -> Iterator[None]:
    """Add Gaussian noise to parameters, and take it off afterwards."""
    if not noise:
        yield
        return
    clean = [p.detach().clone() for p in parameters]
    with torch.no_grad():
        for p in parameters:
            p.add_(torch.randn_like(p), alpha=noise)
    yield
    with torch.no_grad():
        for p, value in zip(parameters, clean, strict=True):
            p.copy_(value)


def step(
    network: nn.Module, optimizer: torch.optim.Optimizer, batch: Sequence[Tensor], noise: float
) -> None:
    """One update, by the gradient at noisy weights."""
    parameters = list(network.parameters())
    optimizer.zero_grad()
    with noisy(parameters, noise):
        nats, frames = losses(network, batch)
        (nats.sum() / frames.sum()).backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


def cases(config: Config) -> list[Record]:
    """Every model with every learning rate on every data set."""
    trained = [
        {"data": setting.data, "model": model, "rate": rate}
        for setting in config.settings
        for rate, model in product(setting.rates, UNITS)
    ]
    counted = [
        {"data": setting.data, "model": model, "rate": 0.0}
        for setting, model in product(config.settings, BASELINES)
    ]
    return [*trained, *counted]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        settings=(Setting("JSB Chorales", (0.01,), 1, 1, 2),),
        only=4,
    ),
    run=run,
    cases=cases,
    seeds=5,
)
