"""What sources report, and how that was read, as pages show it."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate

import experiments
from experiments import Record
from experiments.report.claims import Scored, anchor_of, slug
from experiments.report.markdown import not_run
from experiments.statistics.papers import SOURCES
from experiments.statistics.readings import BY_MEMORY, NO_NUMBER, NOT_KNOWN, NOT_STATED, Reading


def reading_of(claim: Record) -> Reading:
    """What the source of a claim reports."""
    return Reading(**claim["reading"])


def source_text(claim: Record) -> str:
    """The source of a claim, how it was read, and what it reports."""
    reading = reading_of(claim)
    if not SOURCES[reading.source]:
        return f"{reading.source[0].upper()}{reading.source[1:]}: {reading.reported}"
    place = f", {reading.place}" if reading.place else ""
    how = [f"[{access_text(reading)}](readings.md)", statistic_text(reading), reading.attribution]
    return f"{link(reading.source)}{place} ({'; '.join(filter(None, how))}): {reading.reported}"


def link(source: str) -> str:
    """The name of a source, with a link."""
    return f"[{source}]({SOURCES[source]})"


def access_text(reading: Reading) -> str:
    """How the passage was read."""
    return reading.access if reading.access == BY_MEMORY else f"read {reading.access}"


def statistic_text(reading: Reading) -> str:
    """What the reported numbers are, and of how many values; empty without numbers."""
    if reading.statistic == NO_NUMBER:
        return ""
    if reading.statistic in (NOT_STATED, NOT_KNOWN):
        return f"statistic and n {reading.statistic}"
    return f"{reading.statistic}, n {'not known' if reading.n is None else f'= {reading.n}'}"


def table(scored: Scored, missing: Sequence[str]) -> str:
    """How the source of each claim was read, a row for each claim that has one.

    Args:
        scored: The records with their claims.
        missing: The experiments without results.
    """
    rows = []
    for name, (_, claims) in scored.items():
        for number, claim in enumerate(claims, 1):
            reading = reading_of(claim)
            if not SOURCES[reading.source]:
                continue
            rows.append(
                {
                    "claim": f"[{experiments.title(name)}, {number}]"
                    f"({slug(name)}.md#{anchor_of(name, number)})",
                    "source": ", ".join(filter(None, (link(reading.source), reading.place))),
                    "what it reports": reading.reported,
                    "statistic": statistic_text(reading) or NO_NUMBER,
                    "unit": reading.unit,
                    "read": reading.access,
                    "whose claim": reading.attribution,
                }
            )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return "\n\n".join([shown, *not_run(missing)]) + "\n"
