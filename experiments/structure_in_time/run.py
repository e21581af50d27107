"""Trains Elman networks that predict the next element of a sequence."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from experiments import Record
from experiments.engine.experiment import Experiment
from lstm_variants import VARIANTS

LETTERS = {
    "b": (1, 0, 1, 0, 0, 1),
    "d": (1, 0, 1, 1, 0, 1),
    "g": (1, 0, 1, 0, 1, 1),
    "a": (0, 1, 0, 0, 1, 1),
    "i": (0, 1, 0, 1, 0, 1),
    "u": (0, 1, 0, 1, 1, 1),
}
"""Consonant, vowel, interrupted, high, back, voiced."""
SYLLABLES = ("ba", "dii", "guuu")
COMMON, DIFFERENT = (0,), (3, 4)
"""Features that the consonants have in common, and in which they differ."""
UNITS = {"XOR": 2, "letters": 20}
"""Hidden size for each task."""


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        steps: T, the elements of a sequence that are predicted.
        skipped: How many of them are not counted in tests.
        batch: Sequences per update.
        updates: Updates of Adam.
        rate: Its learning rate at the beginning.
        tested: Sequences that are tested.
    """

    steps: int = 60
    skipped: int = 12
    batch: int = 32
    updates: int = 1000
    rate: float = 0.01
    tested: int = 1000


def bits(steps: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Bits `[T, 1]`, and which of them follow from those before `[T]`."""
    pairs = torch.randint(2, (steps // 3 + 2, 2), generator=source)
    stream = torch.cat([pairs, pairs.sum(1, keepdim=True) % 2], 1).flatten()
    first = int(torch.randint(3, (), generator=source))
    part = slice(first, first + steps)
    return stream[part, None].float(), (torch.arange(len(stream)) % 3 == 2)[part]


def letters(steps: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Features of letters `[T, 6]`, and which letters are vowels `[T]`."""
    drawn = torch.randint(len(SYLLABLES), (steps // 2 + 2,), generator=source).tolist()
    first = int(torch.randint(4, (), generator=source))
    text = "".join(SYLLABLES[k] for k in drawn)[first : first + steps]
    features = torch.tensor([LETTERS[letter] for letter in text]).float()
    return features, features[:, 1] == 1


TASKS = {"XOR": bits, "letters": letters}


def sequences(task: str, steps: int, number: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Sequences `[T, B, D]`, and which of their elements follow from those before `[T, B]`."""
    drawn = [TASKS[task](steps, source) for _ in range(number)]
    elements, follow = zip(*drawn, strict=True)
    return torch.stack(elements, 1), torch.stack(follow, 1)


class Network(nn.Module):
    """A recurrent layer, and a logit for each feature of the next element."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.layer = VARIANTS["RNN"].layer(features, hidden)
        self.out = nn.Linear(hidden, features)

    def forward(self, x: Tensor) -> Tensor:
        """Logits `[T, B, D]` of the elements that come after `x`."""
        logits: Tensor = self.out(self.layer(x)[0])
        return logits


DRAWN_AT_ONCE = 3200
"""Sequences that are drawn together, from which batches are taken in turn."""


def run(config: Config, seed: int, task: str) -> Record:
    """Train one network, and measure its errors where the next element follows and elsewhere."""
    torch.manual_seed(seed)
    source = torch.Generator().manual_seed(seed)
    features = sequences(task, 2, 1, torch.Generator())[0].shape[-1]
    network = Network(features, UNITS[task])
    optimizer = torch.optim.Adam(network.parameters(), lr=config.rate, fused=True)
    batches: list[Tensor] = []
    for update in range(config.updates):
        if not batches:
            number = min(DRAWN_AT_ONCE, config.batch * (config.updates - update))
            drawn = sequences(task, config.steps + 1, number, source)[0]
            batches = list(drawn.split(config.batch, 1))
        x = batches.pop()
        optimizer.param_groups[0]["lr"] = config.rate * (1 - update / config.updates)
        optimizer.zero_grad()
        cross_entropy(network(x[:-1]), x[1:]).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    return errors(network, config, task, source)


@torch.inference_mode()
def errors(network: Network, config: Config, task: str, source: torch.Generator) -> Record:
    """Root mean square errors of a network on new sequences."""
    x, follow = sequences(task, config.steps + 1, config.tested, source)
    squares = (network(x[:-1]).sigmoid() - x[1:]).square()[config.skipped :]
    after = follow[1:][config.skipped :]

    def root(values: Tensor) -> float:
        return values.mean().sqrt().item()

    found = {"follows": root(squares[after]), "random": root(squares[~after])}
    if task == "letters":
        others = squares[~after]
        found |= {"common": root(others[:, COMMON]), "different": root(others[:, DIFFERENT])}
    return found


def cases(config: Config) -> list[Record]:
    """Both tasks."""
    return [{"task": task} for task in TASKS]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=12, skipped=4, batch=4, updates=2, tested=8),
    run=run,
    cases=cases,
    seeds=10,
)
