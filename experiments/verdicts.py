"""What records say of a claim: intervals by a paired bootstrap over seeds, verdicts by one rule.

A claim is a set of comparisons, each a difference with the sign that the claim gives it. A
comparison holds if its 95 % interval lies above zero (above minus a margin, where the claim is that
something is *not worse*). A claim **holds** if all of its comparisons do, **holds in part** if some
do, and **does not hold here** if none does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike

from experiments import Record

LEVEL = 0.95
RESAMPLES = 9999


def interval(
    values: ArrayLike, statistic: Callable[..., Any] = np.mean
) -> tuple[float | None, float | None]:
    """The percentile bootstrap's interval for a statistic of seeds; none for a single seed."""
    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        return None, None
    found = scipy.stats.bootstrap(
        (sample,),
        statistic,
        confidence_level=LEVEL,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)


def compare(label: str, ahead: ArrayLike, behind: ArrayLike, *, margin: float = 0.0) -> Record:
    """One comparison, paired by seed.

    Args:
        label: What is compared, in words.
        ahead: The values that the claim says are larger, one for each seed.
        behind: The others, in the same order of seeds.
        margin: By how much they may be smaller all the same.
    """
    differences = np.asarray(ahead, dtype=float) - np.asarray(behind, dtype=float)
    low, high = interval(differences)
    return {
        "label": label,
        "difference": float(differences.mean()),
        "low": low,
        "high": high,
        "margin": margin,
        "seeds": len(differences),
        "holds": low is not None and low > -margin,
    }


def exact(label: str, difference: float) -> Record:
    """A comparison of what is counted and not sampled; it needs no interval."""
    return {
        "label": label,
        "difference": difference,
        "low": difference,
        "high": difference,
        "margin": 0.0,
        "seeds": 0,
        "holds": difference > 0,
    }


def claim(text: str, source: str, reported: str, comparisons: Sequence[Record]) -> Record:
    """A claim with its verdict.

    Args:
        text: The claim.
        source: Who made it: a key of `PAPERS`, or the notebook.
        reported: What the source reports for it.
        comparisons: What decides.
    """
    return {
        "claim": text,
        "source": source,
        "reported": reported,
        "comparisons": list(comparisons),
        "verdict": verdict([comparison["holds"] for comparison in comparisons]),
    }


def verdict(held: Sequence[bool]) -> str:
    """The rule."""
    if all(held):
        return "holds"
    return "holds in part" if any(held) else "does not hold here"
