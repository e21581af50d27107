"""Trains networks that count with the learning rates of the sources."""

from __future__ import annotations

from experiments import Record
from experiments.counting.training import LANGUAGES, Training, learn
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


def run(config: Training, seed: int, language: str, model: str, hidden: int, rate: float) -> Record:
    """Train one network, and see how far it counts."""
    return learn(config, FIRST_SEED + seed, language, model, hidden, rate)[1]


def cases(config: Training) -> list[Record]:
    """Every network on both languages."""
    return [
        {"language": language, "model": model, "hidden": hidden, "rate": rate}
        for language in LANGUAGES
        for model, hidden, rate in NETWORKS
    ]


EXPERIMENT = Experiment(
    config=Training(),
    smoke=Training(max_train_n=5, words=8, epochs=2, max_test_n=60),
    run=run,
    cases=cases,
    seeds=10,
)
