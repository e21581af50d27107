"""Measures the baselines on each data set."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import get_args

from experiments import Record
from experiments.data import PianoRollName
from experiments.engine.experiment import Experiment
from experiments.music import run as music


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        data_sets: Their names.
        only: How many sequences of each split are used; all if 0.
    """

    data_sets: tuple[PianoRollName, ...] = get_args(PianoRollName)
    only: int = 0


def run(config: Config, seed: int, data: PianoRollName, model: str) -> Record:
    """Count the keys of the sequences for training, and predict the others."""
    sets = music.splits(data, config.only)
    baseline = music.Baseline(model, sets["train"])
    return {
        "sequences": {split: len(sequences) for split, sequences in sets.items()},
        "frames": {split: sum(map(len, sequences)) for split, sequences in sets.items()},
    } | {split: music.measure(baseline, sets[split]) for split in ("valid", "test")}


def cases(config: Config) -> list[Record]:
    """Both models on every data set."""
    return [
        {"data": data, "model": model} for data, model in product(config.data_sets, music.BASELINES)
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(only=4),
    run=run,
    cases=cases,
)
