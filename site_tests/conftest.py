"""The built site, opened over http and from disk."""

import contextlib
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from playwright.sync_api import sync_playwright

SITE = Path(__file__).parent.parent / "site"
MAP = "sitemap.xml"
# The address that the site is built for: its map starts with the home page. Built without SITE_URL,
# it has an empty map.
ADDRESSES = re.findall(r"<loc>(.*?)index.html</loc>", (SITE / MAP).read_text())
ADDRESS = ADDRESSES[0] if ADDRESSES else "http://127.0.0.1:8000/"
DESKTOP = {"width": 1280, "height": 900}
WAYS = {"http": ADDRESS, "disk": f"{SITE.as_uri()}/"}


def pytest_addoption(parser):
    parser.addoption(
        "--short",
        action="store_true",
        help="pages in one of four forms, accessibility of a third and every fourth one from disk; "
        "no second build",
    )


def pytest_itemcollected(item):
    item.add_marker("site")


@contextlib.contextmanager
def chromium():
    """A browser, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser():
    with chromium() as opened:
        yield opened


def site_map():
    """The map that the site would have with this address: instant navigation follows it alone."""
    pages = (path.relative_to(SITE) for path in SITE.rglob("*.html"))
    return f"<urlset>{''.join(f'<url><loc>{ADDRESS}{page}</loc></url>' for page in pages)}</urlset>"


class Visit:
    """An open page, and what went wrong meanwhile.

    There is no server and no network: over http the built files are the answers for the site's own
    address, and requests for any other fail.
    """

    def __init__(self, browser, name, way, **context):
        self.context = browser.new_context(reduced_motion="reduce", **context)
        self.context.route(re.compile("^https?:"), self.answer)
        self.context.set_default_timeout(120_000)  # ms; a loaded machine takes more than 30 s
        self.page = self.context.new_page()
        self.foreign, self.errors = [], []
        self.weight = 0  # bytes of all answers, uncompressed
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.goto(WAYS[way] + name)
        # Scripts ask for more after the page has loaded. On a loaded machine the event that the
        # network is idle gets lost now and then; it is not waited for without end.
        with contextlib.suppress(PlaywrightTimeoutError):
            self.page.wait_for_load_state("networkidle", timeout=10_000)
        self.page.evaluate("document.fonts.ready.then(() => true)")

    def answer(self, route):
        url = route.request.url.split("#")[0].split("?")[0]
        file = SITE / unquote(url.removeprefix(ADDRESS))
        if not url.startswith(ADDRESS):
            self.foreign.append(url)
            route.abort()
        elif url == ADDRESS + MAP and not ADDRESSES:
            route.fulfill(body=site_map(), content_type="application/xml")
        elif file.is_file():
            self.weight += file.stat().st_size
            route.fulfill(path=file)
        else:
            route.fulfill(status=404)


@pytest.fixture
def visit(browser):
    visits = []

    def open_page(name, way="http", **context):
        visits.append(Visit(browser, name, way, **{"viewport": DESKTOP} | context))
        return visits[-1]

    yield open_page
    for visited in visits:
        visited.context.close()
