"""Sequences of permutations, and networks that give the product so far at each time step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from experiments import Record
from lstm_variants import VARIANTS

Permutation = tuple[int, ...]

TASKS: dict[str, tuple[Permutation, ...]] = {
    "parity": ((0, 1), (1, 0)),
    "addition modulo 5": ((0, 1, 2, 3, 4), (1, 2, 3, 4, 0)),
    "S3": ((1, 0, 2), (1, 2, 0)),
}
"""The permutations that the symbols of each task stand for."""
MODELS = {
    "RNN": ("RNN", 1),
    "LSTM": ("LSTM", 1),
    "MultiplicativeLSTM": ("MultiplicativeLSTM", 1),
    "SLSTM": ("SLSTM", 1),
    "GRU": ("GRU", 1),
    "MGU": ("MGU", 1),
    "JANET": ("JANET", 1),
    "IndRNN": ("IndRNN", 1),
    "IndRNN, 2 layers": ("IndRNN", 2),
    "MinGRU": ("MinGRU", 1),
    "MinGRU, 2 layers": ("MinGRU", 2),
    "MinLSTM": ("MinLSTM", 1),
    "MinLSTM, 2 layers": ("MinLSTM", 2),
}
"""Variant and number of layers of each network."""


@dataclass(frozen=True)
class Training:
    """Settings that the experiments on state tracking have in common.

    Attributes:
        steps: T, the length of the sequences of the training.
        hidden: Hidden size.
        batch: Sequences per update.
        updates: Updates of Adam.
        tested: Sequences that are tested.
    """

    steps: int = 16
    hidden: int = 32
    batch: int = 64
    updates: int = 500
    tested: int = 1000


@cache
def transitions(task: str) -> Tensor:
    """The state after each symbol, `[states, symbols]`; state 0 is the identity."""
    symbols = TASKS[task]
    states = [tuple(range(len(symbols[0])))]
    rows = []
    for state in states:  # grows until every product has a number
        products = [tuple(symbol[k] for k in state) for symbol in symbols]
        states += [product for product in dict.fromkeys(products) if product not in states]
        rows.append([states.index(product) for product in products])
    return torch.tensor(rows)


def sequences(task: str, steps: int, batch: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Symbols `[T, B]`, and the state after each of them `[T, B]`."""
    after = transitions(task)
    symbols = torch.randint(after.shape[1], (steps, batch), generator=source)
    states, state = [], torch.zeros(batch, dtype=torch.long)
    for symbol in symbols:
        state = after[state, symbol]
        states.append(state)
    return symbols, torch.stack(states)


class Network(nn.Module):
    """Recurrent layers, a hidden layer, and a logit for each state."""

    def __init__(self, task: str, model: str, hidden: int) -> None:
        super().__init__()
        variant, layers = MODELS[model]
        states, self.symbols = transitions(task).shape
        self.layer = VARIANTS[variant].layer(self.symbols, hidden, num_layers=layers)
        self.out = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, states))

    def forward(self, symbols: Tensor) -> Tensor:
        """Logits `[T, B, states]`."""
        logits: Tensor = self.out(self.layer(one_hot(symbols, self.symbols).float())[0])
        return logits


DRAWN_AT_ONCE = 50
"""Batches that are drawn together: drawing them takes a loop over the time steps."""


def learn(
    config: Training, seed: int, task: str, model: str, rate: float
) -> tuple[Network, torch.Generator, list[float]]:
    """Train one network on new sequences, with a learning rate that falls linearly to 0.

    Returns:
        The network, what draws its sequences, and the loss of each update.
    """
    torch.manual_seed(seed)
    network = Network(task, model, config.hidden)
    source = torch.Generator().manual_seed(seed)  # the same sequences for every network
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    losses: list[float] = []
    while len(losses) < config.updates:
        drawn = sequences(task, config.steps, DRAWN_AT_ONCE * config.batch, source)
        for symbols, states in zip(*(part.split(config.batch, 1) for part in drawn), strict=True):
            if len(losses) == config.updates:
                break
            optimizer.param_groups[0]["lr"] = rate * (1 - len(losses) / config.updates)
            optimizer.zero_grad()
            loss = cross_entropy(network(symbols).flatten(0, 1), states.flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
    return network, source, losses


@torch.inference_mode()
def validate(
    network: Network, config: Training, task: str, source: torch.Generator
) -> dict[str, float]:
    """Loss and accuracy on new sequences of the length of the training, over all time steps."""
    symbols, states = sequences(task, config.steps, config.tested, source)
    logits = network(symbols)
    loss = cross_entropy(logits.flatten(0, 1), states.flatten()).item()
    return {"loss": loss, "accuracy": (logits.argmax(-1) == states).double().mean().item()}


@torch.inference_mode()
def accuracies(
    network: Network, task: str, lengths: tuple[int, ...], tested: int, source: torch.Generator
) -> list[float]:
    """The share of new sequences whose last state is right, for each length."""
    symbols, states = sequences(task, max(lengths), tested, source)
    right = (network(symbols).argmax(-1) == states).double().mean(1)
    return [right[length - 1].item() for length in lengths]


def parameters(network: nn.Module) -> Record:
    """The number of parameters of the recurrent layers, and of the whole network."""
    count = {
        name: sum(p.numel() for p in part.parameters()) for name, part in network.named_children()
    }
    return {"layer": count["layer"], "all": sum(count.values())}
