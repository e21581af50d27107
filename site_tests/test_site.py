"""The built site in a real browser: every page, light and dark, wide and narrow."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import sync_playwright

SITE = Path(__file__).parent.parent / "site"
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html"))
# Where the site believes it lives: its map starts with the home page.
ADDRESS = re.findall(r"<loc>(.*?)index.html</loc>", (SITE / "sitemap.xml").read_text())[0]
PHONE = {"width": 375, "height": 800}
DESKTOP = {"width": 1280, "height": 900}

every_page = pytest.mark.parametrize("page_name", PAGES)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield browser
        browser.close()


class Visit:
    """A page that has been opened at the site's own address, and what went wrong meanwhile.

    No server and no network: the built files answer for the address, nobody for any other.
    """

    def __init__(self, browser, name, **context):
        self.context = browser.new_context(reduced_motion="reduce", **context)
        self.context.route("**/*", self.answer)
        self.page = self.context.new_page()
        self.foreign, self.errors = [], []
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.goto(ADDRESS + name, wait_until="networkidle")

    def answer(self, route):
        url = route.request.url.split("#")[0].split("?")[0]
        file = SITE / unquote(url.removeprefix(ADDRESS))
        if not url.startswith(ADDRESS):
            self.foreign.append(url)
            route.abort()
        elif file.is_file():
            route.fulfill(path=file)
        else:
            route.fulfill(status=404)


@pytest.fixture
def visit(browser):
    visits = []

    def open_page(name, **context):
        visits.append(Visit(browser, name, **{"viewport": DESKTOP} | context))
        return visits[-1]

    yield open_page
    for one in visits:
        one.context.close()


def test_the_site_has_pages():
    assert {"index.html", "start/walkthrough.html", "results/speed.html", "api/models.html"} <= set(
        PAGES
    )


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_fails_and_nobody_else_is_asked(visit, page_name, scheme):
    visited = visit(page_name, color_scheme=scheme)
    assert visited.foreign == []
    assert visited.errors == []


@every_page
def test_maths_is_rendered(visit, page_name):
    page = visit(page_name).page
    assert page.locator(".katex-error").count() == 0
    formulas = page.locator("article .arithmatex")
    for k in range(formulas.count()):
        assert formulas.nth(k).locator(".katex").count() > 0, formulas.nth(k).inner_text()


@every_page
def test_no_reference_is_left_unresolved(visit, page_name):
    text = visit(page_name).page.evaluate("""() => {
        const article = document.querySelector("article").cloneNode(true);
        article.querySelectorAll("pre, code").forEach((code) => code.remove());
        return article.textContent;
    }""")
    assert "][" not in text


@pytest.mark.parametrize("page_name", ["howto/replace.html", "start/walkthrough.html"])
def test_what_a_page_says_is_the_same_is_the_same(visit, page_name):
    """Comparisons that a page makes while it is built come out as its prose says."""
    lines = "\n".join(visit(page_name).page.locator("article pre").all_inner_texts()).splitlines()
    assert "True" in lines
    assert "False" not in lines


def test_there_is_maths_to_render(visit):
    assert visit("api/cells.html").page.locator("article .katex").count() > 10


def test_maths_survives_navigation_without_reload(visit):
    page = visit("api/models.html").page
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="LSTMCell").first.click()
    page.wait_for_url("**/api/cells.html*")
    page.locator("article .katex").first.wait_for()
    assert page.evaluate("window.sameDocument")


@every_page
def test_nothing_is_wider_than_a_phone(visit, page_name):
    page = visit(page_name, viewport=PHONE).page
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_follow_the_palette(visit, page_name, scheme):
    page = visit(page_name, color_scheme=scheme).page
    other = {"light": "dark", "dark": "light"}[scheme]
    for image in page.locator(f"img[src*='#only-{scheme}']").all():
        assert image.is_visible()
        assert image.evaluate("image => image.naturalWidth") > 0
    for image in page.locator(f"img[src*='#only-{other}']").all():
        assert not image.is_visible()


@pytest.mark.parametrize(
    ("page_name", "table"),
    [
        ("results/shapes.html", "formula"),
        ("results/speed.html", "64, 100, 256, 256"),
        ("explanation/kernels.html", "B=32 H=512"),
        ("explanation/variants.html", "backends"),
        ("explanation/contract.html", "torchrecurrent"),
    ],
)
def test_the_table_is_seen(visit, page_name, table):
    header = visit(page_name).page.locator("article th", has_text=table).first
    assert header.is_visible()


def test_all_numbers_unfold(visit):
    page = visit("results/speed.html").page
    header = page.locator("article th", has_text="training, ratio").first
    assert not header.is_visible()
    page.locator("summary", has_text="All numbers").first.click()
    assert header.is_visible()


def test_there_are_figures(visit):
    assert visit("results/speed.html").page.locator("img[src*='#only-']").count() >= 2


def test_search_finds_a_word(visit):
    page = visit("index.html").page
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially("peephole")  # it listens to keys
    page.locator(".md-search-result__item").first.wait_for()
    assert page.locator(".md-search-result__item").count() > 1
