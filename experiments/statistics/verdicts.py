"""Verdicts on claims, from the results of several seeds, by one rule.

A claim is a set of comparisons that is fixed before the runs. Each is an effect with the sign that
the claim gives it, and two questions are asked of it: whether the effect has a direction, and
whether the effect that the source reports is excluded. The comparisons of a claim share an error of
5 % for each question, by Holm's procedure, whatever comes out and whether a task is solved or not.
Where a claim says that something is *not worse*, the effect is tested against minus a margin, and
both networks have to solve the task.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from experiments import Record
from experiments.statistics.inference import Bound, Sample, Scores, Shares, Times, holm

ERROR = 0.05
TIMES = "times sooner"
"""The unit of effects that are logarithms of ratios."""
FIDELITIES = ("same protocol", "adapted", "adapted, in part our own task", "our own task")


class Comparison(NamedTuple):
    """One comparison.

    Attributes:
        label: What is compared.
        sample: The results of both networks.
        unit: The unit of the effect.
        reported: The effect that the source reports, or else the smallest one of interest.
        margin: How much worse is still *not worse*.
        solved: The share of seeds with which the network that is said to be ahead solves the task,
            and that of the other one.
    """

    label: str
    sample: Sample
    unit: str
    reported: float | None = None
    margin: float = 0.0
    solved: tuple[float, float] = (1.0, 1.0)


def scores(
    label: str,
    ahead: Sequence[float],
    behind: Sequence[float] | float,
    unit: str,
    *,
    reported: float | None = None,
    margin: float = 0.0,
    ceiling: float = math.inf,
) -> Comparison:
    """Compare scores of two networks, or of one with a bound; the larger, the better.

    Args:
        label: What is compared.
        ahead: The scores that the claim says are larger.
        behind: The others, or the bound.
        unit: The unit of the scores.
        reported: The difference that the source reports or that is of interest.
        margin: By how much less is still *not worse*.
        ceiling: The largest score that is measured.
    """
    sample: Sample
    check_values(label, ahead, [behind] if isinstance(behind, float | int) else behind)
    if isinstance(behind, float | int):
        sample = Bound(tuple(ahead), float(behind))
    else:
        sample = Scores(tuple(ahead), tuple(behind), ceiling)
    check_effects(label, reported, margin)
    return Comparison(label, sample, unit, reported, margin)


def shares(
    label: str, ahead: Sequence[bool], behind: Sequence[bool], *, reported: float | None = None
) -> Comparison:
    """Compare the shares of seeds that solve a task."""
    check_values(label, ahead, behind)
    sample = Shares(tuple(map(float, ahead)), tuple(map(float, behind)))
    check_effects(label, reported, 0.0)
    solved = sum(ahead) / len(ahead), sum(behind) / len(behind)
    return Comparison(label, sample, "percentage points", reported, solved=solved)


def times(
    label: str,
    ahead: Sequence[float],
    behind: Sequence[float],
    cap: float,
    *,
    reported: float | None = None,
    margin: float = 1.0,
) -> Comparison:
    """Compare times to solve a task.

    Args:
        label: What is compared.
        ahead: The times that the claim says are shorter; the cap for runs that did not solve it.
        behind: The others.
        cap: After how long a run was ended.
        reported: How many times sooner, as the source reports or as is of interest.
        margin: By which factor more is still *not worse*.
    """
    check_values(label, ahead, behind)
    if not (cap > 0 and margin >= 1 and (reported is None or reported > 0)):
        raise ValueError(
            f"{label}: expected cap > 0, margin >= 1 and reported > 0, "
            f"got {cap}, {margin}, {reported}"
        )
    solved = [sum(t < cap for t in group) / len(group) for group in (ahead, behind)]
    return Comparison(
        label,
        Times(tuple(ahead), tuple(behind), cap),
        TIMES,
        None if reported is None else math.log(reported),
        math.log(margin),
        (solved[0], solved[1]),
    )


def check_effects(label: str, reported: float | None, margin: float) -> None:
    """Raise an error if an effect has the wrong sign."""
    if margin < 0 or (reported is not None and reported <= 0):
        raise ValueError(
            f"{label}: expected margin >= 0 and reported > 0, got {margin} and {reported}"
        )


def check_values(label: str, *groups: Sequence[float]) -> None:
    """Raise an error if values are missing or not numbers."""
    for group in groups:
        if not len(group) or any(map(math.isnan, group)):
            raise ValueError(f"{label}: expected a number for each seed, got {group}")


def claim(
    text: str,
    source: str,
    reported: str,
    fidelity: str,
    comparisons: Sequence[Comparison],
    *,
    place: str = "",
    lesson: tuple[str, str] = ("", ""),
) -> Record:
    """A claim with its verdict.

    Args:
        text: The claim.
        source: Who made it: a key of `SOURCES`.
        reported: What the source reports.
        fidelity: How close the protocol is to the source's: one of `FIDELITIES`.
        comparisons: The comparisons that decide.
        place: Where that stands in the source, as far as it could be read.
        lesson: The outcomes of the comparisons, a character of `MARKS` each, and what a reader
            should take home from them. With any other outcomes, the sentence is left out.
    """
    if not comparisons:
        raise ValueError("a claim needs at least one comparison")
    if fidelity not in FIDELITIES:
        raise ValueError(f"fidelity should be one of {FIDELITIES}, got {fidelity!r}")
    p_values = [p_of_direction(comparison) for comparison in comparisons]
    decided, levels = holm(p_values, ERROR)
    excluded, _ = holm([p_of_exclusion(comparison) for comparison in comparisons], ERROR)
    judged = [
        judge(*values)
        for values in zip(comparisons, p_values, decided, levels, excluded, strict=True)
    ]
    marks = "".join(MARKS[outcome_of(comparison)] for comparison in judged)
    return {
        "claim": text,
        "lesson": lesson[1] if marks == lesson[0] else "",
        "marks": marks,
        "source": source,
        "place": place,
        "reported": reported,
        "fidelity": fidelity,
        "comparisons": judged,
        "verdict": verdict([comparison["outcome"] for comparison in judged]),
    }


def p_of_direction(comparison: Comparison) -> float:
    """The p-value of an effect of zero, or of minus the margin.

    A network that solves a task with fewer than half of its seeds is never *not worse*.
    """
    sides = comparison.sample.test(-comparison.margin)
    if comparison.margin and min(comparison.solved) < 0.5 and sides.above < sides.below:
        return 1.0
    return sides.both


def p_of_exclusion(comparison: Comparison) -> float:
    """The p-value of the reported effect, against a smaller one, at the two-sided level."""
    if comparison.reported is None or not any(comparison.solved):
        return 1.0  # if nobody solves a task here, that excludes nothing
    return min(1.0, 2 * comparison.sample.test(comparison.reported).below)


def judge(comparison: Comparison, p: float, decided: bool, level: float, excluded: bool) -> Record:
    """A comparison with its interval and outcome: `ahead`, `behind`, `excluded` or `open`."""
    sample, margin = comparison.sample, comparison.margin
    sides = sample.test(-margin)
    outcome = "excluded" if excluded else "open"
    if decided:
        outcome = "ahead" if sides.above < sides.below else "behind"
    return {
        "label": comparison.label,
        "unit": comparison.unit,
        "effect": sample.estimate,
        "interval": sample.interval(level),
        "level": level,
        "p": p,
        "margin": margin,
        "reported": comparison.reported,
        "solved": any(comparison.solved),
        "excluded": excluded,
        "outcome": outcome,
    }


MARKS = {
    "ahead": "+",
    "smaller": "<",
    "behind": "-",
    "excluded": "x",
    "open": ".",
    "unsolved": ".",
}
"""Characters for the outcomes of comparisons, of all that `outcome_of` gives."""


def outcome_of(comparison: Record) -> str:
    """The outcome of a comparison as pages show it.

    It is `smaller` for `ahead` with an effect that is smaller than reported, and `unsolved` for
    `open` if no seed of either network solves the task.
    """
    outcome: str = comparison["outcome"]
    if outcome == "open" and not comparison["solved"]:
        return "unsolved"
    return "smaller" if outcome == "ahead" and comparison["excluded"] else outcome


def verdict(outcomes: Sequence[str]) -> str:
    """The rule."""
    counts = Counter(outcomes)
    if counts["ahead"] == len(outcomes):
        return "reproduced"
    if counts["ahead"]:
        part = f"reproduced in part ({counts['ahead']} of {len(outcomes)})"
        return f"{part}, reversed in {counts['behind']}" if counts["behind"] else part
    if counts["behind"]:
        return f"reversed ({counts['behind']} of {len(outcomes)})"
    if counts["excluded"] == len(outcomes):
        return "reported effect excluded"
    return "inconclusive"
