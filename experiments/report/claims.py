"""Claims with verdicts, as pages show them."""

from __future__ import annotations

import math
from collections import Counter

from experiments import Record, Result
from experiments.statistics.comparisons import TIMES
from experiments.statistics.inference import p_value_text
from experiments.statistics.verdicts import excluded_effects, outcome_of

OUTCOMES = {
    "ahead": "as claimed",
    "smaller": "as claimed, but smaller than the {effect}",
    "behind": "the reverse",
    "excluded": "{effect} excluded",
    "open": "undecided",
    "unsolved": "undecided: not solved",
}
"""Outcomes of a comparison, as pages show them."""
ROUNDS_TO_1000 = 999.5
"""From here on, three digits would be written with an exponent."""


def value_text(comparison: Record, value: float) -> str:
    """An effect in its natural unit."""
    if comparison["unit"] == TIMES:
        number = times_text(value)
        return "equally soon" if number == "1" else f"{number} times {direction_text(value)}"
    return f"{number_text(value)} {comparison['unit']}"


def times_text(value: float) -> str:
    """How many times sooner or later, from the logarithm of a ratio of times."""
    if math.isinf(value):
        return "∞"
    ratio = math.exp(abs(value))
    return f"{ratio:,.0f}" if ratio >= ROUNDS_TO_1000 else f"{ratio:.3g}"


def direction_text(value: float) -> str:
    """Whether a ratio of times is in favour of the first network."""
    return "sooner" if value > 0 else "later"


def number_text(value: float) -> str:
    """A difference, with its sign."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:+,.0f}" if abs(value) >= ROUNDS_TO_1000 else f"{value:+.3g}"


def effect_text(comparison: Record) -> str:
    """The estimate with its unit."""
    if not comparison["solved"]:
        return ""
    effect = comparison["effect"]
    if math.isinf(effect) and comparison["unit"] == TIMES:
        only = "first" if effect > 0 else "second"
        pairs = "in at least half of the pairs of runs of which at least one solves it"
        return f"{pairs}, only the {only} one does"
    if math.isinf(effect):
        return "beyond the ceiling"
    return value_text(comparison, effect)


def interval_text(comparison: Record) -> str:
    """The interval with its level."""
    if not comparison["solved"]:
        return ""
    low, high = comparison["interval"]
    if math.isinf(low) and math.isinf(high):
        text = "no limits"
    elif comparison["unit"] != TIMES:
        text = f"{number_text(low)} to {number_text(high)}"
    elif direction_text(low) == direction_text(high):
        near, far = sorted((low, high), key=abs)
        text = f"{times_text(near)} to {times_text(far)} times {direction_text(high)}"
    else:
        text = f"{value_text(comparison, low)} to {value_text(comparison, high)}"
    return f"{text} ({level_text(comparison['level'])})"


def level_text(error: float) -> str:
    """The confidence level of an interval."""
    return f"{100 * (1 - error):.3g} %"


def reference_text(comparison: Record) -> str:
    """What the interval is compared with: a margin, or the effect reported or of interest."""
    if comparison["margin"]:
        return f"a margin of {value_text(comparison, -comparison['margin'])}"
    if comparison["reference"] is None:
        return "no effect"
    kind = "the reported effect" if comparison["is_reported"] else "the effect of interest"
    return f"{kind}, {value_text(comparison, comparison['reference'])}"


def outcome_text(comparison: Record) -> str:
    """The outcome; of an effect that is excluded, with the limit that excludes it."""
    outcome = outcome_of(comparison)
    if comparison["open_because"]:
        return f"{OUTCOMES['open']}: {comparison['open_because']}"
    text = OUTCOMES[outcome].format(effect=excluded_effects([comparison]))
    if outcome not in ("smaller", "excluded"):
        return text
    at_most = value_text(comparison, comparison["at_most"])
    return f"{text} (at most {at_most}, {level_text(comparison['exclusion_level'])})"


def p_text(comparison: Record) -> str:
    """The p-value of the direction, where it is tested."""
    if comparison["open_because"]:
        return "not tested"
    return p_value_text(comparison["p"])


def counts_text(claim: Record) -> str:
    """How many comparisons came out how."""
    comparisons = claim["comparisons"]
    outcomes = Counter(outcome_of(comparison) for comparison in comparisons)
    excluded = excluded_effects([c for c in comparisons if c["excluded"]])
    ahead, total = outcomes["ahead"] + outcomes["smaller"], outcomes.total()
    parts = [f"as claimed in {ahead} of {total}"]
    if outcomes["smaller"]:
        parts[0] += f" ({outcomes['smaller']} of them smaller than the {excluded})"
    if outcomes["behind"]:
        parts.append(f"the reverse in {outcomes['behind']}")
    if outcomes["excluded"]:
        parts.append(f"{excluded} excluded in {outcomes['excluded']}")
    if undecided := outcomes["open"] + outcomes["unsolved"]:
        parts.append(f"undecided in {undecided}")
    return ", ".join(parts)


Scored = dict[str, tuple[Result, list[Record]]]
"""For each experiment, its result and its claims with verdicts."""


def is_preliminary(result: Result) -> bool:
    """Whether seeds are missing."""
    planned: int = result.get("planned_seeds", 0)
    return len(result["seeds"]) < planned


def verdict_text(result: Result, claim: Record) -> str:
    """The verdict, and whether it is preliminary."""
    return f"{'preliminary: ' if is_preliminary(result) else ''}{claim['verdict']}"


def slug(name: str) -> str:
    """The name of an experiment in addresses of the site."""
    return name.replace("_", "-")


def anchor_of(name: str, number: int) -> str:
    """The anchor of a claim on its page."""
    return f"{slug(name)}-{number}"
