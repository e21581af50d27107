"""A build for an address names it wherever it is needed; one without has neither it nor gaps."""

import os
import re
import subprocess
import sys

import pytest

from site_tests.conftest import SITE

SITE_URL = "https://example.org/docs/"
REPO_URL = "https://github.com/example/lstm_variants"
FIGURE = "results/speed.md"  # a page with a figure
PAGES = ("index.md", "start/walkthrough.md", "project/cite.md", FIGURE)
BUILD = """
import sys
from mkdocs.commands.build import build
from mkdocs.config import load_config

folder, *pages = sys.argv[1:]
hidden = ["*.md", "/generated/pages/", "/includes/", "/theme/"]
config = load_config(
    "mkdocs.yml",
    site_dir=folder,
    strict=False,  # most pages that these link to are missing
    nav=[{"Home": pages[0]}, {"Results": pages[1:]}],
    exclude_docs="\\n".join(hidden + [f"!/{page}" for page in pages]),
)
config.plugins.on_startup(command="build", dirty=False)
build(config)
"""
ADDRESSES = {"with": {"SITE_URL": SITE_URL, "REPO_URL": REPO_URL}, "without": {}}


@pytest.fixture(scope="module", params=ADDRESSES)
def built(request, tmp_path_factory):
    """Some pages, built with and without addresses, by their names."""
    folder = tmp_path_factory.mktemp(request.param)
    hidden = {"SITE_URL", "REPO_URL", "READTHEDOCS_CANONICAL_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    subprocess.run(
        [sys.executable, "-c", BUILD, folder, *PAGES],
        cwd=SITE.parent,
        env=environment | ADDRESSES[request.param],
        capture_output=True,
        check=True,
    )
    return folder


with_address = pytest.mark.parametrize("built", ["with"], indirect=True)
without_address = pytest.mark.parametrize("built", ["without"], indirect=True)


def read(folder, page):
    return (folder / page.replace(".md", ".html")).read_text(encoding="utf-8")


def meta(text):
    """The statements in the head of a page that other sites read."""
    return dict(
        re.findall(r'<meta (?:property|name)="((?:og|twitter):\w+)" content="(.*?)">', text)
    )


@with_address
@pytest.mark.parametrize("page", PAGES)
def test_the_head_of_a_page(built, page):
    text = read(built, page)
    address = SITE_URL + page.replace(".md", ".html")
    [canonical] = re.findall(r'<link rel="canonical" href="(.*?)">', text)
    [description] = re.findall('<meta name="description" content="(.*?)">', text)
    [title] = re.findall("<title>(.*?)</title>", text)
    said = meta(text)
    assert canonical == said["og:url"] == address
    assert said["og:description"] == description
    assert said["og:title"] == title.removesuffix(" - lstm_variants")
    assert said["twitter:card"] == "summary_large_image"
    picture = built / said["og:image"].removeprefix(SITE_URL)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (picture.name == "preview.png") == (page != FIGURE)


@with_address
@pytest.mark.parametrize("page", [*PAGES, "404.md"])
def test_the_header_leads_to_the_repository(built, page):
    header = read(built, page).partition("<header")[2].partition("</header>")[0]
    assert f'href="{REPO_URL}"' in header
    # The theme's own link would request the number of stars from the host.
    assert "data-md-component=source" not in header.replace('"', "")


@with_address
def test_the_map_and_the_list_of_pages(built):
    addresses = re.findall("<loc>(.*?)</loc>", (built / "sitemap.xml").read_text(encoding="utf-8"))
    assert {SITE_URL + page.replace(".md", ".html") for page in PAGES} <= set(addresses)
    assert all(address.startswith(SITE_URL) for address in addresses)
    assert f"]({SITE_URL}index.html)" in (built / "llms.txt").read_text(encoding="utf-8")


@with_address
@pytest.mark.parametrize(
    ("page", "part"),
    [
        ("index.md", f"pip install git+{REPO_URL}"),
        ("project/cite.md", f"url = {{{REPO_URL}}}"),
        ("start/walkthrough.md", "https://colab.research.google.com/github/example/lstm_variants/"),
    ],
)
def test_a_page_names_the_repository(built, page, part):
    text = re.sub("</?span[^>]*>", "", read(built, page))
    assert part in " ".join(text.split())


@without_address
def test_without_an_address_there_is_none(built):
    files = [path for ending in ("html", "txt", "xml") for path in built.rglob(f"*.{ending}")]
    assert len(files) > len(PAGES)
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"127\.0\.0\.1|localhost|example\.org|colab\.research", text), path
        assert not re.search(r'(?:href|src|content)=(?:""|\'\'|[ >])', text), path
        assert "git+" not in text, path
    home = read(built, "index.md")
    assert "canonical" not in home
    assert "md-source" not in home
    assert meta(home).keys() == {"og:type", "og:site_name", "og:title", "og:description"}
    assert "](index.html)" in (built / "llms.txt").read_text(encoding="utf-8")
