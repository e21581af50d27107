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

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from statsmodels.stats.proportion import confint_proportions_2indep

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
    n = len(first)
    # Twice the midranks are whole numbers: the number of subsets with each sum can be counted.
    ranks = np.rint(2 * scipy.stats.rankdata([*first, *second])).astype(int)
    counts = np.zeros((n + 1, ranks.sum() + 1))
    counts[0, 0] = 1
    for rank in ranks:
        counts[1:, rank:] += counts[:-1, : counts.shape[1] - rank].copy()
    ways, observed = counts[n] / counts[n].sum(), ranks[:n].sum()
    return Sides(float(ways[observed:].sum()), float(ways[: observed + 1].sum()))


class Sample(ABC):
    """Results of the network that a claim says is ahead, and what they are compared with."""

    @abstractmethod
    def test(self, effect: float = 0.0) -> Sides:
        """Test an effect: that the true one is not larger, and that it is not smaller."""

    @property
    @abstractmethod
    def effects(self) -> NDArray[np.float64]:
        """The effects at which the test changes."""

    @property
    def estimate(self) -> float:
        """The median of the effects."""
        return float(np.median(self.effects))

    def interval(self, error: float) -> tuple[float, float]:
        """The effects that a two-sided test at a level does not reject."""
        steps = np.unique(self.effects)
        inner = (steps[:-1] + steps[1:]) / 2
        points = [steps[0] - 1.0, *inner, steps[-1] + 1.0]
        low = first_index(points, lambda e: self.test(e).above > error / 2)
        high = first_index(points, lambda e: self.test(e).below <= error / 2)
        return (
            float(steps[low - 1]) if low else -math.inf,
            float(steps[high - 1]) if 0 < high < len(points) else math.inf,
        )


def first_index(points: Sequence[float], holds: Callable[[float], bool]) -> int:
    """The first index from which on a condition holds; the number of points if it never does."""
    low, high = 0, len(points)
    while low < high:
        middle = (low + high) // 2
        if holds(points[middle]):
            high = middle
        else:
            low = middle + 1
    return low


@dataclass(frozen=True)
class Scores(Sample):
    """Scores of two networks; the larger, the better. The effect is a difference.

    Attributes:
        ahead: The values that the claim says are larger.
        behind: The others.
    """

    ahead: tuple[float, ...]
    behind: tuple[float, ...]

    @cached_property
    def effects(self) -> NDArray[np.float64]:
        return np.subtract.outer(self.ahead, self.behind).ravel()

    def test(self, effect: float = 0.0) -> Sides:
        return rank_sum(np.array(self.ahead) - effect, self.behind)


@dataclass(frozen=True)
class Bound(Sample):
    """Scores of a network against a bound. The effect is a difference of the median.

    Attributes:
        values: The scores; the larger, the better.
        bound: The bound.
    """

    values: tuple[float, ...]
    bound: float

    @cached_property
    def effects(self) -> NDArray[np.float64]:
        return np.array(self.values) - self.bound

    def test(self, effect: float = 0.0) -> Sides:
        moved = self.effects - effect
        n, larger = np.count_nonzero(moved), np.count_nonzero(moved > 0)
        law = scipy.stats.binom(n, 0.5)
        return Sides(float(law.sf(larger - 1)), float(law.cdf(larger)))


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

    @cached_property
    def effects(self) -> NDArray[np.float64]:
        ahead, behind = (np.minimum(t, self.cap) for t in (self.ahead, self.behind))
        return np.subtract.outer(np.log(behind), np.log(ahead)).ravel()

    def test(self, effect: float = 0.0) -> Sides:
        # Times are as if every run had been ended at the same one: the cap, or the scaled cap.
        cap = self.cap * min(1.0, math.exp(effect))
        ahead = np.minimum(np.array(self.ahead) * math.exp(effect), cap)
        return rank_sum(rounded(np.minimum(self.behind, cap)), rounded(ahead))


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the error of a multiplication, which would tell ties apart."""
    return np.array([float(f"{value:.9g}") for value in values])


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

    def interval(self, error: float) -> tuple[float, float]:
        low, high = confint_proportions_2indep(
            *(sum(self.ahead), len(self.ahead), sum(self.behind), len(self.behind)),
            method="agresti-caffo",
            alpha=error,
        )
        return max(100 * float(low), -100.0), min(100 * float(high), 100.0)


def holm(p_values: Sequence[float], error: float) -> tuple[list[bool], list[float]]:
    """Holm's procedure: which hypotheses are rejected, and the level of each.

    The level of one that is not rejected is the level at which the procedure ended.
    """
    rejected, levels = [False] * len(p_values), [0.0] * len(p_values)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    level, going_on = error, True
    for place, k in enumerate(order):
        if going_on:
            level = error / (len(order) - place)
            going_on = rejected[k] = p_values[k] <= level
        levels[k] = level
    return rejected, levels
