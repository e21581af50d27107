r"""Gates at work: which one opens when, in networks that have learned to keep time.

Claims: none. A unit whose output gate is 0 hides its cell state from all gates, unless they have
peepholes (Gers, Schraudolph & Schmidhuber 2002). The figure shows how one trained network of each
kind uses its gates; it tests nothing.

Protocol: the task GTS with F = 10 of the timing experiment, in its protocol *batches*: the input
says through an interval whether it has 10 or 11 steps, and the network gives a spike at its end.
Networks of three units with linear candidate and output are trained with peepholes and without
them, for up to 6000 updates, twice as many as there. Gates, memory and output are kept through four
intervals. The figure shows, of the network that solved the task first, the unit that the output
listens to most.

Deviations: the paper has one unit, and shows other tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from experiments.harness import Experiment, Record
from experiments.report.gates import score, table
from experiments.timing import CELLS
from experiments.timing_batches import Network, examples, train
from lstm_variants.trace import trace

UNITS = ("none", "peepholes")


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        F: Length of an interval.
        hidden: Hidden size.
        batch: Sequences per update.
        updates: Updates after which training ends.
        rate: Learning rate of Adam.
        forget_bias: Bias of the forget gate at first.
        intervals: How many intervals are shown.
    """

    F: int = 10
    hidden: int = 3
    batch: int = 16
    updates: int = 6000
    rate: float = 0.01
    forget_bias: float = 2.0
    intervals: int = 4


def run(config: Config, seed: int, unit: str) -> Record:
    """Train one network; look into it if it has learned the task, or has had enough time."""
    network, record = train(
        "GTS",
        config.F,
        CELLS[unit],
        seed=seed,
        hidden=config.hidden,
        batch=config.batch,
        updates=config.updates,
        rate=config.rate,
        forget_bias=config.forget_bias,
        tolerance=0.49,
    )
    return record | {"trace": excerpt(network, config.F, config.intervals)}


@torch.no_grad()
def excerpt(network: Network, F: int, intervals: int) -> dict[str, list[float]]:
    """Gates, memory and output of a network, step by step, and what it should say."""
    x, target = examples("GTS", F, intervals + 1, 1, torch.Generator().manual_seed(0))
    end = int(target[:, 0].nonzero()[intervals - 1]) + 1
    x, target = x[:end], target[:end]
    [steps] = trace(network.layer, x)
    loudest = int((network.out.weight[0] * steps["h"][:, 0]).std(0).argmax())
    said = network(x)[:, 0]
    kept = {"input": x[:, 0, 0], "target": target[:, 0], "output": said}
    kept |= {name: steps[name][:, 0, loudest] for name in "ifoc"}
    return {name: values.double().round(decimals=5).tolist() for name, values in kept.items()}


def cases(config: Config) -> Sequence[Record]:
    """With peepholes and without."""
    return [{"unit": unit} for unit in UNITS]


EXPERIMENT = Experiment(
    name="gates",
    config=Config(),
    smoke=Config(F=3, updates=2),
    run=run,
    score=score,
    table=table,
    cases=cases,
    seeds=10,
)

if __name__ == "__main__":
    EXPERIMENT.main()
