"""What the documentation says about tests and variants is true."""

import ast
import doctest
import importlib
import re
import tomllib
from pathlib import Path

import pytest
import torch

import lstm_variants as lv
from experiments.statistics.papers import MENTIONED, SOURCES
from lstm_variants.kernels.cpu import backend, native
from lstm_variants.papers import PAPERS
from tests.cpu_kernels import needs_kernels

pytestmark = pytest.mark.site

ROOT = Path(__file__).parent.parent


def defined_in(module):
    tree = ast.parse((ROOT / "tests" / f"{module}.py").read_text())
    return {
        f"{module}::{node.name}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_the_table_of_features_names_every_test_of_the_layers_and_no_other():
    table = tomllib.loads((ROOT / "docs" / "includes" / "contract.toml").read_text())
    rows = [row for section in table["section"] for row in section["row"]]
    shown = {test for row in rows for test in row["ours"]}
    shown |= {test for row in rows if isinstance(row["torch"], list) for test in row["torch"]}
    existing = set().union(*(defined_in(test.split("::")[0]) for test in shown))
    assert shown <= existing
    assert all(row["ours"] for row in rows)
    for module in (
        "test_contract",
        "test_modules",
        "test_beyond_torch",
        "test_derivatives",
        "test_torch_lacks",
    ):
        assert defined_in(module) <= shown


def test_every_paper_can_be_cited():
    entries = (ROOT / "docs" / "includes" / "papers.bib").read_text().strip().split("\n\n")
    by_url = {re.findall(r"url\s*= \{(.*)\}", entry)[0]: entry for entry in entries}
    urls = SOURCES | MENTIONED | {name: paper.url for name, paper in PAPERS.items()}
    assert set(by_url) == {url for url in urls.values() if url}
    for name, url in urls.items():
        if url and name != "the teaching notebook":
            surname, year = re.match(
                r"([\w ]+?)(?:,| &| et al\.|(?= \d)).* ?(\d{4})$", name
            ).groups()
            assert re.search(rf"author\s*= \{{{surname}, ", by_url[url]), name
            assert re.search(rf"year\s*= \{{{year}\}}", by_url[url]), name
            assert by_url[url].count("{") == by_url[url].count("}")
    for paper in PAPERS.values():
        title = re.findall(r"title\s*= \{(.*)\}", by_url[paper.url])[0]
        assert re.sub("[{}]", "", title) == paper.title


@pytest.mark.slow
@needs_kernels
def test_examples_of_docstrings_hold_with_other_random_numbers():
    finder, runner = doctest.DocTestFinder(exclude_empty=True), doctest.DocTestRunner()
    examples = []
    for path in sorted((ROOT / "lstm_variants").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        examples += finder.find(importlib.import_module(name))
    for seed in range(1, 3):
        for example in examples:
            torch.manual_seed(seed)
            runner.run(example, clear_globs=False)
    assert runner.tries > 2 * 100
    assert runner.failures == 0, runner.summarize()


def test_the_page_about_kernels_has_the_limits_of_the_code():
    text = " ".join((ROOT / "docs" / "explanation" / "kernels.md").read_text().split())
    assert f"time step of at most {backend.FEW_IN_BFLOAT16} sequences" in text
    source = (Path(native.__file__).parent / "source" / "weights.h").read_text()
    assert "few_forward{256 << 10, 8, 16}, few_backward{2 << 20, 4, 8};" in source
    beside = " ".join((Path(native.__file__).parent / "README.md").read_text().split())
    limits = (
        "eight rows in a forward pass from 256 KiB on, 16 forward and eight backward above 2 MiB"
    )
    assert limits in beside


def lines_of_code(path):
    """The lines of a page that are code, and those of the examples in docstrings of a module."""
    text = path.read_text()
    if path.is_relative_to(ROOT / "docs" / "includes"):
        return text
    if path.suffix == ".py":
        return "\n".join(re.findall(r"^ *(?:>>>|\.\.\.) (.*)$", text, re.MULTILINE))
    return "\n".join(
        re.findall(r"^ *```python.*?^ *```$|`[^`\n]+`", text, re.MULTILINE | re.DOTALL)
    )


WITH_EXAMPLES = [
    ROOT / "README.md",
    *(
        path
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if not path.is_relative_to(ROOT / "docs" / "generated")
    ),
    *sorted((ROOT / "docs" / "includes").glob("*.py")),
    *sorted((ROOT / "lstm_variants").rglob("*.py")),
]


def test_examples_do_not_hide_the_nn_of_torch():
    """A reader who adds them to a program keeps `from torch import nn`."""
    code = {str(path.relative_to(ROOT)): lines_of_code(path) for path in WITH_EXAMPLES}
    hidden = re.compile(r"from lstm_variants(\.nn import| import .*\bnn\b(?! as))")
    assert [page for page, text in code.items() if hidden.search(text)] == []
    assert sum("lv.nn." in text for text in code.values()) > 20
    names = {name for text in code.values() for name in re.findall(r"\blv\.(\w+)", text)}
    assert {"nn", "replace_layers"} <= {name for name in names if hasattr(lv, name)} == names


def test_programs_of_the_page_on_cells_import_each_other_by_the_names_of_their_files():
    includes = ROOT / "docs" / "includes"
    page = (ROOT / "docs" / "howto" / "own-cell.md").read_text()
    texts = [page, *(path.read_text() for path in includes.glob("leaky_*.py"))]
    modules = {name for text in texts for name in re.findall(r"from (leaky\w*) import", text)}
    assert modules == {path.stem for path in includes.glob("leaky_*.py")}
    assert all(f"`{module}.py`" in page for module in modules)
