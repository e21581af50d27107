"""Words of languages that count, and networks that read them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments import Record
from lstm_variants import VARIANTS

LANGUAGES = {"aⁿbⁿ": 2, "aⁿbⁿcⁿ": 3}
MODELS = ("LSTM", "PeepholeLSTM", "GRU")


class Network(nn.Module):
    """A recurrent layer, and for each letter the probability that it may come next."""

    def __init__(self, model: str, letters: int, hidden: int) -> None:
        super().__init__()
        self.layer = VARIANTS[model].layer(letters, hidden)
        self.out = nn.Linear(hidden, letters + 1)

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities `[T, B, letters + 1]`."""
        return torch.sigmoid(self.out(self.layer(x)[0]))


@dataclass(frozen=True)
class Training:
    """Settings that the experiments on counting have in common.

    Attributes:
        max_train_n: Largest n of the training words.
        words: Number of training words.
        epochs: How often each is seen.
        max_test_n: Largest n of the test words.
    """

    max_train_n: int = 50
    words: int = 1000
    epochs: int = 150
    max_test_n: int = 10_000


def learn(
    config: Training, seed: int, language: str, model: str, hidden: int, rate: float
) -> tuple[Network, Record]:
    """Train one network, a word an update, and measure how far it counts.

    Args:
        config: Settings.
        seed: Draws weights and words.
        language: What it reads: a key of `LANGUAGES`.
        model: Its variant.
        hidden: Its number of units.
        rate: Learning rate.

    Returns:
        The network, and its record: the error on the training range, and the largest n.
    """
    letters = LANGUAGES[language]
    torch.manual_seed(seed)
    network = Network(model, letters, hidden)
    source = torch.Generator().manual_seed(seed)  # the same words for every model
    ns = torch.randint(1, config.max_train_n + 1, (config.words,), generator=source)
    train(network, letters, ns, config.epochs, rate, source)
    return network, {
        "train_error": train_error(network, letters, config.max_train_n),
        "max_correct_n": max_correct_n(network, letters, config.max_test_n),
    }


def words(letters: int, ns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Words as one-hot letters `[T, B, letters]`, answers `[T, B, letters + 1]`, what counts."""
    time = torch.arange(int(letters * ns.max()))[:, None]
    place = torch.div(time, ns, rounding_mode="floor")  # which letter it is
    valid = place < letters
    x = nn.functional.one_hot(place.clamp(max=letters - 1), letters).float() * valid[..., None]
    # After its last repetition comes the next letter; the first letter may always end its run.
    last = (time + 1) % ns == 0
    answers = nn.functional.one_hot((place + last).clamp(max=letters), letters + 1).float()
    answers[..., 0] = torch.where(place == 0, 1.0, answers[..., 0])
    answers[..., 1] = torch.where(place == 0, 1.0, answers[..., 1])
    return x, answers, valid


def train(
    network: nn.Module,
    letters: int,
    ns: Tensor,
    epochs: int,
    rate: float,
    source: torch.Generator,
) -> None:
    """Train with RMSprop, a word an update; the order of the words is drawn for each epoch.

    Args:
        network: What is trained.
        letters: How many letters the language has.
        ns: The n of each training word.
        epochs: How often each word is seen.
        rate: Learning rate.
        source: Draws the order of the words.
    """
    optimizer = torch.optim.RMSprop(network.parameters(), lr=rate)
    examples = {n: words(letters, torch.tensor([n])) for n in set(ns.tolist())}
    for _ in range(epochs):
        for n in ns[torch.randperm(len(ns), generator=source)].tolist():
            x, answers, _ = examples[n]
            optimizer.zero_grad()
            (network(x) - answers).square().mean().backward()
            optimizer.step()


@torch.inference_mode()
def train_error(network: nn.Module, letters: int, max_n: int) -> float:
    """The mean squared error over all words up to an n, each with the same weight."""
    x, answers, valid = words(letters, torch.arange(1, max_n + 1))
    errors = (network(x) - answers).square().mean(-1)
    return float((errors * valid).sum(0).div(valid.sum(0)).mean())


@torch.inference_mode()
def max_correct_n(network: nn.Module, letters: int, max_n: int) -> int:
    """The largest n such that all words up to it are right."""
    for ns in torch.arange(1, max_n + 1).split(50):
        x, answers, valid = words(letters, ns)
        right = (((network(x) > 0.5) == (answers > 0.5)).all(-1) | ~valid).all(0)
        if not right.all():
            return int(ns[0]) - 1 + int(right.int().argmin())
    return max_n
