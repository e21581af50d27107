"""Streams of spoken digits, and networks that say at each frame which digit it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments import Record
from experiments.odyssey.tasks import DIGITS, speech
from lstm_variants import VARIANTS


class Model(NamedTuple):
    """A network of the comparison.

    Attributes:
        variant: Its variant.
        hidden: The hidden size of each direction.
        bidirectional: Whether it reads in both directions.
        delay: Frames by which its answers come later.
    """

    variant: str
    hidden: int
    bidirectional: bool = False
    delay: int = 0


DELAY = 5
MODELS = {
    "RNN": Model("RNN", 82),
    "RNN, delayed": Model("RNN", 82, delay=DELAY),
    "BiRNN": Model("RNN", 56, bidirectional=True),
    "LSTM": Model("LSTM", 38),
    "LSTM, delayed": Model("LSTM", 38, delay=DELAY),
    "BiLSTM": Model("BiLSTM", 25, bidirectional=True),
    "CoupledLSTM": Model("CoupledLSTM", 44),
    "CoupledLSTM, both directions": Model("CoupledLSTM", 30, bidirectional=True),
}
"""Hidden sizes are such that all recurrent layers have about as many parameters."""


@dataclass(frozen=True)
class Training:
    """Settings that the experiments on frames have in common.

    Attributes:
        steps: Frames of a piece, T.
        batch: Pieces per update.
        epochs: Passes through the recordings of the training set.
    """

    steps: int = 80
    batch: int = 32
    epochs: int = 10


def pieces(split: str, steps: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Frames `[T, B, D]` and their digits `[T, B]`: recordings joined in random order, and cut.

    What remains at the end is left out.
    """
    task = speech()
    inputs, digits = task.inputs[split], task.targets[split]
    order = torch.randperm(len(inputs), generator=source).tolist()
    frames = torch.cat([inputs[k] for k in order])
    targets = torch.cat([digits[k].expand(len(inputs[k])) for k in order])
    number = len(frames) // steps
    cut = frames[: number * steps].view(number, steps, -1), targets[: number * steps]
    return cut[0].transpose(0, 1), cut[1].view(number, steps).T


class Network(nn.Module):
    """A recurrent layer, and a logit for each digit at each frame."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        features = speech().inputs["train"][0].shape[1]
        options: dict[str, Any] = {"bidirectional": model.bidirectional}
        self.layer = VARIANTS[model.variant].layer(features, model.hidden, **options)
        self.out = nn.Linear(model.hidden * (1 + model.bidirectional), DIGITS)
        self.delay = model.delay

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[T, B, 10]` for frames `[T, B, D]`."""
        later = torch.cat([x, x.new_zeros(self.delay, *x.shape[1:])])
        logits: Tensor = self.out(self.layer(later)[0])
        return logits[self.delay :]


def learn(config: Training, seed: int, model: str, rate: float) -> Network:
    """Train one network, with a learning rate that falls linearly to 0."""
    torch.manual_seed(seed)
    network = Network(MODELS[model])
    source = torch.Generator().manual_seed(seed)  # the same pieces for every network
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    for epoch in range(config.epochs):
        x, digits = pieces("train", config.steps, source)
        starts = range(0, x.shape[1], config.batch)
        for number, start in enumerate(starts):
            done = (epoch + number / len(starts)) / config.epochs
            optimizer.param_groups[0]["lr"] = rate * (1 - done)
            part = slice(start, start + config.batch)
            optimizer.zero_grad()
            loss = cross_entropy(network(x[:, part]).flatten(0, 1), digits[:, part].flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
    return network


@torch.inference_mode()
def measure(network: Network, config: Training, split: str) -> Record:
    """Loss in nats and share of right frames of a set, joined in the same order for all."""
    x, digits = pieces(split, config.steps, torch.Generator().manual_seed(0))
    logits = network(x)
    loss = cross_entropy(logits.flatten(0, 1), digits.flatten()).item()
    return {"loss": loss, "accuracy": (logits.argmax(-1) == digits).double().mean().item()}
