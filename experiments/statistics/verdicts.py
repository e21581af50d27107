"""Verdicts on claims, from the results of several seeds, by one rule.

A claim is a set of comparisons that is fixed before the runs. Each is an effect with the sign that
the claim gives it, and three questions are asked of it: whether the effect has a direction, and
whether it is smaller, or larger, than the one that the source reports. The comparisons of a claim
share an error of 5 % for the first question, and of 2.5 % for each of the others, by Holm's
procedure, whatever comes out and whether a task is solved or not. Where a claim says that something
is *not worse*, the effect is tested against minus a margin, and both networks have to solve the
task. A comparison that its runs cannot decide counts as one.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments import Record
from experiments.statistics.comparisons import Comparison
from experiments.statistics.inference import Decision, holm
from experiments.statistics.readings import QUESTION, Reading

ERROR = 0.05
FIDELITIES = ("same protocol", "adapted", "adapted, in part our own task", "our own task")
DRAWS = 500
"""How often runs are drawn to compute the power of a comparison."""


def claim(
    text: str,
    reading: Reading,
    fidelity: str,
    comparisons: Sequence[Comparison],
    *,
    lesson: tuple[str, str] = ("", ""),
) -> Record:
    """A claim with its verdict.

    Args:
        text: The claim.
        reading: What its source reports, and how that was read.
        fidelity: How close the protocol is to the source's: one of `FIDELITIES`.
        comparisons: The comparisons that decide. With some settings there are none.
        lesson: The outcomes of the comparisons, a character of `MARKS` each, and what a reader
            should take home from them. With any other outcomes, the sentence is left out.
    """
    if fidelity not in FIDELITIES:
        raise ValueError(f"fidelity should be one of {FIDELITIES}, got {fidelity!r}")
    decisions = [
        holm([p_of(comparison) for comparison in comparisons], ERROR)
        for p_of in (p_of_direction, p_of_exclusion, p_of_larger)
    ]
    judged = [judge(*values) for values in zip(comparisons, *decisions, strict=True)]
    marks = "".join(MARKS[outcome_of(comparison)] for comparison in judged)
    is_question = reading.attribution == QUESTION
    found = verdict(judged, shown="supported" if is_question else "replicated")
    return {
        "claim": text,
        "lesson": lesson[1] if marks == lesson[0] else "",
        "marks": marks,
        "reading": dataclasses.asdict(reading),
        "fidelity": fidelity,
        "comparisons": judged,
        "kind": found.kind,
        "verdict": found.text,
    }


def p_of_direction(comparison: Comparison) -> float:
    """The p-value of an effect of zero, or of minus the margin.

    A network that solves a task with fewer than half of its seeds is never *not worse*.
    """
    if comparison.open_because:
        return 1.0
    sides, solved = comparison.sample.test(-comparison.margin), comparison.sample.solved
    is_solved = solved is None or min(one.share for one in solved) >= 0.5
    if comparison.margin and not is_solved and sides.above < sides.below:
        return 1.0
    return sides.both


def p_of_exclusion(comparison: Comparison) -> float:
    """The p-value of the effect to exclude, against a smaller one, at the two-sided level."""
    if comparison.open_because or comparison.reference is None or not is_solved(comparison):
        return 1.0  # if nobody solves a task here, that excludes nothing
    return min(1.0, 2 * comparison.sample.test(comparison.reference).below)


def p_of_larger(comparison: Comparison) -> float:
    """The p-value of the reported effect, against a larger one, at the two-sided level."""
    if comparison.open_because or comparison.reported is None or not is_solved(comparison):
        return 1.0
    return min(1.0, 2 * comparison.sample.test(comparison.reported).above)


def is_solved(comparison: Comparison) -> bool:
    """Whether a run of either network solves the task."""
    solved = comparison.sample.solved
    return solved is None or any(one.number for one in solved)


def judge(
    comparison: Comparison, direction: Decision, exclusion: Decision, larger: Decision
) -> Record:
    """A comparison with its interval and outcome: `ahead`, `behind`, `excluded` or `open`."""
    sample, margin = comparison.sample, comparison.margin
    sides = sample.test(-margin)
    outcome = "excluded" if exclusion.rejected else "open"
    if direction.rejected:
        outcome = "ahead" if sides.above < sides.below else "behind"
    return {
        "pair": comparison.pair,
        "unit": comparison.unit,
        "effect": sample.estimate,
        "interval": sample.interval(direction.level),
        "level": direction.level,
        "p": direction.adjusted,
        "p_alone": p_of_direction(comparison),
        "margin": margin,
        "reference": comparison.reference,
        "is_reported": comparison.reported is not None,
        "solved": sample.solved,
        "is_solved": is_solved(comparison),
        "open_because": comparison.open_because,
        "excluded": exclusion.rejected,
        "larger": larger.rejected,
        "at_most": sample.interval(exclusion.level)[1],
        "exclusion_level": exclusion.level,
        "outcome": outcome,
        "comparison": comparison,
    }


def power(comparison: Comparison, level: float) -> float:
    """The probability that the test of a comparison decides, if the effect is that of its claim.

    Runs are drawn with replacement from those of both networks together, as if these were equal;
    then the effect that the source reports, or that of interest, is added to those of the first.
    For a claim of *not worse* nothing is added. The draws are the same each time.

    Args:
        comparison: The comparison.
        level: The level of its test.

    Returns:
        The share of draws in which the direction of the claim is shown; NaN without an effect.
    """
    effect = 0.0 if comparison.margin else comparison.reference
    if effect is None:
        return float("nan")
    rng, shown = np.random.default_rng(0), 0
    for _ in range(DRAWS):
        one = comparison._replace(sample=comparison.sample.resampled(rng, effect))
        sides = one.sample.test(-one.margin)
        shown += p_of_direction(one) <= level and sides.above < sides.below
    return shown / DRAWS


MARKS = {
    "ahead": "+",
    "smaller": "<",
    "larger": ">",
    "behind": "-",
    "excluded": "x",
    "unsolved": "0",
    "barred": "/",
    "open": ".",
}
"""Characters for the outcomes of comparisons, of all that `outcome_of` gives."""
UNDECIDED = {
    "unsolved": "nobody solves it",
    "barred": "not decidable here",
    "open": "too few runs",
}
"""Why a comparison is undecided, by its outcome."""


def outcome_of(comparison: Record) -> str:
    """The outcome of a comparison as pages show it.

    It is `smaller` or `larger` for `ahead` with an effect that is smaller or larger than reported.
    What is `open` is `barred` if a rule forbids a decision, and `unsolved` if no run of either
    network solves the task.
    """
    outcome: str = comparison["outcome"]
    if outcome == "open" and comparison["open_because"]:
        return "barred"
    if outcome == "open" and not comparison["is_solved"]:
        return "unsolved"
    if outcome == "ahead" and comparison["excluded"]:
        return "smaller"
    return "larger" if outcome == "ahead" and comparison["larger"] else outcome


class Verdict(NamedTuple):
    """A verdict.

    Attributes:
        kind: By which verdicts are counted.
        text: The same with numbers of comparisons.
    """

    kind: str
    text: str


def verdict(comparisons: Sequence[Record], shown: str) -> Verdict:
    """The rule, from the outcomes of the comparisons.

    Args:
        comparisons: The comparisons of a claim.
        shown: The verdict if all of them are as claimed.
    """
    if not comparisons:
        return Verdict(NOTHING, NOTHING)
    number = len(comparisons)
    outcomes = Counter(map(outcome_of, comparisons))
    ahead = outcomes["ahead"] + outcomes["smaller"] + outcomes["larger"]
    behind, excluded = outcomes["behind"], outcomes["excluded"]
    effects = excluded_effects([c for c in comparisons if c["outcome"] == "excluded"])
    if ahead == number:
        return Verdict(shown, ", ".join([shown, *sizes(comparisons)]))
    if behind == number:
        return Verdict(REVERSE, REVERSE)
    reasons = {name: outcomes[name] for name in UNDECIDED if outcomes[name]}
    if 2 * sum(reasons.values()) > number:
        named = {shown: ahead, REVERSE: behind, f"{effects} excluded": excluded}
        decided = ", ".join(f"{name} in {count}" for name, count in named.items() if count)
        most = max(reasons, key=reasons.__getitem__)
        kind = text = f"undecided: {UNDECIDED[most]}"
        if reasons[most] < number:
            ordered = sorted(reasons, key=reasons.__getitem__, reverse=True)
            why = ", ".join(f"{UNDECIDED[name]} in {reasons[name]}" for name in ordered)
            text = f"undecided: {why} of {number}" + (f" ({decided})" if decided else "")
        return Verdict(kind, text)
    if ahead:
        part = f"{shown} in part ({ahead} of {number})"
        return Verdict(f"{shown} in part", f"{part}, {REVERSE} in {behind}" if behind else part)
    if behind:
        return Verdict(f"{REVERSE} in part", f"{REVERSE} in part ({behind} of {number})")
    if excluded == number:
        return Verdict("effect excluded", f"{effects} excluded")
    part = f"{effects} excluded in part ({excluded} of {number})"
    return Verdict("effect excluded in part", part)


NOTHING = "nothing to compare with these settings"
REVERSE = "the reverse"
KINDS = (
    "replicated",
    "replicated in part",
    "supported",
    "supported in part",
    REVERSE,
    f"{REVERSE} in part",
    "effect excluded",
    "effect excluded in part",
    *(f"undecided: {reason}" for reason in UNDECIDED.values()),
)
"""All kinds of verdicts on claims with comparisons, in the order of pages."""


def sizes(comparisons: Sequence[Record]) -> list[str]:
    """How many effects are smaller than reported, and how many are larger."""
    found = []
    for size in ("smaller", "larger"):
        marked = [comparison for comparison in comparisons if outcome_of(comparison) == size]
        if marked:
            effects = excluded_effects(marked)
            found.append(f"{size} than the {effects} in {len(marked)} of {len(comparisons)}")
    return found


def excluded_effects(comparisons: Sequence[Record]) -> str:
    """What effects are: those that a source reports, or those of interest."""
    found = {comparison["is_reported"] for comparison in comparisons}
    if len(found) == 2:
        return "reported effect or effect of interest"
    return "reported effect" if found == {True} else "effect of interest"
