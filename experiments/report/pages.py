"""The page of an experiment, in Markdown: from its text and its record alone."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

import tabulate

import experiments
from experiments import Record, Result
from experiments.report import citation
from experiments.report.claims import (
    anchor_of,
    counts_text,
    effect_text,
    interval_text,
    is_preliminary,
    outcome_text,
    p_text,
    reference_text,
    verdict_text,
    with_power,
)
from experiments.report.data import data_links
from experiments.report.groups import group_of
from experiments.report.markdown import images, took
from experiments.report.readings import source_text
from experiments.statistics.choices import warnings

CITE = "[How to cite a result](../project/cite.md#a-result)."
NOT_RUN = (
    '!!! warning "Not run yet"\n\n    There are no results so far. Code and tests are complete.'
)
EFFECT = (
    "*Effect*: of the first network against the second, defined for each kind of result by [the "
    "rule](what-holds.md#the-rule). Each interval has its own level; together they are not "
    "simultaneous."
)
OTHER_LEVEL = (
    " An interval here contains an effect that is excluded: exclusion is tested at "
    "[another level](what-holds.md#the-rule), that of the limit in the last column."
)
MAX_OPEN = 4
"""The largest number of comparisons that are shown without a click."""


class Results(NamedTuple):
    """A record and what it shows.

    Attributes:
        record: The record.
        claims: Its claims with their verdicts.
        numbers: Its table, and where it comes from.
        preface: What comes before the verdicts, if anything.
    """

    record: Result
    claims: list[Record]
    numbers: str
    preface: str = ""


def results_of(name: str, record: Result) -> Results:
    """Judge a record of an experiment, and write its table."""
    results = experiments.part(name, "results")
    numbers = f"{results.table(record)}\n\n{took(record)}. {data_links(record)} {CITE}"
    claims = with_power(results.claims(record))
    preface = results.preface(record, claims) if hasattr(results, "preface") else ""
    return Results(record, claims, numbers, preface)


def page(name: str, results: Results | None) -> str:
    """Title, claim, result with verdicts, numbers, protocol and deviations of an experiment.

    Args:
        name: The name of its folder.
        results: Its results; `None` if it has not been run yet.
    """
    text = experiments.sections(name)
    if results:
        verdicts = [
            f"{verdict_of(claim, verdict_text(results.record, claim), anchor_of(name, k))}\n\n"
            f"{citation_of(name, k, results.record, claim)}"
            for k, claim in enumerate(results.claims, 1)
        ]
        shown = [
            *figure_of(name, results.record),
            *filter(None, [results.preface]),
            *limits_of(name, results.record),
            *verdicts,
        ]
    else:
        shown = [NOT_RUN]
    blocks = (
        f"# {experiments.title(name)}",
        text[""],
        *question_of(text),
        *(["## Result", *shown] if shown else ()),
        *(observations_of(name, results.record) if results else ()),
        *(["## Numbers", results.numbers] if results else ()),
        "## Protocol",
        text["Protocol"],
        "## Deviations",
        text["Deviations"],
        f"Run it with `python -m experiments {name}`; `--smoke` takes seconds, and `--help` lists "
        "the settings.",
    )
    return front_matter(name, text[""], is_run=bool(results)) + "\n\n".join(blocks) + "\n"


def question_of(text: Mapping[str, str]) -> tuple[str, str]:
    """The claim of an experiment, or its question if it tests none, with a heading."""
    heading = "Claim" if "Claim" in text else "Question"
    return f"## {heading}", text[heading]


def front_matter(name: str, introduction: str, *, is_run: bool) -> str:
    """The settings of a page: its description for search engines, and no table of contents.

    Tables need the width that a table of contents would take. A page without results is not found
    by the search of the site.
    """
    first = re.split(r"(?<=[.?])\s", " ".join(introduction.split()), maxsplit=1)[0]
    first = re.sub("[`*$]", "", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", first))
    title = experiments.title(name)
    description = f"{title}{'' if title.endswith('?') else '.'} {first}"
    search = "" if is_run else "search: {exclude: true}\n"
    return (
        f"---\nhide: [toc]\n{search}group: {group_of(name)}\n"
        f"description: {json.dumps(description)}\n---\n\n"
    )


def excerpt(name: str, results: Results) -> str:
    """The figure and the numbers of a record, for pages that include both or the figure alone."""
    figure = "\n\n".join(figure_of(name, results.record))
    marked = f"<!-- --8<-- [start:figure] -->\n{figure}\n<!-- --8<-- [end:figure] -->"
    return f"{marked}\n\n{results.numbers}"


def limits_of(name: str, result: Result) -> list[str]:
    """A notice that lists how the choice of settings, and limits of training, restrict a result."""
    module = experiments.part(name, "results")
    choices, limits, more = (
        getattr(module, what)(result) if hasattr(module, what) else []
        for what in ("choices", "limits", "good_settings")
    )
    found = [*warnings(choices, limits), *more]
    if not found:
        return []
    lines = "\n".join(f"    - {sentence}" for sentence in found)
    return [f'!!! warning "Limits of these runs"\n\n{lines}']


def observations_of(name: str, result: Result) -> list[str]:
    """What the runs show that was not declared before them, with a heading."""
    module = experiments.part(name, "results")
    found = module.observations(result) if hasattr(module, "observations") else []
    if not found:
        return []
    return ["## Observations that were not declared", "\n".join(f"- {line}" for line in found)]


def figure_of(name: str, result: Result) -> list[str]:
    """A notice, if the record is preliminary, and the figure, if it has one."""
    figures = [images(name, experiments.part(name, "figure").ALT)] if has_figure(name) else []
    return [*preliminary(result), *figures]


def preliminary(result: Result) -> list[str]:
    """A notice, if seeds are missing."""
    if not is_preliminary(result):
        return []
    number, planned = len(result["seeds"]), result["planned_seeds"]
    word = experiments.repeated(result["experiment"])
    return [
        f'!!! warning "Preliminary"\n\n    {number} of {planned} {word} have been run so far. '
        "Figure, table and verdicts may change when the others are run."
    ]


def has_figure(name: str) -> bool:
    """Whether an experiment has a figure."""
    return importlib.util.find_spec(f"experiments.{name}.figure") is not None


def citation_of(name: str, number: int, result: Result, claim: Record) -> str:
    """How to cite a claim, folded; a button of the theme copies it."""
    return (
        '<details markdown="1" data-search-exclude><summary>Cite this result</summary>\n\n'
        f"```bibtex\n{citation.result(name, number, result, claim)}\n```\n\n</details>"
    )


def verdict_of(claim: Record, verdict: str, anchor: str) -> str:
    """A claim, the comparisons that decide and the verdict."""
    references = dict.fromkeys(map(reference_text, claim["comparisons"]))
    differ = len(references) > 1
    rows = [
        {"comparison": str(comparison["pair"])}
        | {"effect": effect_text(comparison), "interval": interval_text(comparison)}
        | ({"compared with": reference_text(comparison)} if differ else {})
        | {"p, adjusted": p_text(comparison), "outcome": outcome_text(comparison)}
        for comparison in claim["comparisons"]
    ]
    table = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    opened = " open" if len(rows) <= MAX_OPEN else ""
    crossed = any(
        c["excluded"] and c["interval"][1] >= c["reference"] for c in claim["comparisons"]
    )
    lesson = f"{claim['lesson']}\n\n" if claim["lesson"] else ""
    reference = "" if differ else f" Compared with: {next(iter(references), 'nothing')}."
    return (
        f"### {claim['claim']} {{#{anchor}}}\n\n**{verdict[0].upper()}{verdict[1:]}**: "
        f"{counts_text(claim)}.\n\n{lesson}Source: {source_text(claim)}. Fidelity: "
        f"{claim['fidelity']}.{reference}\n\n"
        f'<details markdown="1" data-search-exclude{opened}>'
        f"<summary>Comparisons ({len(rows)})</summary>\n\n"
        f"{table}\n\n{EFFECT}{OTHER_LEVEL if crossed else ''}\n\n</details>"
    )
