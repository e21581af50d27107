"""The pages of the experiments that rerun a claim, and the page that sums them up."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from types import ModuleType

import tabulate

from experiments import Record
from experiments.papers import SOURCES
from experiments.report.figures import images
from experiments.report.results import Result, provenance

DIGITS = {False: "+.3g", True: "+,.0f"}  # of what is sampled, and of what is counted
BEGINNINGS = ("Claim", "Claims", "Protocol", "Deviations")


def page(module: ModuleType, result: Result) -> str:
    """Claim, protocol, result, verdict and deviations of an experiment, in Markdown.

    What was done is told by the docstring of the experiment itself.
    """
    name = result["experiment"]
    told = parts(Path(__file__).parents[1] / f"{name}.py")
    claims = module.score(result["records"])["claims"]
    shown = (images(name, module.ALT), module.table(result["records"]), took(result))
    verdicts = ("## Verdict", *map(verdict_of, claims)) if claims else ()
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


def verdict_of(claim: Record) -> str:
    """A claim, what decides and what comes of it."""
    rows = [
        {
            "comparison": comparison["label"],
            "difference": format(comparison["difference"], DIGITS[comparison["counted"]]),
            "interval": interval_text(comparison),
            "holds": comparison["outcome"],
        }
        for comparison in claim["comparisons"]
    ]
    table = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        f"**{claim['claim']}** ({source_link(claim['source'])}; reported: {claim['reported']}): "
        f"**{claim['verdict']}**.\n\n{table}"
    )


def interval_text(comparison: Record) -> str:
    """An interval, with what it has to lie above."""
    if comparison["counted"]:
        return "counted"
    if comparison["outcome"] == "undecided":
        return "neither solves it"
    if comparison["interval"] is None:
        return "one seed"
    low, high = comparison["interval"]
    above = f", to be above {-comparison['margin']:g}" if comparison["margin"] else ""
    return f"{low:+.3g} to {high:+.3g}{above}"


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


def ours(claim: Record) -> str:
    """In how many comparisons it holds."""
    counts = Counter(comparison["outcome"] for comparison in claim["comparisons"])
    undecided = counts.pop("undecided", 0)
    said = f"yes in {counts['yes']} of {counts.total()}"
    if counts["opposite"]:
        said += f", the opposite in {counts['opposite']}"
    return f"{said}; {undecided} undecided" if undecided else said


def summary(pages: dict[str, tuple[ModuleType, Result]]) -> str:
    """One row for each claim, in Markdown."""
    rows = [
        {
            "claim": claim["claim"],
            "verdict": f"[{claim['verdict']}]({name.replace('_', '-')}.md#verdict)",
            "source": source_link(claim["source"]),
            "reported": claim["reported"],
            "ours, comparisons": ours(claim),
        }
        for name, (module, result) in pages.items()
        for claim in module.score(result["records"])["claims"]
    ]
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True) + "\n"
