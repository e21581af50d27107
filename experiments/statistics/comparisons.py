"""Comparisons of two networks, or of a network with a bound, each with the sign of its claim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.statistics.inference import Bound, Sample, Scores, Shares, Times
from experiments.statistics.trials import ENOUGH, Trials

TIMES = "times sooner"
"""The unit of effects that are logarithms of ratios."""


class Pair(NamedTuple):
    """What is compared.

    Attributes:
        ahead: The network that the claim says is ahead.
        behind: The other one, or a bound.
        measure: What is measured.
        where: The task and its settings, if they differ between the comparisons of a claim.
        words: How a sentence says that the first one is ahead, and that it is behind.
    """

    ahead: str
    behind: str
    measure: str = ""
    where: str = ""
    words: tuple[str, str] = ("better", "worse")

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        measure = f", {self.measure}" if self.measure else ""
        return f"{where}{self.ahead} against {self.behind}{measure}"


class Comparison(NamedTuple):
    """One comparison.

    Attributes:
        pair: What is compared.
        sample: The results of both networks.
        unit: The unit of the effect.
        reported: The effect that the source reports.
        of_interest: The smallest effect of interest; it counts where the source reports none.
        margin: How much worse is still *not worse*.
        open_because: Why the runs cannot decide, whatever they show; empty if they can.
    """

    pair: Pair
    sample: Sample
    unit: str
    reported: float | None = None
    of_interest: float | None = None
    margin: float = 0.0
    open_because: str = ""

    @property
    def reference(self) -> float | None:
        """The effect that may be excluded: the reported one, or that of interest."""
        return self.of_interest if self.reported is None else self.reported


def scores(
    pair: Pair,
    ahead: Sequence[float],
    behind: Sequence[float] | float,
    unit: str,
    *,
    reported: float | None = None,
    of_interest: float | None = None,
    margin: float = 0.0,
    ceiling: float = math.inf,
    open_because: str = "",
) -> Comparison:
    """Compare scores of two networks, or of one with a bound; the larger, the better.

    Args:
        pair: What is compared.
        ahead: The scores that the claim says are larger.
        behind: The others, or the bound.
        unit: The unit of the scores.
        reported: The difference that the source reports.
        of_interest: The smallest difference of interest, in case the source reports none.
        margin: By how much less is still *not worse*.
        ceiling: The largest score that is measured.
        open_because: Why the runs cannot decide.
    """
    sample: Sample
    check_values(pair, ahead, [behind] if isinstance(behind, float | int) else behind)
    if isinstance(behind, float | int):
        sample = Bound(tuple(ahead), float(behind))
    else:
        sample = Scores(tuple(ahead), tuple(behind), ceiling)
    check_effects(pair, reported, of_interest, margin)
    return Comparison(pair, sample, unit, reported, of_interest, margin, open_because=open_because)


def shares(
    pair: Pair,
    ahead: Sequence[bool],
    behind: Sequence[bool],
    *,
    reported: float | None = None,
    open_because: str = "",
) -> Comparison:
    """Compare the shares of seeds that solve a task.

    Args:
        pair: What is compared.
        ahead: Whether each seed of the network that the claim says is ahead solves it.
        behind: The others.
        reported: The difference that the source reports, in percentage points.
        open_because: Why the runs cannot decide.
    """
    check_values(pair, ahead, behind)
    sample = Shares(tuple(map(float, ahead)), tuple(map(float, behind)))
    check_effects(pair, reported, None, 0.0)
    return Comparison(pair, sample, "percentage points", reported, open_because=open_because)


def times(
    pair: Pair,
    ahead: Sequence[float],
    behind: Sequence[float],
    cap: float,
    *,
    reported: float | None = None,
    of_interest: float | None = None,
    margin: float = 1.0,
) -> Comparison:
    """Compare times to solve a task.

    Args:
        pair: What is compared.
        ahead: The times that the claim says are shorter; the cap for runs that did not solve it.
        behind: The others.
        cap: After how long a run was ended.
        reported: How many times sooner, as the source reports.
        of_interest: From how many times sooner on an effect is of interest, in case the source
            reports none.
        margin: By which factor more is still *not worse*.
    """
    check_values(pair, ahead, behind)
    if not (cap > 0 and margin >= 1 and all(r is None or r > 1 for r in (reported, of_interest))):
        raise ValueError(
            f"{pair}: expected cap > 0, margin >= 1, and reported and of_interest > 1, "
            f"got {cap}, {margin}, {reported} and {of_interest}"
        )
    return Comparison(
        pair,
        Times(tuple(ahead), tuple(behind), cap),
        TIMES,
        None if reported is None else math.log(reported),
        None if of_interest is None else math.log(of_interest),
        math.log(margin),
    )


def trials(
    pair: Pair,
    ahead: Sequence[tuple[float, float]],
    behind: Sequence[tuple[float, float]],
    unit: str,
    *,
    reported: float | None = None,
    of_interest: float | None = None,
    margin: float = 0.0,
    open_because: str = "",
) -> Comparison:
    """Compare the best tenths of the trials of two random searches.

    With fewer than `ENOUGH` trials of a network, they are left undecided.

    Args:
        pair: What is compared.
        ahead: Validation and test loss of each trial of the network that the claim says is better.
        behind: The others.
        unit: The unit of the losses.
        reported: The difference that the source reports.
        of_interest: The smallest difference of interest, in case the source reports none.
        margin: By how much worse is still *not worse*.
        open_because: Why the trials cannot decide.
    """
    check_values(pair, *(np.ravel(group).tolist() for group in (ahead, behind)))
    if infinite := [test for _, test in (*ahead, *behind) if math.isinf(test)]:
        raise ValueError(f"{pair}: expected finite test losses, as of chance, got {infinite[0]}")
    check_effects(pair, reported, of_interest, margin)
    sample = Trials(tuple(ahead), tuple(behind))
    if min(len(ahead), len(behind)) < ENOUGH:
        open_because = f"fewer than {ENOUGH} trials of a network"
    return Comparison(pair, sample, unit, reported, of_interest, margin, open_because=open_because)


def check_effects(
    pair: Pair, reported: float | None, of_interest: float | None, margin: float
) -> None:
    """Raise an error if an effect has the wrong sign."""
    if margin < 0 or any(e is not None and e <= 0 for e in (reported, of_interest)):
        raise ValueError(
            f"{pair}: expected margin >= 0, and reported and of_interest > 0, "
            f"got {margin}, {reported} and {of_interest}"
        )


def check_values(pair: Pair, *groups: Sequence[float]) -> None:
    """Raise an error if values are missing or not numbers."""
    for group in groups:
        if not len(group) or any(map(math.isnan, group)):
            raise ValueError(f"{pair}: expected a number for each seed, got {group}")
