"""Networks that read a text and predict each next character."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments import Record
from experiments.data import cached, sentences
from lstm_variants import VARIANTS

VALIDATED = 10
"""The last of so many parts of the training text is the validation text."""


MODELS = {
    "LSTM": ("LSTM", 64),
    "MultiplicativeLSTM": ("MultiplicativeLSTM", 64),
    "MultiplicativeLSTM, 56 units": ("MultiplicativeLSTM", 56),
    "LayerNormLSTM": ("LayerNormLSTM", 64),
}
"""Variant and hidden size of each network; with 56 units, there are as many parameters as with 64
of an LSTM."""


@dataclass(frozen=True)
class Training:
    """Settings that the experiments on characters have in common.

    Attributes:
        embedded: Numbers that stand for a character.
        steps: Characters of a piece of text, T.
        batch: Pieces per update.
        updates: Updates of Adam.
        measured_every: After how many updates the loss on the validation text is measured.
        tested: Characters of the texts on which a network is measured.
    """

    embedded: int = 32
    steps: int = 50
    batch: int = 32
    updates: int = 800
    measured_every: int = 40
    tested: int = 20_000


@cached
def texts() -> tuple[dict[str, Tensor], int]:
    """Numbers of the characters of each part, and how many different characters there are.

    A line for each sentence, with a space after each word.
    """
    found = {
        split: "".join(" ".join(token.word for token in sentence) + "\n" for sentence in part)
        for split, part in sentences().items()
    }
    alphabet = sorted(set("".join(found.values())))
    places = {character: k for k, character in enumerate(alphabet)}
    numbers = {
        split: torch.tensor([places[character] for character in text])
        for split, text in found.items()
    }
    first = len(numbers["train"]) * (VALIDATED - 1) // VALIDATED
    train, valid = numbers["train"].split([first, len(numbers["train"]) - first])
    return {"train": train, "valid": valid, "test": numbers["test"]}, len(alphabet)


class Network(nn.Module):
    """Embedded characters, one recurrent layer, and a logit for each next character."""

    def __init__(self, config: Training, variant: str, hidden: int, **options: Any) -> None:
        super().__init__()
        characters = texts()[1]
        self.embedding = nn.Embedding(characters, config.embedded)
        self.layer = VARIANTS[variant].layer(config.embedded, hidden, **options)
        self.out = nn.Linear(hidden, characters)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[T, B, characters]` after characters `[T, B]`."""
        logits: Tensor = self.out(self.layer(self.embedding(x))[0])
        return logits


def bits(network: Network, piece: Tensor) -> Tensor:
    """The mean loss in bits per character on pieces of text `[T + 1, B]`."""
    logits = network(piece[:-1])
    return cross_entropy(logits.flatten(0, 1), piece[1:].flatten()) / math.log(2)


def learn(config: Training, seed: int, network: Network, text: Tensor, rate: float) -> Record:
    """Train a network on pieces of a text, with a learning rate that falls linearly to 0.

    Args:
        config: Settings.
        seed: The seed of the places of the pieces.
        network: What is trained.
        text: The text of the training.
        rate: Learning rate of Adam.

    Returns:
        The smallest loss on the validation text, the loss on the test text at that time, after how
        many updates that was, and the loss on the validation text at each measurement.
    """
    source = torch.Generator().manual_seed(seed)  # the same pieces for every network
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    steps = torch.arange(config.steps + 1)[:, None]
    curve: list[float] = []
    best = {"valid": math.inf}
    for update in range(1, config.updates + 1):
        optimizer.param_groups[0]["lr"] = rate * (1 - (update - 1) / config.updates)
        starts = torch.randint(len(text) - config.steps, (config.batch,), generator=source)
        optimizer.zero_grad()
        bits(network, text[starts + steps]).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if update % config.measured_every == 0:
            curve.append(measure(network, config, "valid"))
            if curve[-1] < best["valid"]:
                test = measure(network, config, "test")
                best = {"valid": curve[-1], "test": test, "best_update": update}
    return best | {"curve": [round(loss, 4) for loss in curve]}


@torch.inference_mode()
def measure(network: Network, config: Training, split: str) -> float:
    """The loss in bits per character at the beginning of a text, in pieces of the same length."""
    text = texts()[0][split]
    number = min(config.tested, len(text) - 1) // config.steps
    starts = config.steps * torch.arange(number)
    network.eval()
    loss = bits(network, text[starts + torch.arange(config.steps + 1)[:, None]]).item()
    network.train()
    return loss
