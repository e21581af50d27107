"""The pages of the experiments that rerun a claim, and the page that sums them up."""

from __future__ import annotations

import ast
import math
import textwrap
from collections import Counter
from pathlib import Path
from types import ModuleType

import tabulate
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import Record
from experiments.papers import SOURCES
from experiments.report.figures import GREEN, GREY, ORANGE, VIOLET, images
from experiments.report.results import Result, provenance
from experiments.verdicts import TIMES

BEGINNINGS = ("Claim", "Claims", "Protocol", "Deviations")


def page(module: ModuleType, result: Result) -> str:
    """Claim, protocol, result, verdict and deviations of an experiment, in Markdown.

    What was done is told by the docstring of the experiment itself.
    """
    name = result["experiment"]
    told = parts(Path(__file__).parents[1] / f"{name}.py")
    claims = module.score(result["records"])["claims"]
    anchors = [anchor_of(name, number) for number in range(1, len(claims) + 1)]
    shown = (images(name, module.ALT), module.table(result["records"]), took(result))
    verdicts = ("## Verdict", *map(verdict_of, claims, anchors)) if claims else ()
    blocks = (
        "## Claim",
        told["Claim"],
        "## Protocol",
        told["Protocol"],
        "## Result",
        *shown,
        *verdicts,
        "## Deviations",
        told["Deviations"],
    )
    return "\n\n".join(blocks) + "\n"


def section(title: str, module: ModuleType, result: Result) -> str:
    """Protocol, result and deviations of an experiment as a section of another page."""
    told = parts(Path(__file__).parents[1] / f"{result['experiment']}.py")
    blocks = (
        f"## {title}",
        told["Protocol"],
        images(result["experiment"], module.ALT),
        module.table(result["records"]),
        told["Deviations"],
        took(result),
    )
    return "\n\n".join(blocks) + "\n"


def parts(path: Path) -> dict[str, str]:
    """The docstring of an experiment, by the words that its parts begin with."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for paragraph in docstring.split("\n\n")[1:]:
        first, _, rest = paragraph.partition(": ")
        if first in BEGINNINGS:
            found[first.replace("Claims", "Claim")] = current = [rest[0].upper() + rest[1:]]
        else:
            current.append(paragraph)
    return {first: "\n\n".join(paragraphs) for first, paragraphs in found.items()}


def verdict_of(claim: Record, anchor: str) -> str:
    """A claim, the comparisons that decide and the verdict."""
    rows = [
        {
            "comparison": comparison["label"],
            "effect": effect_text(comparison),
            "interval": interval_text(comparison),
            "p": p_text(comparison["p"]),
            "outcome": OUTCOMES[outcome_of(comparison)],
        }
        for comparison in claim["comparisons"]
    ]
    table = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        f"### {claim['claim']} {{#{anchor}}}\n\n**{claim['verdict'].capitalize()}**: "
        f"{counts_text(claim)}. Source: {source_link(claim['source'])}; reported: "
        f"{claim['reported']}. Fidelity: {claim['fidelity']}.\n\n{table}"
    )


OUTCOMES = {
    "ahead": "as claimed",
    "smaller": "as claimed, but smaller than reported",
    "behind": "the reverse",
    "excluded": "reported effect excluded",
    "open": "undecided",
    "unsolved": "undecided: not solved",
}
"""Outcomes of a comparison, as pages show them."""


def outcome_of(comparison: Record) -> str:
    """A key of `OUTCOMES`."""
    outcome: str = comparison["outcome"]
    if outcome == "open" and not comparison["solved"]:
        return "unsolved"
    return "smaller" if outcome == "ahead" and comparison["excluded"] else outcome


def in_unit(comparison: Record, value: float) -> str:
    """An effect in its natural unit, without the unit."""
    if comparison["unit"] == TIMES:
        if abs(value) == math.inf:
            return "∞" if value > 0 else "0"
        return f"{math.exp(value):.3g}"
    if abs(value) == math.inf:
        return "∞" if value > 0 else "-∞"
    return f"{value:+.3g}"


def effect_text(comparison: Record) -> str:
    """The estimate with its unit."""
    if not comparison["solved"]:
        return ""
    effect = comparison["effect"]
    if math.isinf(effect) and comparison["unit"] == TIMES:
        return f"only the {'first' if effect > 0 else 'second'} solves it"
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


def source_link(name: str) -> str:
    """A source as a link, if it has an address."""
    url = SOURCES[name]
    return f"[{name}]({url})" if url else name


def took(result: Result) -> str:
    """How much work a result was, and where it comes from."""
    seconds = sum(record["seconds"] for record in result["records"])
    runs = len(result["earlier_runs"])
    earlier = f", continuing {runs} earlier run{'s' if runs > 1 else ''}" if runs else ""
    return (
        f"{len(result['seeds'])} seeds, {len(result['records'])} runs, "
        f"{seconds / 60:,.0f} minutes of computing on one core{earlier}. {provenance(result)}"
    )


Scored = dict[str, tuple[Result, list[Record]]]
"""For each experiment, its result and its claims with verdicts."""


def anchor_of(name: str, number: int) -> str:
    """The anchor of a claim on its page."""
    return f"{name.replace('_', '-')}-{number}"


def summary(scored: Scored) -> str:
    """The figure and one item for each claim, in Markdown; a list, which phones show whole."""
    items = [
        f"- [{claim['claim']}]({name.replace('_', '-')}.md#{anchor_of(name, number)}): "
        f"**{claim['verdict']}** ({counts_text(claim)}; {len(result['seeds'])} seeds).<br>"
        f"*{source_link(claim['source'])}, {claim['fidelity']}; reported: {claim['reported']}.*"
        for name, (result, claims) in scored.items()
        for number, claim in enumerate(claims, 1)
    ]
    return "\n".join((images("forest", FOREST_ALT), "", *items)) + "\n"


FOREST_ALT = "Every comparison of every claim with its interval, in units of the reported effect"
RANGE = (-2.0, 3.0)
COLORS_OF = {
    "ahead": GREEN,
    "smaller": GREEN,
    "behind": ORANGE,
    "excluded": VIOLET,
    "open": GREY,
    "unsolved": GREY,
}


def forest(scored: Scored) -> Figure:
    """All comparisons of all claims: 0 is no effect, 1 the reported one, -1 the margin."""
    claims = [claim for _, found in scored.values() for claim in found]
    heights = [1.2 + 0.22 * len(claim["comparisons"]) for claim in claims]
    made, panel = plt.subplots(figsize=(5, 0.28 * sum(heights) + 1.5), layout="constrained")
    y = 0.0
    for claim, height in zip(claims, heights, strict=True):
        title = "\n".join(textwrap.wrap(f"{claim['claim']}: {claim['verdict']}", 62))
        panel.text(0, y, title, transform=panel.get_yaxis_transform(), size=8, va="bottom")
        for k, comparison in enumerate(claim["comparisons"]):
            draw_comparison(panel, comparison, y + 0.25 + 0.22 * k)
        y += height + 0.35 * title.count("\n")
    panel.set_ylim(y - 0.6, -1.0)
    panel.set_xlim(*RANGE)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    for x, line in ((-1, ":"), (0, "-"), (1, "--")):
        panel.axvline(x, color=GREY, linewidth=0.8, linestyle=line, zorder=0)
    panel.set_xlabel("0: no effect; 1: effect as reported or of interest; -1: margin", size=9)
    return made


def draw_comparison(panel: Axes, comparison: Record, y: float) -> None:
    """A dot for the estimate and a line for the interval, in units of the reported effect.

    An estimate out of range is a triangle at the edge; a task that is not solved, a cross.
    """
    scale = comparison["margin"] or comparison["reported"]
    outcome = outcome_of(comparison)
    color = COLORS_OF[outcome]
    if outcome == "unsolved":
        panel.plot(0, y, "x", color=color, markersize=4)
        return
    low, high = (min(max(end / scale, RANGE[0]), RANGE[1]) for end in comparison["interval"])
    panel.plot([low, high], [y, y], color=color, linewidth=1.4)
    at = comparison["effect"] / scale
    inside = RANGE[0] < at < RANGE[1]
    marker = "o" if inside else ">" if at > 0 else "<"
    at = min(max(at, RANGE[0] + 0.04), RANGE[1] - 0.04)
    panel.plot(at, y, marker, color=color, markersize=3 if inside else 5)
