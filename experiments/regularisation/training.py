"""LSTMs that predict the characters of a short text, each with a way to regularise it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from experiments import FOLDER, Record
from experiments.characters import training
from experiments.characters.training import Network, learn, texts
from experiments.records import load
from experiments.state_tracking_rates import choice

METHODS = {
    "recurrent dropout": "recurrent_dropout",
    "zoneout": "zoneout",
    "weight dropout": "weight_dropout",
}
"""The argument of the layer that sets the probability of each."""
NONE = "none"


@dataclass(frozen=True)
class Training(training.Training):
    """Settings that the experiments on regularisation have in common.

    Attributes:
        steps: Characters of a piece of text, T.
        batch: Pieces per update.
        updates: Updates of Adam.
        measured_every: After how many updates the loss on the validation text is measured.
        read: Characters of the text of the training.
        hidden: Hidden size.
        learning_rate: Of Adam; by default, the rate that `characters_rates` chooses for the LSTM.
    """

    steps: int = 25
    batch: int = 64
    updates: int = 400
    measured_every: int = 50
    read: int = 10_000
    hidden: int = 64
    learning_rate: float | None = None


def train(config: Training, seed: int, model: str, rate: float) -> Record:
    """Train an LSTM with one of the methods, or with none of them."""
    torch.manual_seed(seed)
    options = {METHODS[model]: rate} if model != NONE else {}
    network = Network(config, "LSTM", config.hidden, **options)
    text = texts()[0]["train"][: config.read]
    learning_rate = config.learning_rate or chosen_rate()
    record = learn(config, seed, network, text, learning_rate)
    return record | {"learning_rate": learning_rate}


def chosen_rate() -> float:
    """The learning rate of the LSTM, from the record of `characters_rates`."""
    return choice.chosen(load(FOLDER / "characters_rates" / "record.json"))["LSTM"]
