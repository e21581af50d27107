"""Trains networks that count with the learning rates of the sources."""

from __future__ import annotations

from dataclasses import dataclass

from experiments import Record
from experiments.counting.training import LANGUAGES, learn, measured
from experiments.counting_source_rates import SMALLER, SUZGUN, WEISS
from experiments.engine.experiment import Experiment

FIRST_SEED = 2000
"""Added to the seeds, so that the networks are others than those of the earlier experiments."""
NETWORKS = (
    ("LSTM", 3, SUZGUN),
    ("LSTM", 10, WEISS),
    ("GRU", 3, WEISS),
    ("GRU", 10, WEISS),
    ("GRU", 3, SMALLER),
    ("GRU", 10, SMALLER),
)
"""Model, hidden size and learning rate."""


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        max_train_n: Largest n of the training words.
        words: Number of training words.
        epochs: How often each is seen.
        max_test_n: Largest n of the test words.
    """

    max_train_n: int = 50
    words: int = 1000
    epochs: int = 150
    max_test_n: int = 10_000


def run(config: Config, seed: int, language: str, model: str, hidden: int, rate: float) -> Record:
    """Train one network, and see how far it counts."""
    network = learn(
        FIRST_SEED + seed,
        language,
        model,
        hidden,
        rate,
        number=config.words,
        max_n=config.max_train_n,
        epochs=config.epochs,
    )
    return measured(network, language, config.max_train_n, config.max_test_n)


def cases(config: Config) -> list[Record]:
    """Every network on both languages."""
    return [
        {"language": language, "model": model, "hidden": hidden, "rate": rate}
        for language in LANGUAGES
        for model, hidden, rate in NETWORKS
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(max_train_n=5, words=8, epochs=2, max_test_n=60),
    run=run,
    cases=cases,
    seeds=10,
)
