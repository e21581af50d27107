"""The search finds the page that a query is for, over http and from disk."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from site_tests.conftest import DESKTOP, SITE, WAYS, Visit

TABLE = Path(__file__).with_name("queries.toml")
QUERIES = {
    query: {f"{page}.html" for page in ([pages] if isinstance(pages, str) else pages)}
    for query, pages in tomllib.loads(TABLE.read_text(encoding="utf-8")).items()
}
ENTRIES = json.loads((SITE / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
LIST = ".md-search-result__list"


# In one call: on a loaded machine, calls of the browser take longer than the search. What is in the
# list goes when results arrive, also if they are the same as before, or none.
FIND = """(list, query) => new Promise((resolve) => {
    const links = () => [...list.children].map((item) => item.querySelector("a").href);
    const mark = list.appendChild(document.createElement("hr"));
    new MutationObserver((_, observer) => {
        if (mark.isConnected) return;
        observer.disconnect();
        resolve(links());
    }).observe(list, { childList: true });
    const field = document.querySelector("input.md-search__input");
    field.value = query;
    field.dispatchEvent(new KeyboardEvent("keyup"));
})"""


class Search:
    """A page with an open search; a query replaces the one before."""

    def __init__(self, visited, way):
        self.page, self.base = visited.page, WAYS[way]
        self.page.locator("input.md-search__input").click()
        # The index has been read, and the search for nothing is over.
        self.page.get_by_text("Type to start searching").wait_for()

    def found(self, query):
        """The pages that are found, in their order."""
        links = self.page.locator(LIST).evaluate(FIND, query)
        return [link.removeprefix(self.base).partition("?")[0] for link in links]


@pytest.fixture(scope="module")
def searches(browser):
    """A page for each way, opened when a test needs it."""
    opened = {}

    def search(way):
        if way not in opened:
            visited = Visit(browser, "index.html", way, viewport=DESKTOP)
            opened[way] = visited, Search(visited, way)
        return opened[way][1]

    yield search
    for visited, _ in opened.values():
        assert visited.errors == []
        visited.context.close()


@pytest.fixture
def search(searches):
    return searches("http")


@pytest.mark.parametrize(
    ("way", "query"),
    [("http", query) for query in QUERIES] + [("disk", query) for query in list(QUERIES)[::8]],
)
def test_the_page_is_among_the_first_two(searches, way, query):
    found = searches(way).found(query)
    assert QUERIES[query] & set(found[:2]), found[:5]


def test_every_page_that_is_wanted_exists():
    assert all((SITE / page).is_file() for pages in QUERIES.values() for page in pages)


@pytest.mark.parametrize("way", WAYS)
def test_a_question_is_searched_for_its_content(searches, way):
    search = searches(way)
    assert search.found("what is a peephole") == search.found("peepholes")


def test_a_short_word_is_not_taken_for_a_beginning(search):
    """`cell` alone is on pages that have no word `rn`, with which `rnn` begins."""
    assert set(search.found("rn cell")) == set(search.found("cell"))
    assert search.found("rn")  # it is being typed


def test_operators_are_left_as_they_are(search):
    either, both = search.found("slurm zoneout"), search.found("+slurm +zoneout")
    assert len(either) > len(both)


def test_hidden_words_are_not_shown(search):
    """The page is found by a word that it does not use, which stands nowhere in the results."""
    assert search.found("android") == ["howto/export.html"]
    assert "android" not in search.page.locator(LIST).inner_text().lower()
    assert "android" not in (SITE / "howto" / "export.html").read_text(encoding="utf-8").lower()


def test_snippets_are_text(search):
    """Neither LaTeX nor the sources of tests, but formulas as they are read."""
    search.found("candidate")
    shown = search.page.locator(LIST)
    assert shown.locator("sub", has_text="t").count()
    text = shown.inner_text()
    assert not [part for part in ("\\(", "assert ", "undefined") if part in text]


def test_the_index_has_formulas_but_no_latex():
    texts = [entry["title"] + entry["text"] for entry in ENTRIES]
    for text in texts:  # code may have it
        prose = re.sub(r"<(pre|code)>.*?</\1>", "", text, flags=re.DOTALL)
        assert not re.search(r"\\(\(|\[|odot)", prose)
    assert any("tanh(c<sub>t</sub>)" in text for text in texts)


def test_a_query_after_navigation_without_reload(search):
    page = search.page
    page.evaluate("window.sameDocument = true")
    search.found("slurm")
    page.locator(f"{LIST} a").first.click()
    page.wait_for_url("**/howto/cluster.html*")
    page.locator("article h1[id='run-experiments-on-a-cluster']").wait_for()
    assert page.evaluate("window.sameDocument")
    assert QUERIES["what is a peephole"] & set(search.found("what is a peephole")[:2])
