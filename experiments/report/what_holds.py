"""All claims with their verdicts, in Markdown: the part of "What holds" that records decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import tabulate

import experiments
from experiments import Record, Result
from experiments.report.claims import (
    Scored,
    anchor_of,
    effects,
    is_preliminary,
    slug,
    verdict_text,
)
from experiments.report.intervals import plot
from experiments.report.markdown import counted, not_run, seeds_text
from experiments.report.readings import source_text
from experiments.statistics.readings import QUESTION
from experiments.statistics.verdicts import ERROR, FIDELITIES, KINDS, UNDECIDED, outcome_of

PRELIMINARY = "preliminary"
NO_LESSON = "No conclusion is drawn so far."
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
        sections += [
            item(name, number, result, claim, is_first=number == 1)
            for number, claim in enumerate(claims, 1)
        ]
    return "\n\n".join([*sections, *not_run(missing)]) + "\n"


def overview(scored: Scored) -> str:
    """How many claims have which verdict, by fidelity, and what their comparisons show."""
    judged = [(result, claim) for result, claims in scored.values() for claim in claims]
    own = sum(claim["reading"]["attribution"] == QUESTION for _, claim in judged)
    return "\n\n".join(
        (
            f"We tested {counted(len(judged), 'claim')} about LSTMs and GRUs again: "
            f"{len(judged) - own} of papers or the notebook, and {counted(own, 'question')} of "
            "this project. The number of claims with each verdict, by the fidelity of our protocol "
            "to that of the source:",
            by_fidelity(judged),
            comparisons_text([claim for _, claim in judged]),
        )
    )


def by_fidelity(judged: Sequence[tuple[Result, Record]]) -> str:
    """A row for each kind of verdict, a column for each fidelity. Preliminary ones are apart."""
    counts = Counter(
        (PRELIMINARY if is_preliminary(result) else claim["kind"], claim["fidelity"])
        for result, claim in judged
    )
    kinds = [kind for kind in (*KINDS, PRELIMINARY) if any(kind == found for found, _ in counts)]
    rows: list[Record] = [
        {"verdict": kind}
        | {fidelity: counts[kind, fidelity] for fidelity in FIDELITIES}
        | {"all": sum(counts[kind, fidelity] for fidelity in FIDELITIES)}
        for kind in kinds
    ]
    total = {name: sum(row[name] for row in rows) for name in (*FIDELITIES, "all")}
    return tabulate.tabulate([*rows, {"verdict": "all", **total}], "keys", tablefmt="pipe")


def comparisons_text(claims: Sequence[Record]) -> str:
    """What the comparisons of all claims show, and what a correction across claims would change."""
    every = [one for claim in claims for one in claim["comparisons"]]
    outcomes = Counter(map(outcome_of, every))
    ahead = sum(outcomes[size] for size in ("ahead", "smaller", "larger"))
    reasons = ", ".join(f"{reason} in {outcomes[o]}" for o, reason in UNDECIDED.items())
    undecided = sum(outcomes[outcome] for outcome in UNDECIDED)
    decided = [one for one in every if one["outcome"] in ("ahead", "behind")]
    limit = largest_accepted([one["p_alone"] for one in every], ERROR)
    lost = [one["pair"] for one in decided if one["p_alone"] > limit]
    change = f"take back {len(lost)} of the {counted(len(decided), 'direction')} that are shown"
    named = f" ({'; '.join(map(str, lost))})" if lost else ""
    return (
        f"The claims consist of {counted(len(every), 'comparison')}: {ahead} as claimed, the "
        f"reverse in {outcomes['behind']}, an effect excluded in {outcomes['excluded']}, and "
        f"{undecided} undecided ({reasons}). Nothing is corrected across claims; the procedure of "
        f"Benjamini and Hochberg at {100 * ERROR:g} %, over all of these comparisons, would "
        f"{change}{named}."
    )


def largest_accepted(p_values: Sequence[float], error: float) -> float:
    """The largest p-value that the procedure of Benjamini and Hochberg rejects, or 0."""
    ordered = sorted(p_values)
    rejected = [p for k, p in enumerate(ordered, 1) if p <= error * k / len(ordered)]
    return max(rejected, default=0.0)


def item(name: str, number: int, result: Result, claim: Record, *, is_first: bool = False) -> str:
    """A claim with its verdict, what to take home, its effects, its source, and a plot beside."""
    return (
        f'<div class="claim" markdown="1" data-search-exclude>\n<div markdown="1">\n\n'
        f"[{claim['claim']}]({slug(name)}.md#{anchor_of(name, number)}): "
        f"**{verdict_text(result, claim)}**. {claim['lesson'] or NO_LESSON}\n\n"
        f"{effects(claim)}\n\n"
        f"*{seeds_text(result).capitalize()}; {claim['fidelity']}. {source_text(claim)}.*\n\n"
        f"</div>\n{plot(claim, in_words=is_first)}\n</div>"
    )
