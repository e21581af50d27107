"""Simulates claims, and judges them by the verdict rule."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from experiments import Record
from experiments.engine.experiment import Experiment
from experiments.power import FALSE
from experiments.power.searches import EXCLUDED, LEAD, SEARCHES, WRONG, search
from experiments.statistics import comparisons, verdicts
from experiments.statistics.inference import holm
from experiments.statistics.trials import Trials

EFFECTS: dict[str, dict[str, float]] = {
    "normal": {f"{size} standard deviations": size for size in (0.8, 1.5, 2.5)},
    "lognormal": {},
    "times": {f"{ratio} times sooner": float(ratio) for ratio in (2, 4, 8)},
    "shares": {"solved by 80 % and 10 %": 0.7},
    "spread": {},
    "skew": {},
}
"""For each kind of outcome, its effects; a difference of scores or shares, or a ratio of times."""
REPORTED = {"normal": 1.5, "times": 4.0, "shares": 0.7}
"""The effect that a source reports, where false statements are counted."""
PAIR = comparisons.Pair("first", "second")
CAP = -math.log(0.4)  # 40 % of exponential times with a mean of 1 are longer
Pair = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Config:
    """Settings.

    Attributes:
        claims: Simulated claims for each seed of the simulation.
        samples: n, the number of seeds of each network.
        comparisons: m, the number of comparisons of a claim.
        trials: n of random searches, the number of trials of each unit.
        searches: Simulated searches for each seed of the simulation.
        permutations: How many are drawn in the test of a search, where not all are counted.
    """

    claims: int = 400
    samples: tuple[int, ...] = (5, 10, 20)
    comparisons: tuple[int, ...] = (1, 4, 11, 22)
    trials: tuple[int, ...] = (20, 60)
    searches: int = 200
    permutations: int = 9_999


def draw(rng: np.random.Generator, outcome: str, n: int, effect: float = 0.0) -> Pair:
    """Results of two networks, the one with the effect first."""
    if outcome == "normal":
        first, second = rng.normal(effect, 1.0, n), rng.normal(0.0, 1.0, n)
    elif outcome == "lognormal":
        first, second = rng.lognormal(size=n), rng.lognormal(size=n)
    elif outcome == "times":
        first, second = rng.exponential(1 / (effect or 1.0), n), rng.exponential(1.0, n)
    elif outcome == "spread":
        first, second = rng.normal(0.0, 3.0, n), rng.normal(0.0, 1.0, n)
    elif outcome == "skew":
        first, second = rng.lognormal(size=n) - 1, 1 - rng.lognormal(size=n)
    else:
        low = 0.1 if effect else 0.5
        first, second = (np.sort(rng.random(n) < p).astype(float) for p in (low + effect, low))
    return tuple(first.tolist()), tuple(second.tolist())


class Judged(NamedTuple):
    """One comparison.

    Attributes:
        p: The p-value of the direction.
        is_ahead: Whether a small one is in favour of the first network.
        p_excluded: The p-value of the reported effect, against a smaller one.
        p_larger: The same against a larger one.
    """

    p: float
    is_ahead: bool
    p_excluded: float
    p_larger: float


def compare(outcome: str, pair: Pair) -> Judged:
    """Judge one comparison."""
    reported = REPORTED.get(outcome)
    if outcome == "times":
        comparison = comparisons.times(PAIR, *pair, CAP, reported=reported)
    elif outcome == "shares":
        solved = (tuple(map(bool, values)) for values in pair)
        comparison = comparisons.shares(PAIR, *solved, reported=reported and 100 * reported)
    else:
        comparison = comparisons.scores(PAIR, *pair, "", reported=reported)
    return judge(comparison)


def judge(comparison: comparisons.Comparison) -> Judged:
    """The p-values of a comparison."""
    sides = comparison.sample.test()
    return Judged(
        verdicts.p_of_direction(comparison),
        sides.above < sides.below,
        verdicts.p_of_exclusion(comparison),
        verdicts.p_of_larger(comparison),
    )


compare_once = functools.cache(compare)  # few tables exist for shares


def has_false_statement(judged: Sequence[Judged]) -> bool:
    """Whether a claim has a false statement, with the reported effect in every other comparison.

    False is any direction of networks that are equal, the reverse where the first one is better,
    and that the effect is smaller or larger where it is as reported.
    """
    directions = holm([one.p for one in judged], verdicts.ERROR)
    smaller = holm([one.p_excluded for one in judged], verdicts.ERROR)
    larger = holm([one.p_larger for one in judged], verdicts.ERROR)
    return any(
        (direction.rejected and not one.is_ahead) or any(size.rejected for size in sizes)
        if k % 2 == 0
        else direction.rejected
        for k, (one, direction, *sizes) in enumerate(
            zip(judged, directions, smaller, larger, strict=True)
        )
    )


def run_searches(config: Config, seed: int, outcome: str, n: int) -> Record:
    """Simulate random searches with units whose good settings have the same losses."""
    rng = np.random.default_rng([seed, n, len(EFFECTS) + list(SEARCHES).index(outcome)])
    many, few = SEARCHES[outcome]
    counts = {WRONG: 0, EXCLUDED: 0}
    for _ in range(config.searches):
        more, fewer = search(rng, n, many), search(rng, n, few)
        sample = Trials(tuple(more), tuple(fewer), config.permutations)
        counts[WRONG] += sample.test().both <= verdicts.ERROR
        # The unit with fewer good settings has the reported effect.
        lead = tuple((valid - LEAD, test - LEAD) for valid, test in fewer)
        sample = Trials(lead, tuple(more), config.permutations)
        comparison = comparisons.Comparison(PAIR, sample, "", reported=LEAD)
        counts[EXCLUDED] += verdicts.p_of_exclusion(comparison) <= verdicts.ERROR
    return {
        "claims": config.searches,
        "rows": [{"m": 1, "effect": what, "rejected": k} for what, k in counts.items()],
    }


def run(config: Config, seed: int, outcome: str, n: int) -> Record:
    """Simulate claims with equal networks, and with each effect in their first comparison.

    All of them share the comparisons without an effect, as do claims that have the reported effect
    in every other comparison.
    """
    if outcome in SEARCHES:
        return run_searches(config, seed, outcome, n)
    rng = np.random.default_rng([seed, n, list(EFFECTS).index(outcome)])
    compared = compare_once if outcome == "shares" else compare
    labels = ("", *EFFECTS[outcome], *([FALSE] if outcome in REPORTED else ()))
    rejected = {(m, label): 0 for m in config.comparisons for label in labels}
    for _ in range(config.claims):
        equal = [compared(outcome, draw(rng, outcome, n)) for _ in range(max(config.comparisons))]
        for m in config.comparisons:
            decided = holm([one.p for one in equal[:m]], verdicts.ERROR)
            rejected[m, ""] += any(decision.rejected for decision in decided)
        for label, effect in EFFECTS[outcome].items():
            first = compared(outcome, draw(rng, outcome, n, effect))
            for m in config.comparisons:
                decided = holm([one.p for one in (first, *equal[1:m])], verdicts.ERROR)
                rejected[m, label] += decided[0].rejected and first.is_ahead
        if outcome in REPORTED:
            mixed = list(equal)
            for k in range(0, len(mixed), 2):
                mixed[k] = compared(outcome, draw(rng, outcome, n, REPORTED[outcome]))
            for m in config.comparisons:
                rejected[m, FALSE] += has_false_statement(mixed[:m])
    return {
        "claims": config.claims,
        "rows": [
            {"m": m, "effect": effect, "rejected": count} for (m, effect), count in rejected.items()
        ],
    }


def cases(config: Config) -> list[Record]:
    """Every kind of outcome with every number of seeds, and every search."""
    return [
        *({"outcome": outcome, "n": n} for outcome in EFFECTS for n in config.samples),
        *({"outcome": outcome, "n": n} for outcome in SEARCHES for n in config.trials),
    ]


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(claims=4, samples=(5,), comparisons=(1, 2), trials=(20,), searches=4),
    run=run,
    cases=cases,
    seeds=10,
)
