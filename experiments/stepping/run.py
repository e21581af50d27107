"""Trains small networks on two tasks, and records their gates and states while they read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from experiments import Record
from experiments.counting import training as counting
from experiments.engine.experiment import Experiment
from lstm_variants import VARIANTS, trace

TASKS = ("counting", "remembering")
MODELS = ("LSTM", "PeepholeLSTM", "CoupledLSTM", "GRU", "RNN")


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        hidden: Hidden size.
        max_train_n: Counting: largest n of the training words.
        words: Counting: number of training words.
        epochs: Counting: how often each is seen.
        recorded_ns: Counting: the n of the words that are recorded.
        steps: Remembering: time steps of a sequence.
        updates: Remembering: updates of 32 sequences.
    """

    hidden: int = 2
    max_train_n: int = 10
    words: int = 300
    epochs: int = 60
    recorded_ns: tuple[int, ...] = (4, 9)
    steps: int = 20
    updates: int = 1500


class Network(nn.Module):
    """A recurrent layer and a linear one for each time step."""

    def __init__(self, model: str, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layer = VARIANTS[model].layer(inputs, hidden)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs `[T, B, outputs]`."""
        y: Tensor = self.out(self.layer(x)[0])
        return y


def run(config: Config, seed: int, task: str, model: str) -> Record:
    """Train one network, and record it."""
    torch.manual_seed(seed)
    return {"counting": count, "remembering": remember}[task](config, seed, model)


def count(config: Config, seed: int, model: str) -> Record:
    """Counting: words of a and b."""
    network = counting.Network(model, 2, config.hidden)
    source = torch.Generator().manual_seed(seed)
    ns = torch.randint(1, config.max_train_n + 1, (config.words,), generator=source)
    counting.train(network, 2, ns, config.epochs, 0.01, source)
    recordings = []
    for n in config.recorded_ns:
        x, _, _ = counting.words(2, torch.tensor([n]))
        recordings.append(recorded(network, x, f"aⁿbⁿ, n = {n}", ["a"] * n + ["b"] * n))
    error = counting.train_error(network, 2, config.max_train_n)
    return {"error": error, "outputs": ["a", "b", "end"], "recordings": recordings}


def remember(config: Config, seed: int, model: str) -> Record:
    """Remembering: the last input that was not zero."""
    network = Network(model, 1, config.hidden, 1)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    source = torch.Generator().manual_seed(seed)
    for _ in range(config.updates):
        x, answers = signals(config.steps, 32, source)
        optimizer.zero_grad()
        (network(x) - answers).square().mean().backward()
        optimizer.step()
    with torch.no_grad():
        x, answers = signals(config.steps, 1000, source)
        error = (network(x) - answers).square().mean().item()
    x, _ = signals(config.steps, 1, torch.Generator().manual_seed(RECORDED))
    symbols = [f"{value:g}" for value in x.flatten().tolist()]
    recording = recorded(network, x, "1, -1 or 0", symbols)
    return {"error": error, "outputs": ["last input"], "recordings": [recording]}


RECORDED = 1
"""The seed of the sequence that all networks are recorded with."""


def signals(steps: int, batch: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Inputs of 1, -1 and mostly 0, `[T, B, 1]`, and the last one that was not 0."""
    kinds = torch.randint(0, 8, (steps, batch, 1), generator=source)
    x = (kinds == 0).float() - (kinds == 1).float()
    answers, last = [], torch.zeros(batch, 1)
    for value in x:
        last = torch.where(value == 0, last, value)
        answers.append(last)
    return x, torch.stack(answers)


@torch.no_grad()
def recorded(network: nn.Module, x: Tensor, title: str, symbols: list[str]) -> Record:
    """Inputs, outputs, gates and states at each time step, rounded to three decimals."""

    def rounded(values: Tensor) -> list[list[float]]:
        found: list[list[float]] = values[:, 0].double().round(decimals=3).tolist()
        return found

    [steps] = trace(network, x)
    return {
        "title": title,
        "symbols": symbols,
        "outputs": rounded(network(x)),
        "steps": {name: rounded(values) for name, values in steps.items()},
    }


def cases(config: Config) -> list[Record]:
    """Every model on both tasks."""
    return [{"task": task, "model": model} for task, model in product(TASKS, MODELS)]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(max_train_n=3, words=4, epochs=1, recorded_ns=(2,), steps=4, updates=2),
    run=run,
    cases=cases,
)
