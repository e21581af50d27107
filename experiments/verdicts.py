"""What records say of a claim: intervals by a paired bootstrap over seeds, verdicts by one rule.

A claim is a set of comparisons, each a difference with the sign that the claim gives it. A
comparison holds if its interval lies above zero (above minus a margin, where the claim is that
something is *not worse*), and its opposite if the interval lies below. It is undecided if neither
of the two can do the task, and then counts nowhere. The intervals of a claim have 95 % together:
with m comparisons, each has 1 - 0.05 / m.

A claim **holds** if all of its comparisons do, **holds in part** if some do and none the other way
round, and is **mixed** if some are opposite. If none holds, it **does not hold here**, or **the
opposite holds here** if that is so for all. It is **not decided here** if no comparison decides.
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
        can: Whether the one that is said to be ahead can do the task, and whether the other can.
        counted: Whether it is counted.
    """

    label: str
    differences: NDArray[np.float64]
    margin: float = 0.0
    can: tuple[bool, bool] = (True, True)
    counted: bool = False


def compare(
    label: str,
    ahead: ArrayLike,
    behind: ArrayLike,
    *,
    margin: float = 0.0,
    can: tuple[bool, bool] = (True, True),
) -> Comparison:
    """Compare seed by seed.

    Args:
        label: What is compared, in words.
        ahead: The values that the claim says are larger, one for each seed.
        behind: The others, in the same order of seeds, or one value for all.
        margin: By how much they may be smaller all the same.
        can: Whether those that are ahead can do the task at all, and whether the others can.
    """
    differences = np.asarray(ahead, dtype=float) - np.asarray(behind, dtype=float)
    return Comparison(label, differences, margin, can)


def counted(label: str, difference: float) -> Comparison:
    """Compare what is counted and not sampled."""
    return Comparison(label, np.array([difference], dtype=float), counted=True)


def interval(sample: NDArray[np.float64], error: float = ERROR) -> tuple[float, float] | None:
    """The interval of a mean over seeds; none for a single seed.

    The bootstrap's percentiles, or Student's interval where it is wider: no percentile lies beyond
    the sample itself, which for a few seeds is too narrow.
    """
    n = len(sample)
    if n < 2:
        return None
    found = scipy.stats.bootstrap(
        (sample,),
        np.mean,
        confidence_level=1 - error,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    mean = sample.mean()
    reach = scipy.stats.t.isf(error / 2, n - 1) * sample.std(ddof=1) / math.sqrt(n)
    return float(min(found.low, mean - reach)), float(max(found.high, mean + reach))


def claim(text: str, source: str, reported: str, comparisons: Sequence[Comparison]) -> Record:
    """A claim with its verdict.

    Args:
        text: The claim.
        source: Who made it: a key of `SOURCES`.
        reported: What the source reports for it.
        comparisons: What decides.
    """
    deciding = sum(any(comparison.can) for comparison in comparisons)
    judged = [judge(comparison, ERROR / max(deciding, 1)) for comparison in comparisons]
    return {
        "claim": text,
        "source": source,
        "reported": reported,
        "comparisons": judged,
        "verdict": verdict([comparison["outcome"] for comparison in judged]),
    }


def judge(comparison: Comparison, error: float) -> Record:
    """A comparison with its interval and its outcome: `yes`, `no`, `opposite` or `undecided`."""
    label, differences, margin, can, is_counted = comparison
    mean = float(differences.mean())
    found = (mean, mean) if is_counted else interval(differences, error)
    outcome = "no"
    if not any(can):
        outcome = "undecided"
    elif found is not None and found[0] > -margin and (can[0] or not margin):
        outcome = "yes"
    elif found is not None and found[1] < -margin:
        outcome = "opposite"
    return {
        "label": label,
        "difference": mean,
        "interval": found,
        "margin": margin,
        "counted": is_counted,
        "outcome": outcome,
    }


def verdict(outcomes: Sequence[str]) -> str:
    """The rule."""
    if not outcomes:
        raise ValueError("a claim needs a comparison that decides")
    found = set(outcomes) - {"undecided"}
    if not found:
        return "not decided here"
    if found == {"yes"}:
        return "holds"
    if found == {"opposite"}:
        return "the opposite holds here"
    if {"yes", "opposite"} <= found:
        return "mixed"
    return "holds in part" if "yes" in found else "does not hold here"
