"""How to cite the package and its results, as BibTeX."""

from __future__ import annotations

import re
from functools import cache

import experiments
from experiments import Record, Result
from experiments.report.address import repository
from experiments.report.claims import anchor_of, sentence, verdict_text
from experiments.report.markdown import counted, seeds_text, short
from experiments.statistics.papers import SOURCES

LATEX = str.maketrans({"%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#", "^": r"\^{}"})
MAX_CITED = 4
"""The largest number of comparisons that a note has."""


def package() -> str:
    """The entry of the package."""
    return entry("lstm_variants")


def result(name: str, number: int, record: Result, claim: Record) -> str:
    """The entry of the package with a claim in its note.

    The note has the page, the claim, its source, verdict and fidelity, effects with their
    intervals, the number of seeds, the commit and the date.

    Args:
        name: The experiment.
        number: The number of the claim on its page, from 1.
        record: The record.
        claim: The claim with its verdict.
    """
    compared = claim["comparisons"]
    cited = [sentence(comparison) for comparison in compared[:MAX_CITED]]
    if len(compared) > MAX_CITED:
        cited.append(f"and {counted(len(compared) - MAX_CITED, 'more comparison')}")
    source = claim["reading"]["source"]
    by = f" ({source})" if SOURCES[source] else ""
    lines = (
        f"{experiments.title(name)},",
        f"``{claim['claim']}''{by}:",
        f"{verdict_text(record, claim)} ({claim['fidelity']});",
        *(f"{text};" for text in cited),
        f"{seeds_text(record)}, commit {short(record['commit'])}, {record['date'][:10]}",
    )
    note = "\n             ".join(line.translate(LATEX) for line in lines)
    return entry(f"lstm_variants:{anchor_of(name, number)}", note)


def entry(key: str, note: str = "") -> str:
    """An entry of the package, with its version, address and year."""
    fields = citation_fields()
    rows = {
        "author": f"{{{fields['author'].translate(LATEX)}}}",
        "title": f"{{{fields['title'].translate(LATEX)}}}",
        "version": fields["version"],
        "url": repository(),
        "year": fields["year"],
        "note": note,
    }
    shown = ",\n".join(f"  {name:7} = {{{value}}}" for name, value in rows.items() if value)
    return f"@software{{{key},\n{shown}\n}}"


@cache
def citation_fields() -> dict[str, str]:
    """Title, author and version from CITATION.cff, and the year of the licence.

    The package, which has the version too, would import torch.
    """
    folder = experiments.FOLDER.parent
    citation = (folder / "CITATION.cff").read_text(encoding="utf-8")
    licence = (folder / "LICENSE").read_text(encoding="utf-8")
    patterns = {
        "title": (r'^title: "(.*)"$', citation),
        "version": (r"^version: (.*)$", citation),
        "author": (r"^  - name: (.*)$", citation),
        "year": (r"^Copyright \(c\) (\d{4})", licence),
    }
    return {
        name: re.findall(pattern, text, re.MULTILINE)[0]
        for name, (pattern, text) in patterns.items()
    }
