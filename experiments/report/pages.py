"""The page of an experiment, in Markdown: from its text and its record alone."""

from __future__ import annotations

import importlib.util
import json
import re

import tabulate

import experiments
from experiments import Record, Result
from experiments.report.claims import (
    OUTCOMES,
    anchor_of,
    counts_text,
    effect_text,
    interval_text,
    p_text,
)
from experiments.report.data import data_links
from experiments.report.markdown import images, source_text, took
from experiments.statistics.verdicts import outcome_of

NOT_RUN = '!!! warning "Not run yet"\n\n    There are no results so far.'
SECTIONS = ("Claim", "Claims", "Protocol", "Deviations")


def page(name: str, result: Result | None) -> str:
    """Title, claim, protocol, result, verdicts and deviations of an experiment.

    Args:
        name: The name of its folder.
        result: Its record; `None` if it has not been run yet.
    """
    text = sections(name)
    claims = experiments.part(name, "results").claims(result) if result else []
    verdicts = [verdict_of(claim, anchor_of(name, k)) for k, claim in enumerate(claims, 1)]
    blocks = (
        f"# {experiments.title(name)}",
        text[""],
        "## Claim",
        text["Claim"],
        "## Protocol",
        text["Protocol"],
        "## Result",
        result_of(name, result) if result else NOT_RUN,
        *(["## Verdict", *verdicts] if verdicts else ()),
        "## Deviations",
        text["Deviations"],
        f"Run it: `python -m experiments {name}`; with `--smoke` in seconds, `--help` for its "
        "settings.",
    )
    return front_matter(name, text[""]) + "\n\n".join(blocks) + "\n"


def front_matter(name: str, introduction: str) -> str:
    """The settings of a page: its description for search engines, and no table of contents.

    Tables need the width that a table of contents would take.
    """
    first = re.split(r"(?<=[.?])\s", " ".join(introduction.split()), maxsplit=1)[0]
    description = f"{experiments.title(name)}. {re.sub('[`*$]', '', first)}"
    return f"---\nhide: [toc]\ndescription: {json.dumps(description)}\n---\n\n"


def result_of(name: str, result: Result) -> str:
    """The figure of a record, if it has one, its table, and where it comes from."""
    figures = [images(name, experiments.part(name, "figure").ALT)] if has_figure(name) else []
    table = experiments.part(name, "results").table(result)
    return "\n\n".join(
        (*preliminary(result), *figures, table, f"{took(result)}. {data_links(result)}")
    )


def preliminary(result: Result) -> list[str]:
    """A notice, if seeds are missing."""
    number, planned = len(result["seeds"]), result.get("planned_seeds", 0)
    if number >= planned:
        return []
    return [
        f'!!! warning "Preliminary"\n\n    {number} of {planned} seeds are run so far. Figure, '
        "table and verdicts may change with the others."
    ]


def has_figure(name: str) -> bool:
    """Whether an experiment has a figure."""
    return importlib.util.find_spec(f"experiments.{name}.figure") is not None


def sections(name: str) -> dict[str, str]:
    """The text of an experiment, by the words that its sections begin with.

    What comes between the title and the first section has the key `""`.

    Raises:
        ValueError: If a section is missing.
    """
    found: dict[str, list[str]] = {"": []}
    current = found[""]
    for paragraph in experiments.text(name).split("\n\n")[1:]:
        first, _, rest = paragraph.partition(": ")
        if first in SECTIONS and rest:
            found[first.replace("Claims", "Claim")] = current = [rest[0].upper() + rest[1:]]
        else:
            current.append(paragraph)
    if missing := {"Claim", "Protocol", "Deviations"} - found.keys():
        raise ValueError(
            f"the docstring of {name} has no paragraph that begins with "
            f"{' or '.join(sorted(missing))}, a colon and a space"
        )
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
    lesson = f"{claim['lesson']}\n\n" if claim["lesson"] else ""
    return (
        f"### {claim['claim']} {{#{anchor}}}\n\n**{claim['verdict'].capitalize()}**: "
        f"{counts_text(claim)}.\n\n{lesson}Source: {source_text(claim)}. Fidelity: "
        f"{claim['fidelity']}.\n\n{table}"
    )
