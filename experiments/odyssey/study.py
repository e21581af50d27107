"""Random search over hyperparameters, for one recurrent unit on one data set.

A trial draws hyperparameters, trains a network until its validation loss stops improving, and
measures loss and error on the test set.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from experiments import Record
from experiments.data.batches import batches
from experiments.engine.experiment import Experiment
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey.tasks import TASKS, Task
from lstm_variants import VARIANTS
from lstm_variants.cells import Cell
from lstm_variants.nn import Recurrent

TaskName = Literal["speech", "strokes", "music"]
Measure = Callable[[Tensor, Sequence[int], str], Tensor]
"""Of logits, for some sequences of a split: losses or errors."""
CELLS: dict[str, Cell] = {
    VANILLA: VARIANTS["PeepholeLSTM"].cell,
    **{name: VARIANTS[name].cell for name in (*ABLATIONS, "GRU", "RNN")},
}


@dataclass(frozen=True)
class Config:
    """Settings of a study.

    Attributes:
        task: Name of the data set.
        batch: Sequences per update.
        epochs: Epochs at most.
        patience: Epochs without a new best validation loss after which training ends.
        hidden: Range of the hidden size.
        rate: Range of Adam's learning rate.
        forgotten: Range of 1 - momentum, Adam's first moment.
        noise: Range of the standard deviation of the noise that is added to inputs in training.
    """

    task: TaskName
    batch: int = 32
    epochs: int = 150
    patience: int = 15
    hidden: tuple[int, int] = (20, 200)
    rate: tuple[float, float] = (1e-5, 1e-1)
    forgotten: tuple[float, float] = (0.01, 1.0)
    noise: tuple[float, float] = (0.0, 1.0)


STUDIES = {
    "speech": Config("speech"),
    "strokes": Config("strokes"),
    "music": Config("music", batch=1),
}
"""The settings of the published studies."""


@dataclass(frozen=True)
class Hyperparameters:
    """What a trial draws.

    Attributes:
        hidden: Hidden size; log-uniform.
        rate: Learning rate of Adam; log-uniform.
        momentum: Decay of Adam's first moment; 1 minus it is log-uniform.
        noise: Standard deviation of the noise of the inputs; uniform.
    """

    hidden: int
    rate: float
    momentum: float
    noise: float


def draw(config: Config, random: np.random.Generator) -> Hyperparameters:
    """Draw hyperparameters from the ranges of a study."""

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(random.uniform(math.log(low), math.log(high))))

    return Hyperparameters(
        hidden=round(log_uniform(*config.hidden)),
        rate=log_uniform(*config.rate),
        momentum=1 - log_uniform(*config.forgotten),
        noise=float(random.uniform(*config.noise)),
    )


class Network(nn.Module):
    """A recurrent layer whose state is read at each step, or after the last one."""

    def __init__(self, cell: Cell, task: Task, hidden: int) -> None:
        super().__init__()
        self.layer = Recurrent(cell, task.inputs["train"][0].shape[1], hidden)
        self.out = nn.Linear(hidden, task.outputs)
        self.every_step = task.every_step

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Logits `[T, B, outputs]`, or `[B, outputs]`, for inputs `[T, B, D]`."""
        output, last = self.layer(x, lengths=lengths)
        h = last[0] if isinstance(last, tuple) else last
        logits: Tensor = self.out(output if self.every_step else h[0])
        return logits


def logits(
    network: nn.Module, task: Task, split: str, picks: Sequence[int], noise: float = 0.0
) -> Tensor:
    """The logits of a network for some sequences, with noise on their inputs."""
    inputs = [task.inputs[split][k] for k in picks]
    x = pad_sequence(inputs)
    if noise:
        x = x + noise * torch.randn_like(x)
    output: Tensor = network(x, torch.tensor([len(sequence) for sequence in inputs]))
    return output


@torch.no_grad()
def mean(measure: Measure, network: nn.Module, task: Task, split: str) -> float:
    """The mean of a measure over a split."""
    order = sorted(range(len(task.inputs[split])), key=lambda k: len(task.inputs[split][k]))
    parts = [order[k : k + 100] for k in range(0, len(order), 100)]
    found = [measure(logits(network, task, split, picks), picks, split) for picks in parts]
    return float(torch.cat(found).double().mean())


def trial(config: Config, cell: Cell, name: str, seed: int) -> Record:
    """Draw hyperparameters, train a network, and measure its loss.

    Args:
        config: Settings of the study.
        cell: The recurrent unit.
        name: Its name; another name draws other hyperparameters.
        seed: Number of the trial.
    """
    random = np.random.default_rng([seed, *config.task.encode(), *name.encode()])
    chosen = draw(config, random)
    torch.manual_seed(int(random.integers(2**31)))
    task = TASKS[config.task]()
    network = Network(cell, task, chosen.hidden)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=chosen.rate, betas=(chosen.momentum, 0.999), fused=True
    )
    lengths = [len(sequence) for sequence in task.inputs["train"]]
    source = torch.Generator().manual_seed(seed)
    best, best_loss, best_epoch, epoch = network, math.inf, 0, 0
    while epoch < min(config.epochs, best_epoch + config.patience):
        for picks in batches(lengths, config.batch, source):
            optimizer.zero_grad()
            output = logits(network, task, "train", picks, chosen.noise)
            task.losses(output, picks, "train").mean().backward()
            optimizer.step()
        epoch += 1
        valid = mean(task.losses, network, task, "valid")
        if valid < best_loss:
            best, best_loss, best_epoch = copy.deepcopy(network), valid, epoch
        if not math.isfinite(valid):
            break
    return {
        **asdict(chosen),
        "valid": best_loss,
        "test": mean(task.losses, best, task, "test"),
        "error": None if task.every_step else mean(task.errors, best, task, "test"),
        "chance": task.chance,
        "epochs": epoch,
        "best_epoch": best_epoch,
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def run(config: Config, seed: int, unit: str) -> Record:
    """One trial of one unit."""
    return trial(config, CELLS[unit], unit, seed)


def cases(config: Config) -> list[Record]:
    """Every unit."""
    return [{"unit": unit} for unit in CELLS]


def experiment(task: str) -> Experiment:
    """The study of a data set: 60 trials of each unit."""
    config = STUDIES[task]
    smoke = replace(config, epochs=1, hidden=(2, 4))
    return Experiment(config=config, smoke=smoke, run=run, cases=cases, seeds=60)
