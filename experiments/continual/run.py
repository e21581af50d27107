"""Trains networks on streams of the embedded Reber grammar, and tests them on longer ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from experiments import FOLDER, Record
from experiments.continual.grammar import streams
from experiments.continual.training import NETWORKS, Training, learn, read
from experiments.continual_rates import choice
from experiments.engine.experiment import Experiment
from experiments.records import load


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        tested: Streams of the test.
        tested_steps: Symbols of each of them.
        measured_every: After how many symbols the size of the state is measured.
        rate: Learning rate of all networks; by default, the rate that `continual_rates` chooses for
            each.
    """

    tested: int = 10
    tested_steps: int = 20_000
    measured_every: int = 100
    rate: float | None = None


def run(config: Config, seed: int, model: str, resets: str, rate: float) -> Record:
    """Train one network, and read the streams of the test."""
    network, source = learn(config, seed, model, resets, rate)
    drawn = streams(config.tested_steps, config.tested, source)
    record = read(network, drawn, resets, config.measured_every)
    sizes = record.pop("sizes")
    kept = {1}  # a measurement of the first part, and each that doubles the number of symbols
    while 2 * max(kept) <= len(sizes):
        kept.add(2 * max(kept))
    return record | {
        "sizes": [[k * config.measured_every, round(sizes[k - 1], 4)] for k in sorted(kept)],
        "parameters": sum(p.numel() for p in network.parameters()),
    }


@cache
def chosen_rates() -> dict[tuple[str, str], float]:
    """The learning rate of each network, from the record of `continual_rates`."""
    return choice.chosen(load(FOLDER / "continual_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """Every network, with its learning rate."""
    return [
        {
            "model": model,
            "resets": resets,
            "rate": config.rate or chosen_rates()[model, resets],
        }
        for model, resets in NETWORKS
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        hidden=2,
        streams=2,
        steps=10,
        updates=3,
        tested=2,
        tested_steps=80,
        measured_every=10,
        rate=0.01,
    ),
    run=run,
    cases=cases,
    seeds=10,
)
