"""A student, a researcher and an engineer find what they came for."""

import re

import pytest

from site_tests.conftest import SITE

PAGES = sorted(path for path in SITE.rglob("*.html"))


@pytest.mark.parametrize(
    ("links", "wanted"),
    [
        (["what a gate does"], "explanation/gates.html"),
        (["traps"], "howto/replace.html"),
        (["Learn", "Four recurrent networks"], "start/walkthrough.html"),
        (["Learn", "Step through a cell"], "start/step.html"),
        (["Learn", "The variants"], "explanation/variants.html"),
        (["train a network"], "start/train.html"),
        (["Results"], "results/what-holds.html"),
        (["how to cite"], "project/cite.html"),
        (["parameter counts"], "results/shapes.html"),
        (["choose a variant"], "howto/choose.html"),
        (["Replace torch.nn.LSTM"], "howto/replace.html"),
        (["Use", "Troubleshooting"], "howto/troubleshooting.html"),
        (["Use", "Compile, export and save"], "howto/export.html"),
        (["Reference"], "api/layers.html"),
    ],
)
def test_at_most_two_clicks_from_home(visit, links, wanted):
    page = visit("index.html").page
    for link in links:
        page.get_by_role("link", name=link, exact=True).first.click()
        page.wait_for_load_state()
    page.wait_for_url(f"**/{wanted}*")


def test_every_page_has_its_own_description():
    descriptions = {}
    for path in PAGES:
        if path.name != "404.html":
            found = re.findall('<meta name="description" content="(.*?)"', path.read_text())
            assert len(found) == 1, path
            assert descriptions.setdefault(found[0], path) == path


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_equation_stays_as_it_was_typed(path):
    """Markdown that takes an equation for text leaves its delimiters and commands on the page."""
    whole = path.read_text(encoding="utf-8")
    article = whole.partition("<article")[2].partition("</article>")[0]
    rendered = r'<(div|span) class="arithmatex"[^>]*>.*?</\1>'
    others = r"<(pre|code|script|template)\b.*?</\2>|<[^>]*>"
    text = re.sub(f"{rendered}|{others}", "", article, flags=re.DOTALL)
    assert not re.search(r"\$[^$\n]{1,40}\$|\\[(\[]|\\[a-zA-Z]{2,}", text)
