"""Claims with verdicts, as pages show them."""

from __future__ import annotations

import math
from collections import Counter

from experiments import Record, Result
from experiments.report.markdown import images, seeds_text, source_text
from experiments.statistics.verdicts import TIMES, outcome_of

OUTCOMES = {
    "ahead": "as claimed",
    "smaller": "as claimed, but smaller than reported",
    "behind": "the reverse",
    "excluded": "reported effect excluded",
    "open": "undecided",
    "unsolved": "undecided: not solved",
}
"""Outcomes of a comparison, as pages show them."""


def in_unit(comparison: Record, value: float) -> str:
    """An effect in its natural unit, without the unit."""
    if comparison["unit"] == TIMES:
        if abs(value) == math.inf:
            return "∞" if value > 0 else "0"
        return f"{math.exp(value):.3g}"
    if abs(value) == math.inf:
        return "∞" if value > 0 else "-∞"
    return f"{value:+,.0f}" if abs(value) >= 1000 else f"{value:+.3g}"


def effect_text(comparison: Record) -> str:
    """The estimate with its unit."""
    if not comparison["solved"]:
        return ""
    effect = comparison["effect"]
    if math.isinf(effect) and comparison["unit"] == TIMES:
        return f"in most pairs of seeds only the {'first' if effect > 0 else 'second'} solves it"
    if math.isinf(effect):
        return "beyond the ceiling"
    return f"{in_unit(comparison, effect)} {comparison['unit']}"


def interval_text(comparison: Record) -> str:
    """The interval with its level, and the margin that it is compared with."""
    if not comparison["solved"]:
        return ""
    low, high = (in_unit(comparison, end) for end in comparison["interval"])
    text = f"{low} to {high} ({100 * (1 - comparison['level']):.3g} %)"
    if comparison["margin"]:
        text += f"; margin {in_unit(comparison, -comparison['margin'])}"
    return text


def p_text(p: float) -> str:
    """A p-value."""
    return f"{p:.2g}" if p >= 0.001 else "< 0.001"


def counts_text(claim: Record) -> str:
    """How many comparisons came out how."""
    outcomes = Counter(outcome_of(comparison) for comparison in claim["comparisons"])
    ahead, total = outcomes["ahead"] + outcomes["smaller"], outcomes.total()
    parts = [f"as claimed in {ahead} of {total}"]
    if outcomes["smaller"]:
        parts.append(f"smaller than reported in {outcomes['smaller']}")
    if outcomes["behind"]:
        parts.append(f"the reverse in {outcomes['behind']}")
    if outcomes["excluded"]:
        parts.append(f"reported effect excluded in {outcomes['excluded']}")
    if undecided := outcomes["open"] + outcomes["unsolved"]:
        parts.append(f"undecided in {undecided}")
    return ", ".join(parts)


UNDECIDED = "Nothing can be concluded yet."
"""In place of a sentence to take home, which a preliminary record may lack."""
Scored = dict[str, tuple[Result, list[Record]]]
"""For each experiment, its result and its claims with verdicts."""


def slug(name: str) -> str:
    """The name of an experiment in addresses of the site."""
    return name.replace("_", "-")


def anchor_of(name: str, number: int) -> str:
    """The anchor of a claim on its page."""
    return f"{slug(name)}-{number}"


def summary(scored: Scored) -> str:
    """The figure and one item for each claim, in Markdown; a list, which phones show whole."""
    items = [
        f"- [{claim['claim']}]({slug(name)}.md#{anchor_of(name, number)}): "
        f"**{claim['verdict']}**. {claim['lesson'] or UNDECIDED}<br>"
        f"*{counts_text(claim).capitalize()}; "
        f"{seeds_text(result)} seeds; {claim['fidelity']}. {source_text(claim)}.*"
        for name, (result, claims) in scored.items()
        for number, claim in enumerate(claims, 1)
    ]
    return "\n".join((images("forest", FOREST_ALT), "", *items)) + "\n"


FOREST_ALT = "Every comparison of every claim with its interval, in units of the reported effect"
