"""The comparisons of a claim as a small plot: estimates and intervals, as SVG in the page.

Its colours and the size of its letters are in the style sheet of the site.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from experiments import Record
from experiments.report.claims import counts_text, outcome_text, sentence
from experiments.statistics.verdicts import outcome_of

RANGE = (-2.0, 3.0)
UNIT, ROW, TICKS = 50, 10, 16  # px: an effect of 1, a comparison, the numbers below
EDGE = 12  # px on both sides, for what is outside the range
WIDTH = round(UNIT * (RANGE[1] - RANGE[0])) + 2 * EDGE
DOT, TIP = 2.5, 5  # px
MARGIN, NO_EFFECT, REFERENCE = -1, 0, 1


def plot(claim: Record, *, in_words: bool = False) -> str:
    """A line for each comparison, in units of the reported effect, of that of interest or margin.

    Each names its comparison where a mouse rests on it.

    Args:
        claim: The claim.
        in_words: Whether the axis has words, and not numbers.
    """
    comparisons = claim["comparisons"]
    bottom = ROW * len(comparisons) + 2
    references = [NO_EFFECT]
    if any(comparison["margin"] for comparison in comparisons):
        references.append(MARGIN)
    if any(has_reference(comparison) for comparison in comparisons):
        references.append(REFERENCE)
    names = names_of(comparisons) if in_words else {at: str(at) for at in references}
    axis = "".join(
        f'<path class="at{at}" d="M{place(at):g} 0V{bottom}"/>'
        f'<text x="{place(at):g}" y="{bottom + TICKS - 4}"{anchor(at, references, in_words)}>'
        f"{names[at]}</text>"
        for at in references
    )
    rows = "".join(
        f'<g class="{outcome_of(comparison)}"><title>{described(comparison)}</title>'
        f"{drawn(comparison, ROW * k + ROW / 2 + 1)}</g>"
        for k, comparison in enumerate(comparisons)
    )
    return (
        f'<svg class="intervals" role="img" data-search-exclude="" width="{WIDTH}" '
        f'height="{bottom + TICKS}" aria-label="Comparisons: {escape(counts_text(claim))}">'
        f"{axis}{rows}</svg>"
    )


def names_of(comparisons: Sequence[Record]) -> dict[int, str]:
    """What stands at the axis, in words."""
    kinds = {c["is_reported"] for c in comparisons if has_reference(c)}
    reference = "as reported" if kinds == {True} else "effect of interest"
    return {MARGIN: "margin", NO_EFFECT: "no effect", REFERENCE: reference}


def anchor(at: int, references: Sequence[int], in_words: bool) -> str:
    """On which side of its line a word stands: two of them have no room below their lines."""
    if not in_words or len(references) == 1:
        return ""
    return f' style="text-anchor: {"end" if at == min(references) else "start"}"'


def has_reference(comparison: Record) -> bool:
    """Whether the unit of the plot is an effect, and not a margin."""
    return not comparison["margin"] and comparison["reference"] is not None


def place(value: float) -> float:
    """Where a value is, px from the left; at an end of the range, if it is outside."""
    return round(UNIT * (min(max(value, RANGE[0]), RANGE[1]) - RANGE[0]) + EDGE, 1)


def described(comparison: Record) -> str:
    """What is compared, and what came out."""
    return escape(f"{sentence(comparison)}: {outcome_text(comparison)}".replace("$", ""))


def drawn(comparison: Record, y: float) -> str:
    """A dot for the estimate and a line for the interval.

    An estimate out of range is a triangle at the edge, to which its line leads. A task that is not
    solved is a cross, and so is a comparison whose claim has no effect that could be the unit.
    """
    scale = comparison["margin"] or comparison["reference"]
    if not scale or outcome_of(comparison) == "unsolved":
        x = place(NO_EFFECT)
        return f'<path d="M{x - 3:g} {y - 3:g}l6 6m0-6l-6 6"/>'
    low, high = (place(end / scale) for end in comparison["interval"])
    at = comparison["effect"] / scale
    if RANGE[0] < at < RANGE[1]:
        line = f'<path d="M{low:g} {y:g}H{high:g}"/>'
        return f'{line}<circle cx="{place(at):g}" cy="{y:g}" r="{DOT}"/>'
    x, back = (WIDTH, -TIP) if at > 0 else (0, TIP)
    line = f'<path d="M{min(low, x):g} {y:g}H{max(high, x):g}"/>'
    return f'{line}<path d="M{x:g} {y:g}l{back}-{TIP - 1}v{2 * (TIP - 1)}z"/>'
