"""A test for random searches: the best trials of two networks, by permutations of all trials.

The best trials of a search are the extremes of a sample and depend on one another: a test that
takes them for independent results rejects too often. Here, all trials change places between the
networks, and the best are chosen again each time.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.statistics.inference import Sample, Sides

Numbers = NDArray[np.float64]
PERMUTATIONS = 9_999
DOUBLINGS, BISECTIONS = 8, 12
"""Steps in which the range of an end of an interval is searched, and in which the end is found."""


@functools.cache
def permutations(number: int) -> NDArray[np.int64]:
    """Random orders of a number of trials; the same ones each time."""
    orders = np.tile(np.arange(number), (PERMUTATIONS, 1))
    return np.random.default_rng(number).permuted(orders, axis=1)


def best(valid: Numbers, test: Numbers) -> Numbers:
    """The test losses of the tenth of the trials with the lowest validation losses."""
    number = math.ceil(valid.shape[-1] / 10)
    chosen = np.argsort(valid, axis=-1, kind="stable")[..., :number]
    return np.take_along_axis(test, chosen, -1)


def median_difference(ahead: Numbers, behind: Numbers) -> Numbers:
    """The median of all differences between losses of two networks."""
    pairs = behind[..., :, None] - ahead[..., None, :]
    median: Numbers = np.median(pairs.reshape(*pairs.shape[:-2], -1), axis=-1)
    return median


@dataclass(frozen=True)
class Trials(Sample):
    """Trials of two networks. The effect is a difference of the test loss of the best tenths.

    Attributes:
        ahead: Validation and test loss of each trial of the network whose losses the claim says
            are lower.
        behind: The others.
    """

    ahead: tuple[tuple[float, float], ...]
    behind: tuple[tuple[float, float], ...]

    @cached_property
    def effects(self) -> Numbers:
        ahead, behind = (best(*np.transpose(trials)) for trials in (self.ahead, self.behind))
        return np.subtract.outer(behind, ahead).ravel()

    def test(self, effect: float = 0.0) -> Sides:
        first = len(self.ahead)
        shifted = np.array(self.ahead) + effect  # as if the networks were equal
        losses = np.concatenate([shifted, np.array(self.behind)])
        orders = np.vstack([np.arange(len(losses)), permutations(len(losses))])
        valid, test = (column[orders] for column in losses.T)
        chosen = best(valid[:, :first], test[:, :first]), best(valid[:, first:], test[:, first:])
        found = np.round(median_difference(*chosen), 9)
        # The first order is that of the results: each share counts it.
        return Sides(float(np.mean(found >= found[0])), float(np.mean(found <= found[0])))

    def interval(self, error: float) -> tuple[float, float]:
        reach = np.ptp(self.effects) + np.abs(self.effects).max()
        low = self._end(self.estimate, -reach, lambda effect: self.test(effect).above > error / 2)
        high = self._end(self.estimate, reach, lambda effect: self.test(effect).below > error / 2)
        return low, high

    @staticmethod
    def _end(inside: float, reach: float, accepted: Callable[[float], bool]) -> float:
        """The effect at which a test begins to reject, on the way from one that it does not."""
        outside = inside + reach
        for _ in range(DOUBLINGS):
            if not accepted(outside):
                break
            inside, outside = outside, outside + 2 * (outside - inside)
        else:
            return math.copysign(math.inf, reach)
        for _ in range(BISECTIONS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if accepted(middle) else (inside, middle)
        return outside
