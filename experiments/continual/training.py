"""Networks that read a stream and give the symbols that may come next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import one_hot

from experiments import Record
from experiments.continual.grammar import POSSIBLE, SYMBOLS, Streams, streams
from lstm_variants import VARIANTS

NETWORKS = (
    ("LSTM-1997", "none"),
    ("LSTM-1997", "at each string"),
    ("LSTM", "none"),
    ("PeepholeLSTM", "none"),
    ("GRU", "none"),
)
"""Variants, and when the state of each is reset from outside."""
LARGEST_ERROR = 0.49
"""A prediction is right if no output is further from its target."""


@dataclass(frozen=True)
class Training:
    """Settings that the experiments on continual streams have in common.

    Attributes:
        hidden: Hidden size.
        streams: Streams that are read at the same time.
        steps: Symbols of each stream per update.
        updates: Updates of Adam.
    """

    hidden: int = 8
    streams: int = 16
    steps: int = 60
    updates: int = 1500


class Network(nn.Module):
    """A recurrent layer; its states and the symbol itself give a logit for each symbol."""

    def __init__(self, model: str, hidden: int) -> None:
        super().__init__()
        self.layer = VARIANTS[model].layer(len(SYMBOLS), hidden)
        self.out = nn.Linear(hidden + len(SYMBOLS), len(SYMBOLS))

    def forward(self, symbols: Tensor, state: Any, resets: Tensor) -> tuple[Tensor, Any]:
        """Logits `[T, B, symbols]` and the state after the last step."""
        x = one_hot(symbols, len(SYMBOLS)).float()
        states, last = self.layer(x, state, resets=resets)
        return self.out(torch.cat([states, x], -1)), last


def parts(drawn: Streams, steps: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Symbols, targets and starts of strings, for a number of steps at a time."""
    for symbols, nodes, starts in zip(
        *(part.split(steps) for part in (*drawn, drawn.starts)), strict=True
    ):
        yield symbols, POSSIBLE[nodes], starts


def is_wrong(logits: Tensor, targets: Tensor) -> Tensor:
    """Whether a prediction is wrong, `[T, B]`."""
    return ((torch.sigmoid(logits) - targets).abs() >= LARGEST_ERROR).any(-1)


def learn(config: Training, seed: int, model: str, resets: str, rate: float) -> tuple[Network, Any]:
    """Train one network, with a learning rate that falls linearly to 0.

    States are carried from one update to the next. Without resets from outside, a stream with a
    wrong prediction ends, as in the paper: the state is reset at its next start of a string.

    Returns:
        The network, and what draws its streams.
    """
    torch.manual_seed(seed)
    network = Network(model, config.hidden)
    source = torch.Generator().manual_seed(seed)  # the same streams for every network
    drawn = streams(config.updates * config.steps, config.streams, source)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, fused=True)
    state, ended = None, torch.zeros(config.streams, dtype=torch.bool)
    for update, (symbols, targets, starts) in enumerate(parts(drawn, config.steps)):
        optimizer.param_groups[0]["lr"] = rate * (1 - update / config.updates)
        mask = starts
        if resets == "none":
            mask = starts & (starts.cumsum(0) == 1) & ended
            ended = ended & ~mask.any(0)
        optimizer.zero_grad()
        logits, state = network(symbols, state, mask)
        cross_entropy(logits, targets).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        state = detached(state)
        ended = ended | is_wrong(logits.detach(), targets).any(0)
    return network, source


def detached(state: Any) -> Any:
    """A state without its history."""
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


@torch.inference_mode()
def read(network: Network, drawn: Streams, resets: str, steps: int) -> Record:
    """Read streams to their end, whether predictions are right or not.

    Args:
        network: What reads them.
        drawn: The streams.
        resets: When the state is reset from outside.
        steps: Symbols that are read at once.

    Returns:
        The mean loss, the share of wrong predictions, and for each stream the symbols before the
        first one; and after each part of the streams, the mean absolute value of the cell state,
        or of the hidden state of a unit without one.
    """
    state, losses, sizes, wrong = None, [], [], []
    for symbols, targets, starts in parts(drawn, steps):
        mask = starts if resets != "none" else torch.zeros_like(starts)
        logits, state = network(symbols, state, mask)
        losses.append(cross_entropy(logits, targets).item())
        wrong.append(is_wrong(logits, targets))
        sizes.append((state[1] if isinstance(state, tuple) else state).abs().mean().item())
    found = torch.cat(wrong)
    first = torch.where(found.any(0), found.int().argmax(0), len(found))
    return {
        "loss": sum(losses) / len(losses),
        "wrong": found.double().mean().item(),
        "before_first_error": first.tolist(),
        "sizes": sizes,
    }
