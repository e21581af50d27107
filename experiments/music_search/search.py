"""One trial: draw how a network is trained, and train it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from experiments import Record
from experiments.data import PianoRollName
from experiments.engine.experiment import Experiment
from experiments.music import run as music
from experiments.music_search import DATA, LIMIT, PATIENCE, TRIALS


@dataclass(frozen=True)
class Config:
    """Settings of a search.

    Attributes:
        data_set: Its name.
        limit: Updates at most, rounded up to whole epochs.
        patience: Updates without a new best validation NLL after which a trial ends; also rounded.
        rate: Range of the learning rate of RMSProp.
        batches: Numbers of sequences per update.
        noises: Standard deviations of the weight noise.
        only: How many sequences of each split are used; all if 0.
    """

    data_set: PianoRollName
    limit: int
    patience: int = PATIENCE
    rate: tuple[float, float] = (1e-4, 1e-2)
    batches: tuple[int, ...] = (1, 8)
    noises: tuple[float, ...] = (0.0, 0.075)
    only: int = 0


SEARCHES = {name: Config(data, LIMIT[name]) for name, data in DATA.items()}
"""The settings of the published searches."""


def draw(config: Config, random: np.random.Generator) -> dict[str, float]:
    """Draw learning rate, sequences per update and weight noise."""
    low, high = config.rate
    return {
        "rate": float(np.exp(random.uniform(math.log(low), math.log(high)))),
        "batch": int(random.choice(config.batches)),
        "noise": float(random.choice(config.noises)),
    }


def run(config: Config, seed: int, model: str) -> Record:
    """One trial of one unit."""
    random = np.random.default_rng([seed, *config.data_set.encode(), *model.encode()])
    drawn = draw(config, random)
    torch.manual_seed(int(random.integers(2**31)))
    sets = music.splits(config.data_set, config.only)
    updates = math.ceil(len(sets["train"]) / drawn["batch"])  # in an epoch
    epochs, patience = (math.ceil(most / updates) for most in (config.limit, config.patience))
    setting = music.Setting(
        config.data_set, (drawn["rate"],), epochs, patience, int(drawn["batch"])
    )
    network = music.Network(model, music.UNITS[model])
    found = music.train(network, setting, drawn["rate"], seed, drawn["noise"], config.only)
    chance = music.measure(music.Baseline("marginal", sets["train"]), sets["test"])
    return drawn | found | {"chance": chance["per_frame"]}


def cases(config: Config) -> list[Record]:
    """Every unit."""
    return [{"model": model} for model in music.UNITS]


def experiment(name: str) -> Experiment:
    """The search on a data set."""
    config = SEARCHES[name]
    smoke = replace(config, limit=1, batches=(2,), only=4)
    return Experiment(config=config, smoke=smoke, run=run, cases=cases, seeds=TRIALS[name])
