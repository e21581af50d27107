"""Trains a network on words of a language that counts, and tests how far it counts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import torch

from experiments import Record
from experiments.counting.training import LANGUAGES, MODELS, Network, max_correct_n, words
from experiments.engine.experiment import Experiment


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        hidden: Hidden sizes.
        longest: Largest n of the training words.
        words: How many training words.
        epochs: How often each is seen.
        batch: Words per update.
        rate: Learning rate of RMSprop.
        farthest: Largest n of the test words.
        traced: The n whose states are kept, for the figure; of the smallest hidden size.
    """

    hidden: tuple[int, ...] = (3, 10)
    longest: int = 50
    words: int = 1000
    epochs: int = 150
    batch: int = 8
    rate: float = 0.01
    farthest: int = 500
    traced: int = 40


def run(config: Config, seed: int, language: str, model: str, hidden: int) -> Record:
    """Train one network and see how far it counts."""
    torch.manual_seed(seed)
    letters = LANGUAGES[language]
    network = Network(model, letters, hidden)
    optimizer = torch.optim.RMSprop(network.parameters(), lr=config.rate)
    source = torch.Generator().manual_seed(seed)  # the same words for every model
    ns = torch.randint(1, config.longest + 1, (config.words,), generator=source)
    for _ in range(config.epochs):
        for batch in ns[torch.randperm(len(ns), generator=source)].split(config.batch):
            x, answers, valid = words(letters, batch)
            errors = (network(x) - answers).square().mean(-1)
            optimizer.zero_grad()
            errors[valid].mean().backward()
            optimizer.step()
    record: Record = {
        "reached": max_correct_n(network, letters, config.farthest),
        "trained": config.longest,
    }
    if language == "aⁿbⁿ" and hidden == min(config.hidden):
        record["trace"] = trace(network, letters, config.traced)
    return record


@torch.inference_mode()
def trace(network: Network, letters: int, n: int) -> list[list[float]]:
    """What each unit remembers at each letter of a word: `c` of an LSTM, `h` of a GRU."""
    x, _, _ = words(letters, torch.tensor([n]))
    state: Any = None
    memory = []
    for letter in x:
        _, state = network.layer(letter[None], state)
        memory.append(state[1] if isinstance(state, tuple) else state)
    found: list[list[float]] = torch.cat(memory).squeeze(1).double().round(decimals=4).tolist()
    return found


def cases(config: Config) -> list[Record]:
    """Every model at every size on both languages."""
    return [
        {"language": language, "model": model, "hidden": hidden}
        for language, hidden, model in product(LANGUAGES, config.hidden, MODELS)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(hidden=(3,), longest=5, words=32, epochs=2, farthest=60, traced=5),
    run=run,
    cases=cases,
    seeds=10,
)
