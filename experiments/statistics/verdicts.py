"""Verdicts on claims, from the results of several seeds, by one rule.

A claim is a set of comparisons that is fixed before the runs. Each is an effect with the sign that
the claim gives it, and two questions are asked of it: whether the effect has a direction, and
whether the effect that the source reports is excluded. The comparisons of a claim share an error of
5 % for each question, by Holm's procedure, whatever comes out and whether a task is solved or not.
Where a claim says that something is *not worse*, the effect is tested against minus a margin, and
both networks have to solve the task. A comparison that its runs cannot decide counts as one.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

from experiments import Record
from experiments.statistics.comparisons import Comparison
from experiments.statistics.inference import Decision, holm
from experiments.statistics.readings import Reading

ERROR = 0.05
FIDELITIES = ("same protocol", "adapted", "adapted, in part our own task", "our own task")


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
    directions = holm([p_of_direction(comparison) for comparison in comparisons], ERROR)
    exclusions = holm([p_of_exclusion(comparison) for comparison in comparisons], ERROR)
    judged = [judge(*values) for values in zip(comparisons, directions, exclusions, strict=True)]
    marks = "".join(MARKS[outcome_of(comparison)] for comparison in judged)
    return {
        "claim": text,
        "lesson": lesson[1] if marks == lesson[0] else "",
        "marks": marks,
        "reading": dataclasses.asdict(reading),
        "fidelity": fidelity,
        "comparisons": judged,
        "verdict": verdict(judged),
    }


def p_of_direction(comparison: Comparison) -> float:
    """The p-value of an effect of zero, or of minus the margin.

    A network that solves a task with fewer than half of its seeds is never *not worse*.
    """
    if comparison.open_because:
        return 1.0
    sides = comparison.sample.test(-comparison.margin)
    if comparison.margin and min(comparison.solved) < 0.5 and sides.above < sides.below:
        return 1.0
    return sides.both


def p_of_exclusion(comparison: Comparison) -> float:
    """The p-value of the effect to exclude, against a smaller one, at the two-sided level."""
    if comparison.open_because or comparison.reference is None or not any(comparison.solved):
        return 1.0  # if nobody solves a task here, that excludes nothing
    return min(1.0, 2 * comparison.sample.test(comparison.reference).below)


def p_of_larger(comparison: Comparison) -> float:
    """The p-value of the reported effect, against a larger one, at the two-sided level."""
    if comparison.open_because or comparison.reported is None or not any(comparison.solved):
        return 1.0
    return min(1.0, 2 * comparison.sample.test(comparison.reported).above)


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
        "open_because": comparison.open_because,
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
    if not comparisons:
        return "nothing to compare with these settings"
    counts = Counter(comparison["outcome"] for comparison in comparisons)
    number = len(comparisons)
    ahead, behind = counts["ahead"], counts["behind"]
    effects = excluded_effects([c for c in comparisons if c["outcome"] == "excluded"])
    if ahead == number:
        smaller = [comparison for comparison in comparisons if comparison["excluded"]]
        if not smaller:
            return "reproduced"
        effects = excluded_effects(smaller)
        return f"reproduced, smaller than the {effects} in {len(smaller)} of {number}"
    if behind == number:
        return "reversed"
    if 2 * counts["open"] > number:
        named = {"reproduced": ahead, "reversed": behind, f"{effects} excluded": counts["excluded"]}
        decided = ", ".join(f"{name} in {count}" for name, count in named.items() if count)
        return f"inconclusive ({decided} of {number})" if decided else "inconclusive"
    if ahead:
        part = f"reproduced in part ({ahead} of {number})"
        return f"{part}, reversed in {behind}" if behind else part
    if behind:
        return f"reversed in part ({behind} of {number})"
    if counts["excluded"] == number:
        return f"{effects} excluded"
    if counts["excluded"]:
        return f"{effects} excluded in part ({counts['excluded']} of {number})"
    return "inconclusive"


def excluded_effects(comparisons: Sequence[Record]) -> str:
    """What excluded effects are: those that a source reports, or those of interest."""
    found = {comparison["is_reported"] for comparison in comparisons}
    if len(found) == 2:
        return "reported effect or effect of interest"
    return "reported effect" if found == {True} else "effect of interest"
