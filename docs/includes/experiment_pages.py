"""A hook of MkDocs: every experiment has a page among the results, written by `make report`."""

import re
from pathlib import Path

from mkdocs.structure.files import File, InclusionLevel

from experiments.report.groups import GROUPS
from experiments.report.pages import NOT_RUN

PAGES = Path(__file__).parents[1] / "generated" / "pages"
INTRODUCING = ("adding", "counting", "music", "timing")
"""Pages whose tasks and protocols other pages vary."""


def title_of(path):
    return next(
        line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")
    )


def group_of(path):
    """The group that a page names in its front matter."""
    return re.search("^group: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[1]


def has_results(path):
    return NOT_RUN not in path.read_text(encoding="utf-8")


def order(path):
    """Pages whose titles begin with the same words together, the one that introduces them first."""
    title = title_of(path)
    return re.split("[:,]", title)[0], path.stem not in INTRODUCING, title


def on_config(config):
    """Add the pages with results to the section `Results`, by group, then by title."""
    [results] = [section["Results"] for section in config.nav if "Results" in section]
    pages = sorted(filter(has_results, PAGES.glob("*.md")), key=order)
    for group in GROUPS:
        shown = [path for path in pages if group_of(path) == group]
        if shown:
            results.append({group: [{title_of(path): f"results/{path.name}"} for path in shown]})
    return config


def on_files(files, config):
    """Add the pages themselves; those without results can be reached by links alone."""
    for path in sorted(PAGES.glob("*.md")):
        content = path.read_text(encoding="utf-8")
        file = File.generated(config, f"results/{path.name}", content=content)
        shown = has_results(path)
        file.inclusion = InclusionLevel.INCLUDED if shown else InclusionLevel.NOT_IN_NAV
        files.append(file)
    return files
