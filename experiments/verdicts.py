"""What records say of a claim: intervals by a paired bootstrap over seeds, verdicts by one rule.

A claim is a set of comparisons, each a difference with the sign that the claim gives it. A
comparison holds if its interval lies above zero (above minus a margin, where the claim is that
something is *not worse*), and its opposite if the interval lies below. The intervals of a claim
have 95 % together: with m comparisons, each has 1 - 0.05 / m.

A claim **holds** if all of its comparisons do and **holds in part** if some do; if none does, it
**does not hold here**, or **the opposite holds here** if that is so for all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from experiments import Record

ERROR = 0.05
RESAMPLES = 9999


class Comparison(NamedTuple):
    """One comparison.

    Attributes:
        label: What is compared, in words.
        differences: One for each seed, or the only one if it is counted and not sampled.
        margin: By how much it may be negative all the same.
        able: Whether it means anything; two networks that both fail are equally good.
        exact: Whether it is counted.
    """

    label: str
    differences: NDArray[np.float64]
    margin: float = 0.0
    able: bool = True
    exact: bool = False


def compare(
    label: str,
    ahead: ArrayLike,
    behind: ArrayLike,
    *,
    margin: float = 0.0,
    able: bool = True,
) -> Comparison:
    """Compare seed by seed.

    Args:
        label: What is compared, in words.
        ahead: The values that the claim says are larger, one for each seed.
        behind: The others, in the same order of seeds, or one value for all.
        margin: By how much they may be smaller all the same.
        able: Whether those that are ahead can do the task at all.
    """
    differences = np.asarray(ahead, dtype=float) - np.asarray(behind, dtype=float)
    return Comparison(label, differences, margin, able)


def exact(label: str, difference: float) -> Comparison:
    """Compare what is counted and not sampled."""
    return Comparison(label, np.array([difference], dtype=float), exact=True)


def interval(sample: NDArray[np.float64], error: float = ERROR) -> tuple[float, float] | None:
    """The interval of a mean over seeds; none for a single seed.

    The bootstrap's percentiles are too narrow for a few seeds. They are taken further out, by as
    much as Student's interval of a normal sample is wider than the percentiles' (Hesterberg 2015,
    "What teachers should know about the bootstrap", the expanded percentile interval).
    """
    n = len(sample)
    if n < 2:
        return None
    tail = scipy.stats.norm.sf(math.sqrt(n / (n - 1)) * scipy.stats.t.isf(error / 2, n - 1))
    found = scipy.stats.bootstrap(
        (sample,),
        np.mean,
        confidence_level=1 - 2 * tail,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)


def claim(text: str, source: str, reported: str, comparisons: Sequence[Comparison]) -> Record:
    """A claim with its verdict.

    Args:
        text: The claim.
        source: Who made it: a key of `SOURCES`.
        reported: What the source reports for it.
        comparisons: What decides.
    """
    judged = [judge(comparison, ERROR / len(comparisons)) for comparison in comparisons]
    return {
        "claim": text,
        "source": source,
        "reported": reported,
        "comparisons": judged,
        "verdict": verdict([comparison["outcome"] for comparison in judged]),
    }


def judge(comparison: Comparison, error: float) -> Record:
    """A comparison with its interval and whether it holds: `yes`, `no` or `opposite`."""
    label, differences, margin, able, counted = comparison
    mean = float(differences.mean())
    found = (mean, mean) if counted else interval(differences, error)
    outcome = "no"
    if found is not None and found[0] > -margin and able:
        outcome = "yes"
    elif found is not None and found[1] < -margin:
        outcome = "opposite"
    return {
        "label": label,
        "difference": mean,
        "interval": found,
        "margin": margin,
        "able": able,
        "exact": counted,
        "outcome": outcome,
    }


def verdict(outcomes: Sequence[str]) -> str:
    """The rule."""
    if not outcomes:
        raise ValueError("a claim needs a comparison that decides")
    if all(outcome == "yes" for outcome in outcomes):
        return "holds"
    if "yes" in outcomes:
        return "holds in part"
    if all(outcome == "opposite" for outcome in outcomes):
        return "the opposite holds here"
    return "does not hold here"
