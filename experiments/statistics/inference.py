"""Tests and intervals for the results of a few seeds.

Two networks are compared by independent samples, one value a seed, or one network with a fixed
bound. Each kind of result has a test of its own, which is exact for a few seeds:

- scores: the Mann-Whitney test, by all permutations, so that ties count as what they are;
- times to solve a task, with runs that are cut off at a cap: the same test with such runs tied at
  the cap (Gehan's test);
- shares of seeds: Boschloo's test;
- scores against a bound: the sign test.

An interval has all effects that the test does not reject. For shares it is Agresti and Caffo's.
"""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from statsmodels.stats.proportion import confint_proportions_2indep

from experiments import DIVERGED

Values = Sequence[float] | NDArray[np.float64]


class Sides(NamedTuple):
    """One-sided p-values.

    Attributes:
        above: Of the hypothesis that the effect is not larger than a value.
        below: Of the hypothesis that it is not smaller.
    """

    above: float
    below: float

    @property
    def both(self) -> float:
        """The two-sided p-value."""
        return min(1.0, 2 * min(self))


def rank_sum(first: Values, second: Values) -> Sides:
    """The Mann-Whitney test of two samples, by all permutations of their values, ties included."""
    # Twice the midranks are whole numbers.
    ranks = np.rint(2 * scipy.stats.rankdata([*first, *second])).astype(int)
    above, below = tails(tuple(np.sort(ranks).tolist()), len(first))
    observed = ranks[: len(first)].sum()
    return Sides(float(above[observed]), float(below[observed]))


@functools.lru_cache(maxsize=4096)  # without ties, all samples of a size have the same ranks
def tails(ranks: tuple[int, ...], number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each sum, the shares of subsets of ranks that have it or more, and it or less."""
    counts = np.zeros((number + 1, sum(ranks) + 1))
    counts[0, 0] = 1
    for rank in ranks:
        counts[1:, rank:] += counts[:-1, : counts.shape[1] - rank].copy()
    ways = counts[number] / counts[number].sum()
    return np.cumsum(ways[::-1])[::-1], np.cumsum(ways)


class Solved(NamedTuple):
    """How many of some runs solve a task."""

    number: int
    runs: int

    @property
    def share(self) -> float:
        """The share of the runs that solve it."""
        return self.number / self.runs


class Sample(ABC):
    """Results of the network that a claim says is ahead, and what they are compared with."""

    solved: tuple[Solved, Solved] | None = None
    """How many runs of both networks solve the task, if it is one that runs solve or not."""

    @abstractmethod
    def test(self, effect: float = 0.0) -> Sides:
        """Test an effect: that the true one is not larger, and that it is not smaller."""

    @abstractmethod
    def resampled(self, rng: np.random.Generator, effect: float) -> Sample:
        """As many results, drawn from those of both networks together, with an effect.

        Args:
            rng: Draws, with replacement.
            effect: How much the first network is ahead.
        """

    @property
    @abstractmethod
    def effects(self) -> NDArray[np.float64]:
        """The effects at which the test changes."""

    @property
    def estimate(self) -> float:
        """The median of the effects."""
        return float(np.median(self.effects))

    def interval(self, error: float) -> tuple[float, float]:
        """The smallest and the largest effect that a two-sided test at a level does not reject.

        Where values are tied, these are limits: the test may reject an end itself.
        """
        steps = self.effects[np.unique(rounded(self.effects)[0], return_index=True)[1]]
        reach = 1 + np.abs(steps).max()
        inside = [(a, (a + b) / 2, b) for a, b in pairwise(steps)]
        outside = (-math.inf, steps[0] - reach, steps[0]), (steps[-1], steps[-1] + reach, math.inf)
        # Each region between two steps, and each step, with a point in it, in order.
        regions = sorted([*outside, *inside, *((step, step, step) for step in steps)])

        def first_accepted(regions: Iterable[tuple[float, float, float]]) -> tuple[float, ...]:
            return next(region for region in regions if self.test(region[1]).both > error)

        return float(first_accepted(regions)[0]), float(first_accepted(reversed(regions))[2])


def drawn_from(
    values: Values, first: Values, second: Values, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two groups of values, each as large as one of two others."""
    return rng.choice(values, len(first)), rng.choice(values, len(second))


def rounded(*groups: Values) -> list[NDArray[np.float64]]:
    """Values to nine digits of the largest: errors of rounding would make ties into differences.

    Those of runs that diverged are left out of the largest.
    """
    finite = [abs(value) for group in groups for value in group if abs(value) < DIVERGED]
    scale = max(finite, default=0.0) or 1.0
    return [np.round(np.asarray(group, dtype=float) / scale, 9) for group in groups]


def median_of_pairs(differences: NDArray[np.float64], larger: int, smaller: int) -> float:
    """The median of differences, of which some are known to be larger or smaller than any."""
    pairs = sorted([*differences, *[math.inf] * larger, *[-math.inf] * smaller])
    if not pairs:
        return 0.0
    low, high = pairs[(len(pairs) - 1) // 2], pairs[len(pairs) // 2]
    return float(low if low == high else (low + high) / 2)


@dataclass(frozen=True)
class Scores(Sample):
    """Scores of two networks; the larger, the better. The effect is a difference.

    Attributes:
        ahead: The values that the claim says are larger.
        behind: The others.
        ceiling: The largest value that is measured: it stands for itself and all larger ones.
    """

    ahead: tuple[float, ...]
    behind: tuple[float, ...]
    ceiling: float = math.inf

    @functools.cached_property
    def effects(self) -> NDArray[np.float64]:
        ahead, behind = np.array(self.ahead), np.array(self.behind)
        pairs: NDArray[np.float64] = np.subtract.outer(ahead, behind).ravel()
        if math.isinf(self.ceiling):
            return pairs
        # A shifted ceiling reaches the values of the one network or the other.
        return np.concatenate([pairs, ahead - self.ceiling, self.ceiling - behind])

    @property
    def estimate(self) -> float:
        """The median over pairs, without those of which both values are at the ceiling."""
        ahead, behind = (np.array(v)[np.array(v) < self.ceiling] for v in (self.ahead, self.behind))
        larger = len(behind) * (len(self.ahead) - len(ahead))
        smaller = len(ahead) * (len(self.behind) - len(behind))
        return median_of_pairs(np.subtract.outer(ahead, behind).ravel(), larger, smaller)

    def test(self, effect: float = 0.0) -> Sides:
        ceiling = min(self.ceiling, self.ceiling - effect)
        ahead = np.minimum(np.array(self.ahead) - effect, ceiling)
        return rank_sum(*rounded(ahead, np.minimum(self.behind, ceiling)))

    def resampled(self, rng: np.random.Generator, effect: float) -> Scores:
        ahead, behind = drawn_from((*self.ahead, *self.behind), self.ahead, self.behind, rng)
        return Scores(tuple(np.minimum(ahead + effect, self.ceiling)), tuple(behind), self.ceiling)


@dataclass(frozen=True)
class Bound(Sample):
    """Scores of a network against a bound. The effect is a difference of the median.

    Attributes:
        values: The scores; the larger, the better.
        bound: The bound.
    """

    values: tuple[float, ...]
    bound: float

    @functools.cached_property
    def effects(self) -> NDArray[np.float64]:
        return np.array(self.values) - self.bound

    def test(self, effect: float = 0.0) -> Sides:
        values, bound = rounded(np.array(self.values) - effect, [self.bound])
        moved = values - bound
        n, larger = np.count_nonzero(moved), np.count_nonzero(moved > 0)
        law = scipy.stats.binom(n, 0.5)
        return Sides(float(law.sf(larger - 1)), float(law.cdf(larger)))

    def resampled(self, rng: np.random.Generator, effect: float) -> Bound:
        values = rng.choice(np.array(self.values) - self.estimate, len(self.values))
        return Bound(tuple(values + effect), self.bound)


@dataclass(frozen=True)
class Times(Sample):
    """Times to solve a task. The effect is the logarithm of the ratio: how many times sooner.

    Attributes:
        ahead: The times that the claim says are shorter; not below the cap for unsolved runs.
        behind: The others.
        cap: After how long a run was ended.
    """

    ahead: tuple[float, ...]
    behind: tuple[float, ...]
    cap: float

    @functools.cached_property
    def effects(self) -> NDArray[np.float64]:
        ahead, behind = (np.log(np.minimum(t, self.cap)) for t in (self.ahead, self.behind))
        pairs = np.subtract.outer(behind, ahead).ravel()
        if math.isinf(self.cap):
            return pairs
        # A scaled cap reaches the times of the one network or the other.
        cap = math.log(self.cap)
        return np.concatenate([pairs, behind - cap, cap - ahead])

    @property
    def estimate(self) -> float:
        """The median over pairs of runs; infinite where one of a pair did not solve the task.

        Pairs of which neither did are left out; without others, the estimate is 0.
        """
        ahead, behind = (np.array(t)[np.array(t) < self.cap] for t in (self.ahead, self.behind))
        larger = len(ahead) * (len(self.behind) - len(behind))
        smaller = len(behind) * (len(self.ahead) - len(ahead))
        pairs = np.subtract.outer(np.log(behind), np.log(ahead)).ravel()
        return median_of_pairs(pairs, larger, smaller)

    def test(self, effect: float = 0.0) -> Sides:
        # Times are as if every run had been ended at the same one: the cap, or the scaled cap.
        cap = self.cap * min(1.0, math.exp(effect))
        ahead = np.minimum(np.array(self.ahead) * math.exp(effect), cap)
        return rank_sum(*rounded(np.minimum(self.behind, cap), ahead))

    @property
    def solved(self) -> tuple[Solved, Solved]:  # type: ignore[override]
        first, second = (
            Solved(sum(t < self.cap for t in times), len(times))
            for times in (self.ahead, self.behind)
        )
        return first, second

    def resampled(self, rng: np.random.Generator, effect: float) -> Times:
        ahead, behind = drawn_from((*self.ahead, *self.behind), self.ahead, self.behind, rng)
        return Times(tuple(ahead), tuple(behind * math.exp(effect)), self.cap)


@dataclass(frozen=True)
class Shares(Sample):
    """Whether seeds solve a task. The effect is a difference of shares, in percentage points.

    Attributes:
        ahead: 1 or 0 for each seed of the network that the claim says is ahead.
        behind: The others.
    """

    ahead: tuple[float, ...]
    behind: tuple[float, ...]

    @property
    def effects(self) -> NDArray[np.float64]:
        return 100 * np.array([np.mean(self.ahead) - np.mean(self.behind)])

    def test(self, effect: float = 0.0) -> Sides:
        k, n = sum(self.ahead), len(self.ahead)
        j, m = sum(self.behind), len(self.behind)
        if not effect:
            table = [[k, j], [n - k, m - j]]
            greater, less = (
                scipy.stats.boschloo_exact(table, alternative=side).pvalue
                for side in ("greater", "less")
            )
            return Sides(float(greater), float(less))
        first, second = (k + 1) / (n + 2), (j + 1) / (m + 2)
        error = math.sqrt(first * (1 - first) / (n + 2) + second * (1 - second) / (m + 2))
        z = (first - second - effect / 100) / error
        return Sides(float(scipy.stats.norm.sf(z)), float(scipy.stats.norm.cdf(z)))

    @property
    def solved(self) -> tuple[Solved, Solved]:  # type: ignore[override]
        first, second = (Solved(round(sum(v)), len(v)) for v in (self.ahead, self.behind))
        return first, second

    def resampled(self, rng: np.random.Generator, effect: float) -> Shares:
        both = (*self.ahead, *self.behind)
        lower = min(float(np.mean(both)), 1 - effect / 100)
        ahead = rng.random(len(self.ahead)) < lower + effect / 100
        behind = rng.random(len(self.behind)) < lower
        return Shares(tuple(ahead.astype(float)), tuple(behind.astype(float)))

    def interval(self, error: float) -> tuple[float, float]:
        low, high = confint_proportions_2indep(
            *(sum(self.ahead), len(self.ahead), sum(self.behind), len(self.behind)),
            method="agresti-caffo",
            alpha=error,
        )
        return max(100 * float(low), -100.0), min(100 * float(high), 100.0)


def p_value_text(p: float, digits: int = 3) -> str:
    """A p-value on a page; empty if there is none (NaN)."""
    if math.isnan(p):
        return ""
    return f"{p:.{digits}g}" if p >= 0.001 else "< 0.001"


def p_statement(p: float) -> str:
    """A p-value in a sentence."""
    text = p_value_text(p, 2)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


class Decision(NamedTuple):
    """What Holm's procedure decides about a hypothesis.

    Attributes:
        rejected: Whether it is rejected.
        level: Its level; of one that is not rejected, the level at which the procedure ended.
        adjusted: Its adjusted p-value: the smallest error with which it would be rejected.
    """

    rejected: bool
    level: float
    adjusted: float


def holm(p_values: Sequence[float], error: float) -> list[Decision]:
    """Holm's procedure for hypotheses that share an error."""
    decisions: dict[int, Decision] = {}
    rejected, level, adjusted = True, error, 0.0
    for place, k in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        remaining = len(p_values) - place
        if rejected:
            level = error / remaining
            rejected = p_values[k] <= level
        adjusted = min(1.0, max(adjusted, remaining * p_values[k]))
        decisions[k] = Decision(rejected, level, adjusted)
    return [decisions[k] for k in range(len(p_values))]
