"""Trains a network on words of a language that counts, and tests how far it counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import torch

from experiments import FOLDER, Record
from experiments.counting.training import LANGUAGES, MODELS, Network, Training, learn, words
from experiments.counting_rates import choice
from experiments.engine.experiment import Experiment
from experiments.records import load


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        hidden: Hidden sizes.
        rate: Learning rate of RMSprop for all networks; by default, the rate that
            `counting_rates` chooses for each.
        traced_n: The n whose states are kept, for the figure; of the smallest hidden size.
    """

    hidden: tuple[int, ...] = (3, 10)
    rate: float | None = None
    traced_n: int = 40


def run(config: Config, seed: int, language: str, model: str, hidden: int, rate: float) -> Record:
    """Train one network, and see how far it counts."""
    network, record = learn(config, seed, language, model, hidden, rate)
    if language == "aⁿbⁿ" and hidden == min(config.hidden):
        record["trace"] = trace(network, LANGUAGES[language], config.traced_n)
    return record


@torch.inference_mode()
def trace(network: Network, letters: int, n: int) -> list[list[float]]:
    """The state of each unit at each letter of a word: `c` of an LSTM, `h` of a GRU."""
    x, _, _ = words(letters, torch.tensor([n]))
    state: Any = None
    states = []
    for letter in x:
        _, state = network.layer(letter[None], state)
        states.append(state[1] if isinstance(state, tuple) else state)
    found: list[list[float]] = torch.cat(states).squeeze(1).double().round(decimals=4).tolist()
    return found


@cache
def chosen_rates() -> dict[choice.Network, float]:
    """The learning rate of each network, from the record of `counting_rates`."""
    return choice.chosen(load(FOLDER / "counting_rates" / "record.json"))


def chosen_rate(language: str, model: str, hidden: int) -> float:
    """The learning rate of a network.

    Raises:
        SystemExit: If none was chosen for this number of hidden units.
    """
    rate = chosen_rates().get((language, model, hidden))
    if rate is None:
        raise SystemExit(
            f"No learning rate was chosen for {hidden} hidden units. See which is best: python -m "
            f"experiments counting_rates --hidden {hidden} --out DIR; counting takes it as --rate"
        )
    return rate


def cases(config: Config) -> list[Record]:
    """Every model at every size on both languages, with its learning rate."""
    return [
        {
            "language": language,
            "model": model,
            "hidden": hidden,
            "rate": config.rate or chosen_rate(language, model, hidden),
        }
        for language, hidden, model in product(LANGUAGES, config.hidden, MODELS)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(hidden=(3,), max_train_n=5, words=32, epochs=2, max_test_n=60, traced_n=5),
    run=run,
    cases=cases,
    seeds=10,
)
