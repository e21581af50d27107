"""All claims with their verdicts, in Markdown: the part of "What holds" that records decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import experiments
from experiments import Record, Result
from experiments.report.claims import (
    Scored,
    anchor_of,
    counts_text,
    is_preliminary,
    slug,
    verdict_text,
)
from experiments.report.intervals import plot
from experiments.report.markdown import counted, not_run, seeds_text
from experiments.report.readings import source_text
from experiments.statistics.papers import SOURCES

UNDECIDED = "No conclusion is drawn so far."
"""In place of a sentence to take home, which a preliminary record may lack."""


def what_holds(scored: Scored, missing: Sequence[str]) -> str:
    """How many claims have which verdict, and all claims by experiment.

    Args:
        scored: The records with their claims; those without any are left out.
        missing: The experiments without results.
    """
    judged = {name: (result, claims) for name, (result, claims) in scored.items() if claims}
    sections = [overview(scored)]
    for name, (result, claims) in judged.items():
        sections.append(f"### [{experiments.title(name)}]({slug(name)}.md)")
        sections += [item(name, number, result, c) for number, c in enumerate(claims, 1)]
    return "\n\n".join([*sections, *not_run(missing)]) + "\n"


def overview(scored: Scored) -> str:
    """How many claims have which verdict, and how many questions of this project."""
    judged = [(result, claim) for result, claims in scored.values() for claim in claims]
    papers = [(result, claim) for result, claim in judged if SOURCES[claim["reading"]["source"]]]
    own = [(result, claim) for result, claim in judged if not SOURCES[claim["reading"]["source"]]]
    parts = [f"{counted(len(papers), 'claim')} of papers or the notebook: {tally(papers)}."]
    if own:
        parts.append(f"{counted(len(own), 'question')} of this project: {tally(own)}.")
    return " ".join(parts)


def tally(judged: Sequence[tuple[Result, Record]]) -> str:
    """How many have which verdict, without what is said in brackets and after a comma.

    Preliminary verdicts are counted as such.
    """
    final = [claim for result, claim in judged if not is_preliminary(result)]
    counts = Counter(claim["verdict"].split(" (")[0].split(",")[0] for claim in final)
    parts = [f"{count} {verdict}" for verdict, count in counts.most_common()]
    if len(judged) > len(final):
        parts.append(f"{len(judged) - len(final)} with a preliminary verdict")
    return ", ".join(parts)


def item(name: str, number: int, result: Result, claim: Record) -> str:
    """A claim with its verdict, what to take home, its source, and its comparisons beside."""
    return (
        f'<div class="claim" markdown="1">\n<div markdown="1">\n\n'
        f"[{claim['claim']}]({slug(name)}.md#{anchor_of(name, number)}): "
        f"**{verdict_text(result, claim)}**. {claim['lesson'] or UNDECIDED}<br>"
        f"*{counts_text(claim).capitalize()}; "
        f"{seeds_text(result)}; {claim['fidelity']}. {source_text(claim)}.*\n\n"
        f"</div>\n{plot(claim)}\n</div>"
    )
