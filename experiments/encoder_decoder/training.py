"""Networks that read symbols and write them again."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from experiments import Record
from lstm_variants import VARIANTS

MODELS = {
    "GRU": ("GRU", 64),
    "GRU-before": ("GRU-before", 64),
    "RNN": ("RNN", 64),
    "RNN, 103 units": ("RNN", 103),
}
"""Variant and hidden size of each network; with 103 units, there are as many parameters as with 64
of a GRU."""


@dataclass(frozen=True)
class Training:
    """Settings that the experiments on encoders and decoders have in common.

    Attributes:
        symbols: Size of the alphabet.
        steps: Symbols of a sequence, T.
        batch: Sequences per update.
        updates: Updates of Adam.
        tested: Sequences that are tested.
    """

    symbols: int = 8
    steps: int = 16
    batch: int = 32
    updates: int = 500
    tested: int = 2000


class Network(nn.Module):
    """An encoder, a decoder, and a logit for each symbol."""

    def __init__(self, symbols: int, variant: str, hidden: int) -> None:
        super().__init__()
        self.symbols = symbols
        self.encoder = VARIANTS[variant].layer(symbols, hidden)
        self.start = nn.Linear(hidden, hidden)
        self.decoder = VARIANTS[variant].layer(hidden + symbols, hidden)
        self.out = nn.Linear(hidden, symbols)

    def forward(self, symbols: Tensor) -> Tensor:
        """Logits `[T, B, symbols]` of symbols `[T, B]`, each from those before it and the vector.

        Before the first symbol, there is a zero in its place.
        """
        x = one_hot(symbols, self.symbols).float()
        code = self.encoder(x)[0][-1]
        before = torch.cat([torch.zeros_like(x[:1]), x[:-1]])
        given = torch.cat([code.expand(len(x), *code.shape), before], -1)
        states = self.decoder(given, self.start(code).tanh()[None])[0]
        logits: Tensor = self.out(states)
        return logits


def learn(
    config: Training, seed: int, model: str, rate: float
) -> tuple[Network, torch.Generator, list[float]]:
    """Train one network on new sequences, with a learning rate that falls linearly to 0.

    Returns:
        The network, what draws its sequences, and the loss of each update.
    """
    torch.manual_seed(seed)
    network = Network(config.symbols, *MODELS[model])
    source = torch.Generator().manual_seed(seed)  # the same sequences for every network
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    losses: list[float] = []
    for update in range(config.updates):
        optimizer.param_groups[0]["lr"] = rate * (1 - update / config.updates)
        drawn = sequences(config, config.batch, source)
        optimizer.zero_grad()
        loss = cross_entropy(network(drawn).flatten(0, 1), drawn.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return network, source, losses


def sequences(config: Training, number: int, source: torch.Generator) -> Tensor:
    """Random symbols `[T, B]`."""
    return torch.randint(config.symbols, (config.steps, number), generator=source)


@torch.inference_mode()
def measure(network: Network, config: Training, source: torch.Generator) -> Record:
    """Loss in nats and share of right symbols on new sequences, and the share at each place."""
    drawn = sequences(config, config.tested, source)
    logits = network(drawn)
    right = (logits.argmax(-1) == drawn).double()
    return {
        "loss": cross_entropy(logits.flatten(0, 1), drawn.flatten()).item(),
        "accuracy": right.mean().item(),
        "places": [round(share, 4) for share in right.mean(1).tolist()],
    }
