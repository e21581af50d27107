"""The walkthrough of the documentation as a notebook, to be run and changed by a reader."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import nbformat

from experiments import FOLDER
from experiments.report.address import repository, source
from experiments.report.markdown import aligned

PAGE = FOLDER.parent / "docs" / "start" / "walkthrough.md"
INSTALL = """```python
# {}
import importlib.util

if importlib.util.find_spec("lstm_variants") is None:
    %pip install --quiet {}
```
"""
FROM_REPOSITORY = "The package is installed from its repository, and compiled in two minutes."
FROM_SOURCES = """The package is installed from its sources, and compiled in two minutes: `make
# wheel` in a clone writes lstm_variants_torch-*.tar.gz into dist/. In Colab, upload it first."""
EQUATIONS = re.compile(
    r"^```python [^\n]*session=\"equations\"\n(?:(?!```).)*?"
    r"^show\(VARIANTS\[\"([^\"]+)\"\]\.cell\)\n```$",
    re.MULTILINE | re.DOTALL,
)
"""Code of the page that shows the equations of a variant."""


def write_notebook(path: Path) -> None:
    """Write the notebook; its cells have no outputs yet."""
    notebook = jupytext.reads(notebook_text(PAGE.read_text(encoding="utf-8")), fmt="md")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # the same every time
        cell["metadata"] = {}
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
    }
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def notebook_text(page: str) -> str:
    """A page in the Markdown of notebooks: without what only the site can show."""
    text = re.sub(r"\A---\n.*?\n---\n", "", page, flags=re.DOTALL)
    text = text.partition("\n## Next\n")[0]
    text = re.sub(r"<!-- site -->.*?<!-- /site -->\n", "", text, flags=re.DOTALL)
    title, _, rest = text.lstrip().partition("\n")
    text = f"{title}\n\n{install_cell()}\n{rest}"
    text = EQUATIONS.sub(equations_of, text)
    text = re.sub(r'^```python exec="true".*$', "```python", text, flags=re.MULTILINE)
    text = re.sub(r"^!!! \w+ \"(.*)\"\n((?:\n| {4}.*\n)*)", quoted, text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]]+)\]\[[\w.]+\]", r"\1", text)  # references into the API pages
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]*\)", r"\1", text)  # links to other pages


def install_cell() -> str:
    """The first cell, which installs the package where it is missing."""
    if repository():
        return INSTALL.format(FROM_REPOSITORY, source())
    return INSTALL.format(FROM_SOURCES, "lstm_variants_torch-*.tar.gz")


def equations_of(code: re.Match[str]) -> str:
    """What such code shows on the page."""
    # Here, because torch takes seconds to import, which the report needs for nothing else.
    from lstm_variants import VARIANTS
    from lstm_variants.equations import equations_of

    return aligned(equations_of(VARIANTS[code[1]].cell))


def quoted(admonition: re.Match[str]) -> str:
    """A box as a quotation with its title."""
    lines = [line.removeprefix("    ") for line in admonition[2].strip("\n").split("\n")]
    quote = "\n".join(f"> {line}".rstrip() for line in lines)
    return f"> **{admonition[1]}**\n>\n{quote}\n\n"
