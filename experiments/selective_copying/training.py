"""Sequences with symbols to copy, and networks that copy them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from lstm_variants import VARIANTS

BLANK, RECALL, FIRST = 0, 1, 2
"""Input symbols: a blank, a question for the next answer, and the first of those to copy."""
MODELS = {
    "MinGRU, 1 layer": ("MinGRU", 1),
    "MinGRU, 2 layers": ("MinGRU", 2),
    "MinGRU, 3 layers": ("MinGRU", 3),
    "MinLSTM, 1 layer": ("MinLSTM", 1),
    "MinLSTM, 2 layers": ("MinLSTM", 2),
    "MinLSTM, 3 layers": ("MinLSTM", 3),
}
"""Variant and number of layers of each network."""


@dataclass(frozen=True)
class Training:
    """Settings that the experiments on selective copying have in common.

    Attributes:
        steps: Time steps before the first answer, T.
        copied: How many symbols have to be copied.
        symbols: How many different ones there are.
        hidden: Hidden size.
        batch: Sequences per update.
        updates: Updates of Adam.
        tested: Sequences on which a network is measured.
    """

    steps: int = 48
    copied: int = 4
    symbols: int = 8
    hidden: int = 64
    batch: int = 64
    updates: int = 800
    tested: int = 1000


class Network(nn.Module):
    """Recurrent layers, and a logit for each symbol."""

    def __init__(self, config: Training, model: str) -> None:
        super().__init__()
        variant, layers = MODELS[model]
        self.copied, self.inputs = config.copied, FIRST + config.symbols
        self.layer = VARIANTS[variant].layer(self.inputs, config.hidden, num_layers=layers)
        self.out = nn.Linear(config.hidden, config.symbols)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[copied, B, symbols]` of the answers to sequences `[T + copied, B]`."""
        states, _ = self.layer(one_hot(x, self.inputs).float())
        logits: Tensor = self.out(states[-self.copied :])
        return logits


def sequences(config: Training, batch: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Input symbols `[T + copied, B]`, and the symbols to copy in their order `[copied, B]`.

    Each set of places for the symbols to copy has the same probability.
    """
    ranks = torch.rand(config.steps, batch, generator=source).argsort(0)
    places = ranks[: config.copied].sort(0).values
    targets = torch.randint(config.symbols, (config.copied, batch), generator=source)
    x = torch.full((config.steps + config.copied, batch), BLANK)
    x[config.steps :] = RECALL
    return x.scatter_(0, places, targets + FIRST), targets


def learn(
    config: Training, seed: int, model: str, rate: float
) -> tuple[Network, torch.Generator, list[float]]:
    """Train one network on new sequences, with a learning rate that falls linearly to 0.

    Returns:
        The network, what draws its sequences, and the share of right answers at each update.
    """
    torch.manual_seed(seed)
    network = Network(config, model)
    source = torch.Generator().manual_seed(seed)  # the same sequences for every network
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    accuracies = []
    for update in range(config.updates):
        optimizer.param_groups[0]["lr"] = rate * (1 - update / config.updates)
        x, targets = sequences(config, config.batch, source)
        optimizer.zero_grad()
        logits = network(x)
        cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        accuracies.append((logits.argmax(-1) == targets).double().mean().item())
    return network, source, accuracies


@torch.inference_mode()
def measure(network: Network, config: Training, source: torch.Generator) -> dict[str, float]:
    """Loss on new sequences, and the shares of right answers and of sequences without an error."""
    x, targets = sequences(config, config.tested, source)
    logits = network(x)
    right = logits.argmax(-1) == targets
    return {
        "loss": cross_entropy(logits.flatten(0, 1), targets.flatten()).item(),
        "accuracy": right.double().mean().item(),
        "whole": right.all(0).double().mean().item(),
    }
