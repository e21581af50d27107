"""Trains networks that differ in one convention on four tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import torch

from experiments import Record
from experiments.adding import run as adding
from experiments.counting import training as counting
from experiments.counting.run import chosen_rate
from experiments.engine.experiment import Experiment
from experiments.music import run as music
from experiments.timing import batches as timing
from experiments.timing.run import Config as TimingConfig
from lstm_variants import VARIANTS
from lstm_variants.cells import Cell, LSTMCell
from lstm_variants.nn import init

MODELS = {"PeepholeLSTM": "PeepholeLSTM", "PeepholeLSTM-previous": "PeepholeLSTM"}
MODELS |= {"GRU": "GRU", "GRU-before": "GRU"}
"""The networks, each with the one whose settings it has."""
JSB = music.Setting("JSB Chorales", rates=(0.001,), epochs=1000, patience=15, batch=8)


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        counting_hidden: Hidden units for counting.
        words: Number of training words for counting, to n = 50.
        epochs: How often each is seen.
        max_test_n: Largest n of the test words.
        lag: T of the adding problem.
        max_sequences: Sequences after which a run of it ends.
        music: How networks are trained on music.
        only: How many sequences of each split of it are used; all if 0.
        updates: Updates after which a run of timing ends.
    """

    counting_hidden: int = 10
    words: int = 1000
    epochs: int = 150
    max_test_n: int = 10_000
    lag: int = 500
    max_sequences: int = 200_000
    music: music.Setting = JSB
    only: int = 0
    updates: int = 3000


def count(config: Config, seed: int, model: str, rate: float) -> Record:
    """Learn to count, as the experiment on counting does."""
    source = torch.Generator().manual_seed(seed)
    network = counting.Network(model, 2, config.counting_hidden)
    ns = torch.randint(1, 51, (config.words,), generator=source)
    counting.train(network, 2, ns, config.epochs, rate, source)
    return {"max_correct_n": counting.max_correct_n(network, 2, config.max_test_n)}


def add(config: Config, seed: int, model: str) -> Record:
    """Learn the adding problem from the chrono initialisation."""
    settings = adding.Config()
    network = adding.Network(VARIANTS[model].cell, settings.hidden)
    init.chrono_(network.layer, config.lag)
    source = torch.Generator().manual_seed(seed)
    draw = partial(adding.sequences, config.lag, settings.batch, source)
    return adding.train(network, draw, settings.rate, settings.window, config.max_sequences)


def predict(config: Config, seed: int, model: str) -> Record:
    """Learn to predict chorales."""
    network = music.Network(model, music.UNITS[MODELS[model]])
    noise = music.Config().noise
    [rate] = config.music.rates
    return music.train(network, config.music, rate, seed, noise, config.only)


def generate(config: Config, seed: int, model: str) -> Record:
    """Learn to generate a cosine."""
    settings = TimingConfig()
    _, record = timing.train(
        "COSINE",
        10,
        linear(VARIANTS[model].cell),
        seed=seed,
        hidden=settings.hidden,
        batch=settings.batch,
        updates=config.updates,
        rate=settings.batch_rate,
        forget_bias=settings.forget_bias,
        tolerance=0.3,
    )
    return record


TASKS: dict[str, Callable[..., Record]] = {
    "counting": count,
    "adding": add,
    "music": predict,
    "timing": generate,
}


def linear(cell: Cell) -> Cell:
    """The cell as in the experiment on timing: that of an LSTM with linear candidate and output."""
    if isinstance(cell, LSTMCell):
        return replace(cell, input_activation=False, output_activation=False)
    return cell


def run(config: Config, seed: int, task: str, model: str, **given: float) -> Record:
    """Train one network on one task."""
    torch.manual_seed(seed)
    return TASKS[task](config, seed, model, **given)


def cases(config: Config) -> list[Record]:
    """Every network on every task; for counting, with the learning rate of that experiment."""
    hidden = config.counting_hidden
    given = {
        ("counting", model): {"rate": chosen_rate("aⁿbⁿ", MODELS[model], hidden)}
        for model in MODELS
    }
    return [
        {"task": task, "model": model, **given.get((task, model), {})}
        for task, model in product(TASKS, MODELS)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        words=4,
        epochs=1,
        max_test_n=20,
        lag=20,
        max_sequences=40,
        music=replace(JSB, epochs=1),
        only=4,
        updates=2,
    ),
    run=run,
    cases=cases,
    seeds=10,
)
