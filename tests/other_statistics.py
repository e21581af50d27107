"""The tests, intervals and outcomes of "What holds", from the text of that page.

Nothing here imports the statistics of the experiments, with which the results are compared.
"""

import itertools
import math
from functools import cache
from statistics import median

import numpy as np
from scipy.stats import binom, hypergeom, norm

LEVEL = 0.05


class Sample:
    """Results of two networks, or of one and a bound."""

    solved = None

    def effects(self):
        """The effects at which the test changes."""
        raise NotImplementedError

    def sides(self, effect):
        """One-sided p-values: that the effect is not larger, and that it is not smaller."""
        raise NotImplementedError

    def p(self, effect):
        return min(1.0, 2 * min(self.sides(effect)))

    def interval(self, level):
        """From the smallest to the largest effect that the two-sided test does not reject.

        Between two effects at which the test changes, it is the same; so one of each is tested.
        """
        edges = sorted({round(float(effect), 11) for effect in self.effects()})
        middles = [(a, (a + b) / 2, b) for a, b in itertools.pairwise(edges)]
        outside = [(-math.inf, edges[0] - 1, edges[0]), (edges[-1], edges[-1] + 1, math.inf)]
        parts = sorted([*((e, e, e) for e in edges), *middles, *outside])
        accepted = [part for part in parts if self.p(part[1]) > level]
        return accepted[0][0], accepted[-1][2]


@cache
def sums(ranks, size):
    """How many subsets of a size have each sum of (doubled) ranks."""
    ways = [{0: 1}, *({} for _ in range(size))]
    for rank in ranks:
        for k in range(size, 0, -1):
            for total, number in ways[k - 1].items():
                ways[k][total + rank] = ways[k].get(total + rank, 0) + number
    return ways[size]


class Scores(Sample):
    """Scores of two networks, of which the largest may stand for all that are larger."""

    def __init__(self, ahead, behind, ceiling=math.inf):
        self.a, self.b, self.ceiling = np.array(ahead), np.array(behind), ceiling

    def effects(self):
        pairs = np.subtract.outer(self.a, self.b).ravel().tolist()
        if math.isinf(self.ceiling):
            return pairs
        return [*pairs, *(self.a - self.ceiling), *(self.ceiling - self.b)]

    def sides(self, effect):
        limit = min(self.ceiling, self.ceiling - effect)
        a, b = np.minimum(self.a - effect, limit), np.minimum(self.b, limit)
        both = np.round([*a, *b], 9)
        ranks = [int(2 * (both < v).sum() + (both == v).sum() + 1) for v in both]
        ways, seen = sums(tuple(sorted(ranks)), len(a)), sum(ranks[: len(a)])
        every = sum(ways.values())
        above = sum(number for total, number in ways.items() if total >= seen) / every
        below = sum(number for total, number in ways.items() if total <= seen) / every
        return above, below

    @property
    def effect(self):
        found = []
        for x in self.a:
            for y in self.b:
                if x >= self.ceiling and y >= self.ceiling:
                    continue
                found.append(
                    math.inf if x >= self.ceiling else x - y if y < self.ceiling else -math.inf
                )
        return median(found) if found else 0.0


class Bound(Sample):
    """Scores against a number: the sign test."""

    def __init__(self, values, bound):
        self.differences = np.array(values) - bound

    def effects(self):
        return self.differences

    def sides(self, effect):
        moved = np.round(self.differences - effect, 9)
        larger, n = int((moved > 0).sum()), int((moved != 0).sum())
        return binom.sf(larger - 1, n, 0.5), binom.cdf(larger, n, 0.5)

    @property
    def effect(self):
        return median(self.differences)


class Times(Scores):
    """Times until a task is solved, as logarithms; a run of a cap or more has not solved it."""

    def __init__(self, ahead, behind, cap):
        # Minus the time is a score; a cap of the times is the floor of the scores.
        super().__init__(-np.log(np.minimum(ahead, cap)), -np.log(np.minimum(behind, cap)))
        self.floor = -math.log(cap)
        self.solved = [(np.array(times) < cap).sum() for times in (ahead, behind)]
        assert self.solved == [len(ahead), len(behind)]  # the estimate here is without others

    def effects(self):
        return [*super().effects(), *(self.a - self.floor), *(self.floor - self.b)]

    def sides(self, effect):
        floor = max(self.floor, self.floor - effect)
        a, b = np.maximum(self.a - effect, floor), np.maximum(self.b, floor)
        return Scores(a, b).sides(0.0)


class Shares(Sample):
    """Shares of seeds that solve a task, in percentage points: Boschloo's test."""

    def __init__(self, ahead, behind):
        self.k, self.n, self.j, self.m = sum(ahead), len(ahead), sum(behind), len(behind)
        self.solved = [self.k, self.j]
        self.effect = 100 * (self.k / self.n - self.j / self.m)
        smooth = [(self.k + 1) / (self.n + 2), (self.j + 1) / (self.m + 2)]
        self.shift = smooth[0] - smooth[1]
        self.error = math.sqrt(
            sum(p * (1 - p) / (n + 2) for p, n in zip(smooth, (self.n, self.m), strict=True))
        )

    def sides(self, effect):
        if effect:
            z = (self.shift - effect / 100) / self.error
            return norm.sf(z), norm.cdf(z)
        fisher = np.array(
            [[hypergeom.sf(k - 1, self.n + self.m, k + j, self.n) for j in range(self.m + 1)]
             for k in range(self.n + 1)]
        )  # fmt: skip
        other = np.array(
            [[hypergeom.cdf(k, self.n + self.m, k + j, self.n) for j in range(self.m + 1)]
             for k in range(self.n + 1)]
        )  # fmt: skip
        return boschloo(fisher, self.k, self.j), boschloo(other, self.k, self.j)

    def interval(self, level):
        reach = norm.isf(level / 2) * self.error
        return max(-100, 100 * (self.shift - reach)), min(100, 100 * (self.shift + reach))


def boschloo(fisher, k, j):
    """The largest probability, over the common share, of tables at least as extreme by Fisher."""
    n, m = (size - 1 for size in fisher.shape)
    extreme = fisher <= fisher[k, j] * (1 + 1e-9)
    share = np.linspace(0, 1, 2001)[:, None]
    law = (
        binom.pmf(np.arange(n + 1), n, share)[:, :, None]
        * (binom.pmf(np.arange(m + 1), m, share)[:, None, :])
    )
    return (law * extreme).sum((1, 2)).max()


def holm(values):
    """Adjusted p-values, and which of them are rejected at 5 %."""
    order = sorted(range(len(values)), key=values.__getitem__)
    adjusted, largest = [0.0] * len(values), 0.0
    for place, k in enumerate(order):
        largest = max(largest, min(1.0, (len(values) - place) * values[k]))
        adjusted[k] = largest
    return adjusted, [p <= LEVEL for p in adjusted]


def marks(comparisons):
    """A character for the outcome of each comparison, and the adjusted p-values."""
    direction, smaller, larger = [], [], []
    for sample, reported, of_interest, margin in comparisons:
        no_run = sample.solved is not None and not any(sample.solved)
        direction.append(sample.p(-margin))
        reference = reported or of_interest
        smaller.append(1.0 if no_run or not reference else min(1, 2 * sample.sides(reference)[1]))
        larger.append(1.0 if no_run or not reported else min(1, 2 * sample.sides(reported)[0]))
    adjusted, decided = holm(direction)
    found = ""
    for k, (sample, _, _, margin) in enumerate(comparisons):
        above, below = sample.sides(-margin)
        is_smaller, is_larger = holm(smaller)[1][k], holm(larger)[1][k]
        if decided[k] and above < below:
            found += "<" if is_smaller else ">" if is_larger else "+"
        elif decided[k]:
            found += "-"
        elif is_smaller:
            found += "x"
        else:
            found += "0" if sample.solved is not None and not any(sample.solved) else "."
    return found, adjusted


def compare(sample, reported=None, of_interest=None, margin=0.0):
    return sample, reported, of_interest, margin
