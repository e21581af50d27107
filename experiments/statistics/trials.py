"""A test for random searches: the best trials of two networks, by permutations of all trials.

The best trials of a search are the extremes of a sample and depend on one another: a test that
takes them for independent results rejects too often. Here, all trials change places between the
networks, and the best are chosen again each time.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.statistics.inference import Sample, Sides

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
ROUNDING = 1e-9
"""Differences that differ by less are equal."""
PERMUTATIONS = 199_999
"""How many are drawn where not all are counted."""
RESAMPLED = 1_999
"""How many are drawn for trials that are drawn from a record, of which there are many."""
ENOUGH = 20
"""Trials of a network that a verdict needs: the best tenth of ten is a single one."""
COUNTED = 20_000
"""All permutations are counted if there are at most so many outcomes."""
DOUBLINGS, BISECTIONS = 8, 12
"""Steps in which the range of an end of an interval is searched, and in which the end is found."""


def tenth(trials: int) -> int:
    """The number of trials in the best tenth, rounded up."""
    return math.ceil(trials / 10)


class Outcomes(NamedTuple):
    """The best tenths of two networks whose trials change places.

    Attributes:
        ahead: For each different outcome, the places of the first network's best tenth in the order
            of the validation losses of all.
        behind: Those of the second network's.
        shares: Which share of the permutations has this outcome.
        own: The share of the result itself, if it is not among them.
    """

    ahead: Places
    behind: Places
    shares: Numbers
    own: float


@functools.cache
def best_places(ahead: int, behind: int, permutations: int | None = None) -> Outcomes:
    """The best tenths of two networks whose trials change places at random.

    A permutation matters only in the order of the validation losses, up to the best tenths, and
    many permutations agree there. They are all counted where there are few such outcomes, as with
    20 trials of each network; otherwise they are drawn, and the same each time.

    Args:
        ahead: Number of trials of the first network.
        behind: Number of trials of the second.
        permutations: How many are drawn; `PERMUTATIONS` if `None`.
    """
    groups = (ahead, behind)
    possible = sum(
        math.comb(last, tenth(own) - 1)
        for own, other in (groups, groups[::-1])
        for last in lasts(own, other)
    )
    if possible <= COUNTED:
        return counted(*groups)
    return drawn(*groups, PERMUTATIONS if permutations is None else permutations)


def lasts(own: int, other: int) -> range:
    """Where the best tenth of a network may end, if that of the other one has ended before."""
    return range(tenth(own) + tenth(other) - 1, tenth(own) + other)


def counted(ahead: int, behind: int) -> Outcomes:
    """Every outcome, with its share of all permutations."""
    found: tuple[list[tuple[int, ...]], ...] = ([], [])
    shares = []
    for k, (own, other) in enumerate(((ahead, behind), (behind, ahead))):
        for last in lasts(own, other):
            left = math.comb(ahead + behind - last - 1, own - tenth(own))
            for before in itertools.combinations(range(last), tenth(own) - 1):
                others = (place for place in range(last) if place not in before)
                found[k].append((*before, last))
                found[1 - k].append(tuple(itertools.islice(others, tenth(other))))
                shares.append(left / math.comb(ahead + behind, ahead))
    return Outcomes(np.array(found[0]), np.array(found[1]), np.array(shares), own=0.0)


def drawn(ahead: int, behind: int, permutations: int) -> Outcomes:
    """The outcomes of permutations that are drawn at random."""
    first = np.tile(np.arange(ahead + behind) < ahead, (permutations, 1))
    first = np.random.default_rng(ahead + behind).permuted(first, axis=1)
    places = []
    for is_own, number in ((first, tenth(ahead)), (~first, tenth(behind))):
        is_best = is_own & (np.cumsum(is_own, axis=1, dtype=np.int16) <= number)
        places.append(np.nonzero(is_best)[1].reshape(-1, number))
    different, counts = np.unique(np.hstack(places), axis=0, return_counts=True)
    own = 1 / (1 + permutations)  # the result is one of the permutations
    shares = np.multiply(counts, own, dtype=np.float64)
    return Outcomes(different[:, : tenth(ahead)], different[:, tenth(ahead) :], shares, own)


def best(valid: Numbers, test: Numbers) -> Numbers:
    """The test losses of the tenth of the trials with the lowest validation losses."""
    return test[np.argsort(valid, kind="stable")[: tenth(len(valid))]]


def ended_by_limit(valid: Numbers, ended: Numbers) -> str:
    """How many trials ended by the limit of training, of all and of the best tenth.

    Args:
        valid: The validation losses of a network's trials.
        ended: For each, 1 if it ended by the limit, or 0.
    """
    chosen = best(valid, ended)
    return f"{sum(ended):.0f} ({sum(chosen):.0f} of the best {len(chosen)})"


def is_cut_off(valid: Numbers, ended: Numbers) -> bool:
    """Whether most of the best tenth ended by the limit of training.

    Args:
        valid: The validation losses of a network's trials.
        ended: For each, 1 if it ended by the limit, or 0.
    """
    chosen = best(valid, ended)
    return bool(2 * chosen.sum() > len(chosen))


def median_difference(ahead: Numbers, behind: Numbers) -> Numbers:
    """The median of all differences between losses of two networks."""
    pairs = behind[..., :, None] - ahead[..., None, :]
    # Sorting a few numbers takes a third of the time of `np.median`.
    ranked = np.sort(pairs.reshape(*pairs.shape[:-2], -1), axis=-1)
    number = ranked.shape[-1]
    median: Numbers = ranked[..., (number - 1) // 2 : number // 2 + 1].mean(axis=-1)
    return median


@dataclass(frozen=True)
class Trials(Sample):
    """Trials of two networks. The effect is a difference of the test loss of the best tenths.

    Attributes:
        ahead: Validation and test loss of each trial of the network whose losses the claim says
            are lower.
        behind: The others.
        permutations: How many are drawn where not all are counted; `PERMUTATIONS` if `None`.
    """

    ahead: tuple[tuple[float, float], ...]
    behind: tuple[tuple[float, float], ...]
    permutations: int | None = None

    @cached_property
    def effects(self) -> Numbers:
        ahead, behind = (best(*np.transpose(trials)) for trials in (self.ahead, self.behind))
        return np.subtract.outer(behind, ahead).ravel()

    def test(self, effect: float = 0.0) -> Sides:
        shifted = np.array(self.ahead) + effect  # as if the networks were equal
        valid, losses = np.concatenate([shifted, np.array(self.behind)]).T
        # Of equal validation losses, the earlier trial is first, of whichever network it is.
        numbers = np.concatenate([np.arange(len(self.ahead)), np.arange(len(self.behind))])
        ordered = losses[np.lexsort((numbers, valid))]
        places = best_places(len(self.ahead), len(self.behind), self.permutations)
        ahead, behind, shares, own = places
        beyond = median_difference(ordered[ahead], ordered[behind]) - (self.estimate - effect)
        above, below = (
            own + float(shares[is_as_far].sum())
            for is_as_far in (beyond > -ROUNDING, beyond < ROUNDING)
        )
        return Sides(above, below)

    def resampled(self, rng: np.random.Generator, effect: float) -> Trials:
        both = np.array([*self.ahead, *self.behind])
        ahead = both[rng.integers(len(both), size=len(self.ahead))] - effect
        behind = both[rng.integers(len(both), size=len(self.behind))]
        first, second = (tuple(map(tuple, group.tolist())) for group in (ahead, behind))
        return Trials(first, second, RESAMPLED)

    def interval(self, error: float) -> tuple[float, float]:
        losses = [test for _, test in (*self.ahead, *self.behind)]
        # The best tenths may all be the same.
        reach = np.ptp(self.effects) + np.abs(self.effects).max() or np.ptp(losses) or 1.0
        low = self._end(self.estimate, -reach, lambda effect: self.test(effect).above > error / 2)
        high = self._end(self.estimate, reach, lambda effect: self.test(effect).below > error / 2)
        return low, high

    @staticmethod
    def _end(inside: float, reach: float, accepted: Callable[[float], bool]) -> float:
        """An effect at which a test begins to reject, on the way from one that it does not."""
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
