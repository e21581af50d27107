"""Networks that read an image pixel by pixel and then say which digit it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.data.images import SIDE, images
from lstm_variants import VARIANTS
from lstm_variants.cells import IndRNNCell
from lstm_variants.nn import init

STEPS, DIGITS = SIDE * SIDE, 10
SPLITS = {"train": 1000, "valid": 297, "test": 500}
"""How many images are in each part."""


class Model(NamedTuple):
    """A network.

    Attributes:
        variant: The variant of its recurrent layers.
        hidden: Hidden size.
        layers: Number of recurrent layers.
        chrono: Whether it has the chrono initialisation, for lags up to the number of pixels.
    """

    variant: str
    hidden: int = 32
    layers: int = 1
    chrono: bool = False


MODELS = {
    "LSTM": Model("LSTM"),
    "LSTM, chrono": Model("LSTM", chrono=True),
    "JANET, chrono": Model("JANET", chrono=True),
    "GRU": Model("GRU"),
    "MGU": Model("MGU"),
    "IndRNN, 2 layers": Model("IndRNN", hidden=64, layers=2),
}
ORDERS = ("row by row", "permuted")
"""In which order the pixels are read."""


@dataclass(frozen=True)
class Training:
    """Settings that the experiments on pixels have in common.

    Attributes:
        epochs: Epochs of the training.
        batch: Images per update.
    """

    epochs: int = 40
    batch: int = 50


class Network(nn.Module):
    """Recurrent layers; the hidden state after the last pixel gives a logit for each digit."""

    def __init__(self, model: str) -> None:
        super().__init__()
        variant, hidden, layers, chrono = MODELS[model]
        self.layer = VARIANTS[variant].layer(1, hidden, num_layers=layers)
        if chrono:
            init.chrono_(self.layer, STEPS)
        self.out = nn.Linear(hidden, DIGITS)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[B, digits]` of images `[T, B, 1]`."""
        logits: Tensor = self.out(self.layer(x)[0][-1])
        return logits


@cache
def parts(order: str) -> dict[str, tuple[Tensor, Tensor]]:
    """Pixels `[T, N, 1]` and digits `[N]` of each part; all networks have the same parts."""
    found = images()
    source = torch.Generator().manual_seed(0)
    chosen = torch.randperm(len(found.digits), generator=source)
    x = torch.from_numpy(found.pixels)[chosen].T
    if order == "permuted":
        x = x[torch.randperm(STEPS, generator=source)]
    pixels = x[..., None].split(list(SPLITS.values()), 1)
    digits = torch.from_numpy(found.digits)[chosen].split(list(SPLITS.values()))
    return {
        name: (part.contiguous(), targets)
        for name, part, targets in zip(SPLITS, pixels, digits, strict=True)
    }


def learn(
    config: Training, seed: int, order: str, model: str, rate: float
) -> tuple[Network, list[float]]:
    """Train one network, with a learning rate that falls linearly to 0.

    Returns:
        The network, and its accuracy on the validation set after each epoch.
    """
    torch.manual_seed(seed)
    network = Network(model)
    source = torch.Generator().manual_seed(seed)  # the same batches for every network
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    x, digits = parts(order)["train"]
    updates, accuracies = 0, []
    planned = config.epochs * -(-len(digits) // config.batch)
    for _ in range(config.epochs):
        for picks in torch.randperm(len(digits), generator=source).split(config.batch):
            optimizer.param_groups[0]["lr"] = rate * (1 - updates / planned)
            optimizer.zero_grad()
            cross_entropy(network(x[:, picks]), digits[picks]).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            limit(network)
            updates += 1
        accuracies.append(measure(network, order, "valid")["accuracy"])
    return network, accuracies


@torch.no_grad()
def limit(network: Network) -> None:
    """Clip the recurrent weights of an IndRNN as its paper does for sequences of this length."""
    if isinstance(network.layer.cell, IndRNNCell):
        largest = 2 ** (1 / STEPS)
        for name, weight in network.layer.named_parameters():
            if name.startswith("weight_hh"):
                weight.clamp_(-largest, largest)


@torch.inference_mode()
def measure(network: Network, order: str, split: str) -> dict[str, float]:
    """Mean cross-entropy and accuracy on a part of the images."""
    x, digits = parts(order)[split]
    logits = network(x)
    return {
        "loss": cross_entropy(logits, digits).item(),
        "accuracy": (logits.argmax(-1) == digits).double().mean().item(),
    }
