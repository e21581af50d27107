"""Code on the pages of the site is as wide as its block on a page with a table of contents."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.site

ROOT = Path(__file__).parent.parent
WIDTH = 76  # characters
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>\w[^\n]*)\n(?P<code>.*?)^(?P=indent)```$", re.M | re.S
)
INCLUDED = re.compile(r'--8<-- "(docs/includes/[\w/]+\.py)')
PAGES = [
    path
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if "generated" not in path.parts and "```" in path.read_text(encoding="utf-8")
]


def shown_lines(page):
    """The lines of code that a page shows, with those of the files that it includes."""
    for fence in FENCE.finditer(page):
        if 'exec="' in fence["info"] and "source=" not in fence["info"]:
            continue  # it runs while the page is built, and is not shown
        lines = dedent(fence["code"]).splitlines()
        yield from (line for line in lines if not line.endswith("# markdown-exec: hide"))
        for name in INCLUDED.findall(fence["code"]):
            yield from (ROOT / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_lines_of_code_fit_their_block(path):
    page = path.read_text(encoding="utf-8")
    assert [line for line in shown_lines(page) if len(line) > WIDTH] == []


def test_code_that_is_shown_is_found():
    pages = {path.stem: path.read_text(encoding="utf-8") for path in PAGES}
    assert any("class LeakyCell(" in line for line in shown_lines(pages["own-cell"]))
    assert any("class LeakyBackend(" in line for line in shown_lines(pages["own-cell"]))
    assert "import torch" in list(shown_lines(pages["train"]))
    assert not any("inline(" in line for line in shown_lines(pages["train"]))
    long = f"    ```python\n    {'x' * WIDTH}\n    {'y' * (WIDTH + 1)}\n    ```\n"
    assert [len(line) for line in shown_lines(long)] == [WIDTH, WIDTH + 1]
