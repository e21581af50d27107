"""Trains encoders and decoders, and tests them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from experiments import FOLDER, Record
from experiments.encoder_decoder.training import MODELS, Training, learn, measure
from experiments.engine.experiment import Experiment
from experiments.records import load
from experiments.state_tracking_rates import choice


@dataclass(frozen=True)
class Config(Training):
    """Settings.

    Attributes:
        rate: Learning rate of all networks; by default, the rate that `encoder_decoder_rates`
            chooses for each.
    """

    rate: float | None = None


def run(config: Config, seed: int, model: str, rate: float) -> Record:
    """Train one network, and count the symbols that it writes again."""
    network, source, _ = learn(config, seed, model, rate)
    return measure(network, config, source) | {
        "parameters": sum(p.numel() for p in network.parameters())
    }


@cache
def chosen_rates() -> dict[str, float]:
    """The learning rate of each network, from the record of `encoder_decoder_rates`."""
    return choice.chosen(load(FOLDER / "encoder_decoder_rates" / "record.json"))


def cases(config: Config) -> list[Record]:
    """Every network, with its learning rate."""
    return [{"model": model, "rate": config.rate or chosen_rates()[model]} for model in MODELS]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(steps=3, batch=4, updates=2, tested=8, rate=0.01),
    run=run,
    cases=cases,
    seeds=10,
)
