"""Simulates claims, and judges them by the verdict rule."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.statistics import verdicts
from experiments.statistics.inference import holm

EFFECTS: dict[str, dict[str, float]] = {
    "normal": {f"{size} standard deviations": size for size in (0.8, 1.5, 2.5)},
    "lognormal": {},
    "times": {f"{ratio} times sooner": float(ratio) for ratio in (2, 4, 8)},
    "shares": {"solved by 80 % and 10 %": 0.7},
}
"""For each kind of outcome, its effects; a difference of scores or shares, or a ratio of times."""
CAP = -math.log(0.4)  # 40 % of exponential times with a mean of 1 are longer
Pair = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        claims: Simulated claims for each seed of the simulation.
        samples: n, the number of seeds of each network.
        comparisons: m, the number of comparisons of a claim.
    """

    claims: int = 400
    samples: tuple[int, ...] = (5, 10, 20)
    comparisons: tuple[int, ...] = (1, 4, 11)


def draw(rng: np.random.Generator, outcome: str, n: int, effect: float = 0.0) -> Pair:
    """Results of two networks, the one with the effect first."""
    if outcome == "normal":
        first, second = rng.normal(effect, 1.0, n), rng.normal(0.0, 1.0, n)
    elif outcome == "lognormal":
        first, second = rng.lognormal(size=n), rng.lognormal(size=n)
    elif outcome == "times":
        first, second = rng.exponential(1 / (effect or 1.0), n), rng.exponential(1.0, n)
    else:
        low = 0.1 if effect else 0.5
        first, second = (np.sort(rng.random(n) < p).astype(float) for p in (low + effect, low))
    return tuple(first.tolist()), tuple(second.tolist())


def compare(outcome: str, pair: Pair) -> tuple[float, bool]:
    """The p-value of one comparison, and whether a small one is in favour of the first network."""
    if outcome == "times":
        comparison = verdicts.times("", *pair, CAP)
    elif outcome == "shares":
        comparison = verdicts.shares("", *(tuple(map(bool, values)) for values in pair))
    else:
        comparison = verdicts.scores("", *pair, "")
    p = verdicts.p_of_direction(comparison)
    if p > verdicts.ERROR:
        return p, False
    sides = comparison.sample.test()
    return p, sides.above < sides.below


compare_once = functools.cache(compare)  # few tables exist for shares


def run(config: Config, seed: int, outcome: str, n: int) -> Record:
    """Simulate claims with equal networks, and with each effect in their first comparison.

    All of them share the comparisons without an effect.
    """
    rng = np.random.default_rng([seed, n, list(EFFECTS).index(outcome)])
    judge = compare_once if outcome == "shares" else compare
    rejected = {(m, effect): 0 for m in config.comparisons for effect in ("", *EFFECTS[outcome])}
    for _ in range(config.claims):
        equal = [judge(outcome, draw(rng, outcome, n))[0] for _ in range(max(config.comparisons))]
        for m in config.comparisons:
            rejected[m, ""] += any(holm(equal[:m], verdicts.ERROR)[0])
        for label, effect in EFFECTS[outcome].items():
            p, is_ahead = judge(outcome, draw(rng, outcome, n, effect))
            for m in config.comparisons:
                decided, _ = holm([p, *equal[1:m]], verdicts.ERROR)
                rejected[m, label] += decided[0] and is_ahead
    return {
        "claims": config.claims,
        "rows": [
            {"m": m, "effect": effect, "rejected": count} for (m, effect), count in rejected.items()
        ],
    }


def cases(config: Config) -> list[Record]:
    """Every kind of outcome with every number of seeds."""
    return [{"outcome": outcome, "n": n} for outcome in EFFECTS for n in config.samples]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(claims=4, samples=(5,), comparisons=(1, 2)),
    run=run,
    cases=cases,
    seeds=10,
)
