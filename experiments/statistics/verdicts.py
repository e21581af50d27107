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
from experiments.statistics.inference import Bound, Decision, Sample, Scores, Shares, Times, holm

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
        reported: The effect that the source reports.
        of_interest: The smallest effect of interest; it counts where the source reports none.
        margin: How much worse is still *not worse*.
        solved: The share of seeds with which the network that is said to be ahead solves the task,
            and that of the other one.
    """

    label: str
    sample: Sample
    unit: str
    reported: float | None = None
    of_interest: float | None = None
    margin: float = 0.0
    solved: tuple[float, float] = (1.0, 1.0)

    @property
    def reference(self) -> float | None:
        """The effect that may be excluded: the reported one, or that of interest."""
        return self.of_interest if self.reported is None else self.reported


def scores(
    label: str,
    ahead: Sequence[float],
    behind: Sequence[float] | float,
    unit: str,
    *,
    reported: float | None = None,
    of_interest: float | None = None,
    margin: float = 0.0,
    ceiling: float = math.inf,
) -> Comparison:
    """Compare scores of two networks, or of one with a bound; the larger, the better.

    Args:
        label: What is compared.
        ahead: The scores that the claim says are larger.
        behind: The others, or the bound.
        unit: The unit of the scores.
        reported: The difference that the source reports.
        of_interest: The smallest difference of interest, in case the source reports none.
        margin: By how much less is still *not worse*.
        ceiling: The largest score that is measured.
    """
    sample: Sample
    check_values(label, ahead, [behind] if isinstance(behind, float | int) else behind)
    if isinstance(behind, float | int):
        sample = Bound(tuple(ahead), float(behind))
    else:
        sample = Scores(tuple(ahead), tuple(behind), ceiling)
    check_effects(label, reported, of_interest, margin)
    return Comparison(label, sample, unit, reported, of_interest, margin)


def shares(
    label: str, ahead: Sequence[bool], behind: Sequence[bool], *, reported: float | None = None
) -> Comparison:
    """Compare the shares of seeds that solve a task."""
    check_values(label, ahead, behind)
    sample = Shares(tuple(map(float, ahead)), tuple(map(float, behind)))
    check_effects(label, reported, None, 0.0)
    solved = sum(ahead) / len(ahead), sum(behind) / len(behind)
    return Comparison(label, sample, "percentage points", reported, solved=solved)


def times(
    label: str,
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
        label: What is compared.
        ahead: The times that the claim says are shorter; the cap for runs that did not solve it.
        behind: The others.
        cap: After how long a run was ended.
        reported: How many times sooner, as the source reports.
        of_interest: From how many times sooner on an effect is of interest, in case the source
            reports none.
        margin: By which factor more is still *not worse*.
    """
    check_values(label, ahead, behind)
    if not (cap > 0 and margin >= 1 and all(r is None or r > 1 for r in (reported, of_interest))):
        raise ValueError(
            f"{label}: expected cap > 0, margin >= 1, and reported and of_interest > 1, "
            f"got {cap}, {margin}, {reported} and {of_interest}"
        )
    solved = [sum(t < cap for t in group) / len(group) for group in (ahead, behind)]
    return Comparison(
        label,
        Times(tuple(ahead), tuple(behind), cap),
        TIMES,
        None if reported is None else math.log(reported),
        None if of_interest is None else math.log(of_interest),
        math.log(margin),
        (solved[0], solved[1]),
    )


def check_effects(
    label: str, reported: float | None, of_interest: float | None, margin: float
) -> None:
    """Raise an error if an effect has the wrong sign."""
    if margin < 0 or any(e is not None and e <= 0 for e in (reported, of_interest)):
        raise ValueError(
            f"{label}: expected margin >= 0, and reported and of_interest > 0, "
            f"got {margin}, {reported} and {of_interest}"
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
    directions = holm([p_of_direction(comparison) for comparison in comparisons], ERROR)
    exclusions = holm([p_of_exclusion(comparison) for comparison in comparisons], ERROR)
    judged = [judge(*values) for values in zip(comparisons, directions, exclusions, strict=True)]
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
        "verdict": verdict(judged),
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
    """The p-value of the effect to exclude, against a smaller one, at the two-sided level."""
    if comparison.reference is None or not any(comparison.solved):
        return 1.0  # if nobody solves a task here, that excludes nothing
    return min(1.0, 2 * comparison.sample.test(comparison.reference).below)


def judge(comparison: Comparison, direction: Decision, exclusion: Decision) -> Record:
    """A comparison with its interval and outcome: `ahead`, `behind`, `excluded` or `open`."""
    sample, margin = comparison.sample, comparison.margin
    sides = sample.test(-margin)
    outcome = "excluded" if exclusion.rejected else "open"
    if direction.rejected:
        outcome = "ahead" if sides.above < sides.below else "behind"
    return {
        "label": comparison.label,
        "unit": comparison.unit,
        "effect": sample.estimate,
        "interval": sample.interval(direction.level),
        "level": direction.level,
        "p": direction.adjusted,
        "margin": margin,
        "reference": comparison.reference,
        "is_reported": comparison.reported is not None,
        "solved": any(comparison.solved),
        "excluded": exclusion.rejected,
        "at_most": sample.interval(exclusion.level)[1],
        "exclusion_level": exclusion.level,
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


def verdict(comparisons: Sequence[Record]) -> str:
    """The rule, from the outcomes of the comparisons."""
    counts = Counter(comparison["outcome"] for comparison in comparisons)
    number = len(comparisons)
    ahead, behind = counts["ahead"], counts["behind"]
    if ahead == number:
        return "reproduced"
    if behind == number:
        return "reversed"
    if ahead:
        part = f"reproduced in part ({ahead} of {number})"
        return f"{part}, reversed in {behind}" if behind else part
    if behind:
        return f"reversed in part ({behind} of {number})"
    if counts["excluded"] == number:
        return f"{excluded_effects(comparisons)} excluded"
    return "inconclusive"


def excluded_effects(comparisons: Sequence[Record]) -> str:
    """What excluded effects are: those that a source reports, or those of interest."""
    found = {comparison["is_reported"] for comparison in comparisons}
    if len(found) == 2:
        return "reported effect or effect of interest"
    return "reported effect" if found == {True} else "effect of interest"
