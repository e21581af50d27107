"""Trains a network to find the chunks of sentences."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from seqeval.metrics import f1_score
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from experiments import Record
from experiments.data import Token, cached, sentences
from experiments.data.batches import batches
from experiments.engine.experiment import Experiment
from lstm_variants.nn import LSTM, PeepholeLSTM, Recurrent

EMBEDDED = {"word": 50, "tag": 20, "suffix": 20, "spelling": 5}
PADDING, UNKNOWN = 0, 1


class Model(NamedTuple):
    """A network of the comparison.

    Attributes:
        layer: Class of its layer.
        bidirectional: Whether it reads in both directions.
        delay: Words that its answers come later.
        widened: Whether it is so wide that it has the BiLSTM's number of parameters.
    """

    layer: Callable[..., Recurrent]
    bidirectional: bool = False
    delay: int = 0
    widened: bool = False


MODELS = {
    "LSTM": Model(LSTM),
    "LSTM, as many parameters": Model(LSTM, widened=True),
    "LSTM, delayed by 1": Model(LSTM, delay=1),
    "LSTM, delayed by 2": Model(LSTM, delay=2),
    "BiLSTM": Model(LSTM, bidirectional=True),
    "BiLSTM, peepholes": Model(PeepholeLSTM, bidirectional=True),
}


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        hidden: Hidden size of each direction.
        epochs: Passes over the training set.
        batch: Sentences per update.
        rate: Learning rate of Adam.
        dropout: Of the embeddings and of the layer's output.
        only: How many sentences of each split are used; all if 0.
    """

    hidden: int = 300
    epochs: int = 10
    batch: int = 32
    rate: float = 0.001
    dropout: float = 0.5
    only: int = 0


class Corpus(NamedTuple):
    """The sentences as numbers.

    Attributes:
        features: For each split, the features of each sentence, `[T, 4]`.
        labels: For each split, the labels of each sentence, `[T]`.
        sizes: How many values each feature has.
        names: The labels.
    """

    features: dict[str, list[Tensor]]
    labels: dict[str, list[Tensor]]
    sizes: dict[str, int]
    names: list[str]


def features_of(token: Token) -> dict[str, str]:
    """What is known of a word."""
    word = token.word
    spelling = (
        f"{any(map(str.isdigit, word)):d}{word[0].isupper():d}{word.isupper():d}{word.isalpha():d}"
    )
    return {
        "word": word.lower(),
        "tag": token.tag,
        "suffix": word.lower()[-3:],
        "spelling": spelling,
    }


@cached
def corpus(only: int) -> Corpus:
    """The corpus, with every tenth training sentence kept aside."""
    read = {split: part[: only or None] for split, part in sentences().items()}
    parts = {
        "train": [s for k, s in enumerate(read["train"]) if k % 10],
        "valid": read["train"][::10],
        "test": read["test"],
    }
    counts = {name: Counter[str]() for name in EMBEDDED}
    for sentence in parts["train"]:
        for token in sentence:
            for name, value in features_of(token).items():
                counts[name][value] += 1
    known = {
        name: {
            value: k
            for k, value in enumerate(sorted(v for v, n in found.items() if n > 1), UNKNOWN + 1)
        }
        for name, found in counts.items()
    }
    names = sorted({token.chunk for part in read.values() for s in part for token in s})
    return Corpus(
        {
            split: [
                torch.tensor(
                    [
                        [known[name].get(value, UNKNOWN) for name, value in features_of(t).items()]
                        for t in sentence
                    ]
                )
                for sentence in part
            ]
            for split, part in parts.items()
        },
        {
            split: [torch.tensor([names.index(t.chunk) for t in s]) for s in part]
            for split, part in parts.items()
        },
        {name: len(values) + 2 for name, values in known.items()},
        names,
    )


def as_wide(D: int, H: int) -> int:
    """The hidden size of an LSTM that has the parameters of a BiLSTM of size `H`."""
    wanted = 2 * 4 * H * (D + H + 2)
    width = H
    while 4 * width * (D + width + 2) < wanted:
        width += 1
    return width


class Network(nn.Module):
    """Embeddings, a recurrent layer, and a label for each word."""

    def __init__(self, model: Model, config: Config, sizes: dict[str, int], labels: int) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(
            nn.Embedding(sizes[name], width, padding_idx=PADDING)
            for name, width in EMBEDDED.items()
        )
        D = sum(EMBEDDED.values())
        H = as_wide(D, config.hidden) if model.widened else config.hidden
        self.layer = model.layer(D, H, bidirectional=model.bidirectional)
        self.out = nn.Linear(H * (1 + model.bidirectional), labels)
        self.dropout = nn.Dropout(config.dropout)
        self.delay = model.delay

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Logits `[T, B, labels]` for features `[T, B, 4]`."""
        columns = zip(self.embeddings, features.unbind(-1), strict=True)
        x = self.dropout(torch.cat([embed(column) for embed, column in columns], dim=-1))
        x = torch.cat([x, x.new_zeros(self.delay, *x.shape[1:])])
        output, _ = self.layer(x, lengths=lengths + self.delay)
        logits: Tensor = self.out(self.dropout(output[self.delay :]))
        return logits


def run(config: Config, seed: int, model: str) -> Record:
    """Train one network; test it as it was after its best epoch."""
    torch.manual_seed(seed)
    data = corpus(config.only)
    network = Network(MODELS[model], config, data.sizes, len(data.names))
    optimizer = torch.optim.Adam(network.parameters(), lr=config.rate)
    sizes = [len(sentence) for sentence in data.labels["train"]]
    source = torch.Generator().manual_seed(seed)  # the same batches for every model
    scores: list[float] = []
    best = network
    for _ in range(config.epochs):
        network.train()
        for picks in batches(sizes, config.batch, source):
            features = [data.features["train"][k] for k in picks]
            labels = [data.labels["train"][k] for k in picks]
            logits = network(pad_sequence(features), torch.tensor([len(f) for f in features]))
            wanted = pad_sequence(labels, padding_value=-100)
            optimizer.zero_grad()
            nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten()).backward()
            optimizer.step()
        network.eval()
        scores.append(chunk_f1(network, data, "valid"))
        if scores[-1] > max(scores[:-1], default=-1):
            best = copy.deepcopy(network)
    return {
        "f1": chunk_f1(best, data, "test"),
        "valid": scores,
        "epoch": scores.index(max(scores)) + 1,
        "hidden": network.layer.hidden_size,
        "parameters": sum(p.numel() for p in network.layer.parameters()),
    }


@torch.no_grad()
def chunk_f1(network: nn.Module, data: Corpus, split: str) -> float:
    """F1 of the chunks that are found, in points of a hundred."""
    found: list[list[str]] = []
    features = data.features[split]
    for k in range(0, len(features), 100):
        batch = features[k : k + 100]
        lengths = torch.tensor([len(f) for f in batch])
        best = network(pad_sequence(batch), lengths).argmax(-1)
        found += [
            [data.names[label] for label in best[:T, b].tolist()]
            for b, T in enumerate(lengths.tolist())
        ]
    wanted = [[data.names[label] for label in labels.tolist()] for labels in data.labels[split]]
    return 100 * float(f1_score(wanted, found, zero_division=0))


def cases(config: Config) -> list[Record]:
    """Every network."""
    return [{"model": model} for model in MODELS]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(hidden=8, epochs=1, only=40),
    run=run,
    cases=cases,
    seeds=5,
)
