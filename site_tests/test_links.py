"""Every link within the built site leads to a page that exists, and to a place on it."""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from site_tests.conftest import SITE

# The links of 404.html start at the root of the address.
PAGES = sorted(path for path in SITE.rglob("*.html") if path.name != "404.html")


class Page(HTMLParser):
    """The places of a page that can be linked to, and where its own links and images lead."""

    def __init__(self, path):
        super().__init__()
        self.places, self.links = {"", "__top"}, []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.links += [part.split()[0] for part in found.get("srcset", "").split(",") if part]


PLACES = {path: Page(path) for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(SITE)))
def test_links_lead_somewhere(path):
    dead = []
    for link in PLACES[path].links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        page = PLACES.get(target)
        if not target.exists() or (page and unquote(parts.fragment) not in page.places):
            dead.append(link)
    assert dead == []


def test_there_are_links_to_follow():
    fragments = [link for page in PLACES.values() for link in page.links if link.startswith("#")]
    assert len(fragments) > 500
