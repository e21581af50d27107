"""Parts of pages in Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

import experiments
from experiments import Result, repeated
from experiments.report.claims import slug

PALETTES = ("light", "dark")


def replace_marked(text: str, marker: str, content: str) -> str:
    """Replace what stands between the comments `<!-- marker -->` and `<!-- /marker -->`."""
    pattern = rf"(<!-- {marker} -->\n).*?(\n<!-- /{marker} -->)"
    return re.sub(pattern, lambda m: f"{m[1]}{content}{m[2]}", text, flags=re.DOTALL)


def figure_file(name: str, palette: str, *, narrow: bool = False) -> str:
    """The name of the file of a figure."""
    return f"{name}-narrow-{palette}.svg" if narrow else f"{name}-{palette}.svg"


def images(name: str, caption: str) -> str:
    """A figure with its caption: once for each palette, which also has one for narrow pages.

    It links to the file of the wide one, for white pages. The figure of the other palette is not
    loaded.
    """
    caption = html.escape(caption)
    pictures = "".join(
        '<picture><source media="(max-width: 60em)" '
        f'srcset="../generated/{figure_file(name, palette, narrow=True)}">'
        f'<img loading="lazy" alt="{caption}" '
        f'src="../generated/{figure_file(name, palette)}#only-{palette}"></picture>'
        for palette in PALETTES
    )
    return (
        f'<figure class="result"><a href="../generated/{figure_file(name, PALETTES[0])}">'
        f"{pictures}</a><figcaption>{caption}</figcaption></figure>"
    )


def not_run(missing: Sequence[str]) -> list[str]:
    """A sentence that lists the experiments without results, if there are any."""
    links = [f"[{experiments.title(name)}]({slug(name)}.md)" for name in missing]
    return [f"Not run yet, and so without a verdict: {'; '.join(links)}."] if missing else []


def counted(number: int, thing: str) -> str:
    """A number of things."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def short(commit: str) -> str:
    """A commit with the first 12 digits of its hash, and all that is said of it beside."""
    return re.sub(r"^([0-9a-f]{12})[0-9a-f]{28}", r"\1", commit)


def provenance(result: Result) -> str:
    """One line that states where the numbers come from, and what was changed by hand since."""
    machines = result.get("machines", [result["machine"]])
    is_gpu = result["experiment"].endswith("cuda")
    described = "; ".join(
        f"{machine['gpu'] + ', ' if is_gpu else ''}{machine['cpu']}, {machine['cores']} cores, "
        f"{counted(machine['threads'], 'thread')}, {machine['simd']}, torch {machine['torch']}, "
        f"Python {machine['python']}"
        for machine in machines
    )
    edits = "".join(
        f". Edited in commit `{short(edit['commit'])}`, {edit['date']}: {edit['change']}"
        for edit in result.get("edited", ())
    )
    return (
        f"`{result['command']}` at commit `{short(result['commit'])}`, {result['date'][:10]}: "
        f"{described}{edits}"
    )


def seeds_text(result: Result) -> str:
    """How many seeds or trials a record has, and how many are missing."""
    number, planned = len(result["seeds"]), result.get("planned_seeds", len(result["seeds"]))
    word = repeated(result["experiment"])
    if number >= planned:
        return counted(number, word.removesuffix("s"))
    return f"{number} of {planned} {word} (preliminary)"


def continuing(result: Result) -> str:
    """How many runs were stopped before, and their commits."""
    runs = result.get("earlier_runs", ())
    if not runs:
        return ""
    commits = dict.fromkeys(short(run["commit"]) for run in runs)
    others = ", ".join(f"`{commit}`" for commit in commits if commit != short(result["commit"]))
    return f", continuing {counted(len(runs), 'earlier run')}{f' (commit {others})' * bool(others)}"


def took(result: Result) -> str:
    """How much work a record was, and where it comes from."""
    seconds = sum(record.get("seconds", 0.0) for record in result["records"])
    machines = result.get("machines", [result["machine"]])
    core = ", on one core" if all(machine["threads"] == 1 for machine in machines) else ""
    work = (
        f"{seeds_text(result).capitalize()}; {counted(len(result['records']), 'run')}; "
        f"{counted(round(seconds / 60), 'minute')} of run time in all{core}{continuing(result)}. "
    )
    return f"{work if seconds else ''}{provenance(result)}"


def aligned(equations: Mapping[str, str]) -> str:
    """Equations, each by its left side, one below the other."""
    lines = [rf"{left} &= {right} \\" for left, right in equations.items()]
    return "\n".join([r"$$ \begin{aligned}", *lines, r"\end{aligned} $$"])
