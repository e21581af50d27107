"""Claims with verdicts, as pages show them."""

from __future__ import annotations

import math
from collections import Counter
from html import escape

from experiments import Record, Result
from experiments.statistics.comparisons import TIMES
from experiments.statistics.inference import p_value_text
from experiments.statistics.verdicts import UNDECIDED, excluded_effects, outcome_of, power, sizes

OUTCOMES = {
    "ahead": "as claimed",
    "smaller": "as claimed, but smaller than the {effect}",
    "larger": "as claimed, and larger than the {effect}",
    "behind": "the reverse",
    "excluded": "{effect} excluded",
    **{outcome: f"undecided: {reason}" for outcome, reason in UNDECIDED.items()},
}
"""Outcomes of a comparison, as pages show them."""
ROUNDS_TO_1000 = 999.5
"""From here on, three digits would be written with an exponent."""
MAX_SHOWN = 4
"""The largest number of comparisons that are shown without a click."""
BEYOND = "by more than is measured"


def value_text(comparison: Record, value: float) -> str:
    """The size of an effect in its natural unit."""
    return f"{size_text(comparison, value)} {comparison['unit'].removesuffix(' sooner')}"


def size_text(comparison: Record, value: float) -> str:
    """The size of a difference, or how many times as long the slower one takes."""
    size = abs(value)
    if comparison["unit"] == TIMES:
        size = math.exp(size) if math.isfinite(size) else size
    return f"{size:,.0f}" if size >= ROUNDS_TO_1000 else f"{size:.3g}"


def directed(comparison: Record, value: float, size: str) -> str:
    """A size with the direction of an effect: `better by 0.2 points`, `2 times sooner`."""
    if comparison["unit"] == TIMES:
        return f"{size} {word_of(comparison, value)}"
    return f"{word_of(comparison, value)} by {size}"


def word_of(comparison: Record, value: float) -> str:
    """How a sentence says which network is ahead."""
    words = ("sooner", "later") if comparison["unit"] == TIMES else comparison["pair"].words
    return str(words[0] if value > 0 else words[1])


def effect_text(comparison: Record) -> str:
    """The estimate for the first network, for a table."""
    effect, counts = comparison["effect"], solved_text(comparison)
    if is_share(comparison) or not comparison["is_solved"]:
        return counts
    if math.isinf(effect):
        return counts or directed(comparison, effect, "more than is measured")
    size = directed(comparison, effect, value_text(comparison, effect)) if effect else "equal"
    return f"{size}; {counts}" if counts else size


def solved_text(comparison: Record) -> str:
    """How many runs of both networks solve a task, unless all do and times are compared."""
    solved = comparison["solved"]
    if solved is None or (not is_share(comparison) and all(s.number == s.runs for s in solved)):
        return ""
    return " against ".join(f"{one.number} of {one.runs}" for one in solved)


def is_share(comparison: Record) -> bool:
    """Whether a comparison is one of shares of runs."""
    return comparison["solved"] is not None and comparison["unit"] != TIMES


def sentence(comparison: Record) -> str:
    """A comparison with its effect and interval, as a sentence without a verb."""
    pair, effect, solved = comparison["pair"], comparison["effect"], comparison["solved"]
    parts = []
    if solved_text(comparison):
        first, second = (f"{one.number} of {one.runs}" for one in solved)
        parts.append(f"{pair.ahead} solves it in {first} runs, {pair.behind} in {second}")
    if not is_share(comparison) and comparison["is_solved"]:
        if math.isfinite(effect):
            parts.append(compared(comparison, named=not parts))
        elif not parts:
            parts.append(f"{pair.ahead} {word_of(comparison, effect)} than {pair.behind}, {BEYOND}")
    text = "; ".join(parts)
    if comparison["is_solved"]:
        after = 0.0 if solved_text(comparison) or math.isinf(effect) else effect
        text += f" ({ends_text(comparison, after=after)}; {level_text(comparison['level'])})"
    return f"{pair.where}: {text}" if pair.where else text


def compared(comparison: Record, *, named: bool) -> str:
    """An effect as a comparison of two networks, with their names or without."""
    pair, effect = comparison["pair"], comparison["effect"]
    size = value_text(comparison, effect)
    if not effect:
        return f"{pair.ahead} and {pair.behind} equal" if named else "equal"
    if not named:
        return directed(comparison, effect, size)
    if comparison["unit"] == TIMES:
        return f"{pair.ahead} {directed(comparison, effect, size)} than {pair.behind}"
    return f"{pair.ahead} {word_of(comparison, effect)} than {pair.behind} by {size}"


def interval_text(comparison: Record) -> str:
    """The interval with its level, for a table."""
    if not comparison["is_solved"]:
        return ""
    return f"{ends_text(comparison)} ({level_text(comparison['level'])})"


def ends_text(comparison: Record, *, after: float = 0.0) -> str:
    """The ends of an interval, with their directions.

    Args:
        comparison: The comparison.
        after: The effect before it in a sentence: its direction and unit are not repeated.
    """
    low, high = comparison["interval"]
    if math.isinf(low) and math.isinf(high):
        return "no limits"
    if math.isinf(low) or math.isinf(high):
        end = low if math.isinf(high) else high
        is_least = bool(end) and (end > 0) == math.isinf(high)
        size = f"{'at least' if is_least else 'at most'} {value_text(comparison, end)}"
        return directed(comparison, end, size)
    if low > 0 or high < 0:
        near, far = sorted((low, high), key=abs)
        sizes = dict.fromkeys(size_text(comparison, end) for end in (near, far))
        ends = " to ".join(sizes)
        if (after > 0) == (high > 0) and after:
            return ends
        unit = value_text(comparison, far).partition(" ")[2]
        return directed(comparison, high, f"{ends} {unit}")
    if low == high:
        return "equal"
    if comparison["unit"] == TIMES or not after:
        lower = (
            value_text(comparison, low)
            if comparison["unit"] == TIMES
            else size_text(comparison, low)
        )
        upper = value_text(comparison, high)
    else:
        lower, upper = (size_text(comparison, end) for end in (low, high))
    return f"{directed(comparison, low, lower)} to {directed(comparison, high, upper)}"


def level_text(error: float) -> str:
    """The confidence level of an interval."""
    return f"{100 * (1 - error):.3g} %"


def reference_text(comparison: Record) -> str:
    """What the interval is compared with: a margin, or the effect reported or of interest."""
    if comparison["margin"]:
        size = value_text(comparison, comparison["margin"])
        return f"a margin, {directed(comparison, -comparison['margin'], size)}"
    if comparison["reference"] is None:
        return "no effect"
    kind = "the reported effect" if comparison["is_reported"] else "the effect of interest"
    size = value_text(comparison, comparison["reference"])
    return f"{kind}, {directed(comparison, comparison['reference'], size)}"


def outcome_text(comparison: Record) -> str:
    """The outcome, with the limit that excludes an effect, or why nothing is decided."""
    outcome = outcome_of(comparison)
    text = OUTCOMES[outcome].format(effect=excluded_effects([comparison]))
    if outcome == "barred":
        return f"{text}, {comparison['open_because']}"
    if outcome == "open" and "power" in comparison:
        return f"{text} (power {percent(comparison['power'])})"
    if outcome not in ("smaller", "excluded"):
        return text
    limit = comparison["at_most"]
    at_most = directed(comparison, limit, f"at most {value_text(comparison, limit)}")
    return f"{text} ({at_most}; {level_text(comparison['exclusion_level'])})"


def with_power(claims: list[Record]) -> list[Record]:
    """Claims, with the power of the comparisons that are undecided for too few runs."""
    for claim in claims:
        for one in claim["comparisons"]:
            if outcome_of(one) == "open" and (one["margin"] or one["reference"] is not None):
                one["power"] = power(one["comparison"], one["level"])
    return claims


def percent(share: float) -> str:
    """A probability that is known to a percent or two."""
    return f"{100 * share:.0f} %" if share >= 0.005 else "below 1 %"


def p_text(comparison: Record) -> str:
    """The p-value of the direction, where it is tested."""
    if comparison["open_because"]:
        return "not tested"
    return p_value_text(comparison["p"])


def counts_text(claim: Record) -> str:
    """How many comparisons came out how."""
    comparisons = claim["comparisons"]
    outcomes = Counter(map(outcome_of, comparisons))
    ahead = sum(outcomes[size] for size in ("ahead", "smaller", "larger"))
    parts = [f"as claimed in {ahead} of {len(comparisons)}"]
    if marked := sizes(comparisons):
        parts[0] += f" ({'; '.join(marked)})"
    if outcomes["behind"]:
        parts.append(f"the reverse in {outcomes['behind']}")
    if outcomes["excluded"]:
        effects = excluded_effects([c for c in comparisons if outcome_of(c) == "excluded"])
        parts.append(f"{effects} excluded in {outcomes['excluded']}")
    parts += [
        f"{reason} in {outcomes[outcome]}"
        for outcome, reason in UNDECIDED.items()
        if outcomes[outcome]
    ]
    return ", ".join(parts)


def effects(claim: Record) -> str:
    """Each comparison of a claim with effect, interval and outcome, in HTML; many are folded."""
    comparisons = claim["comparisons"]
    items = "".join(
        f"<li>{escape(sentence(c))}: {escape(outcome_text(c))}</li>" for c in comparisons
    )
    listed = f'<ul class="effects">{items}</ul>'
    if len(comparisons) <= MAX_SHOWN:
        return listed
    return f"<details><summary>{len(comparisons)} comparisons</summary>{listed}</details>"


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
