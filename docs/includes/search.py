"""A hook of MkDocs: what the search finds, and in which order.

- Text only: neither displayed equations nor the texts inside diagrams, nor the source code below
  the entries of the reference, nor the rows of tables in the section Results. What is left out ends
  at the next closing tag of the same name.
- Formulas within a sentence as readers see them, not as LaTeX.
- Pages of the sections that a newcomer needs first come first.
- Words that a page does not use, from `search_words.toml`, in a field that results do not show.

What becomes of a query is in `docs/assets/search.js`; weights of the fields are in `mkdocs.yml`.
"""

import html
import json
import logging
import re
import tomllib
from html.entities import html5
from pathlib import Path

LOG = logging.getLogger("mkdocs.hooks.search")  # in a strict build, a warning is an error
LEFT_OUT = re.compile(
    r'(<svg\b|<div[^>]* class="[^"]*\barithmatex\b[^"]*"'
    r'|<\w+[^>]* class="[^"]*\bmkdocstrings-source\b[^"]*")'
)
WORDS = Path(__file__).with_name("search_words.toml")
BOOSTS = {"Learn": 2, "Use": 2, "Project": 1.5, "Results": 1, "Reference": 0.7}
"""Weights of the sections of the navigation."""
HOME = 2
FORMULA = re.compile(r"\\\((.*?)\\\)", re.DOTALL)
SYMBOLS = html5 | {"cdot;": "·", "cdots;": "…", "mathrm;": "", "partial;": "∂"}
SYMBOLS |= {"sqrt;": "√", "to;": "→"}
ACCENTS = {"hat": "\u0302", "tilde": "\u0303"}
ACCENTED = re.compile(r"\\(hat|tilde) ?\{?(\w)\}?")


def on_page_content(html, page, **_):
    """Set the weight of a page, and mark what is left out."""
    section = page.ancestors[-1].title if page.ancestors else None
    page.meta.setdefault("search", {}).setdefault("boost", BOOSTS.get(section, HOME))
    if section == "Results":
        html = html.replace("<tbody>", "<tbody data-search-exclude>")
    return LEFT_OUT.sub(r"\1 data-search-exclude", html)


def on_post_build(config):
    """Add the words to the index, which the plugin has just written, and make formulas readable."""
    path = Path(config.site_dir, "search", "search_index.json")
    index = json.loads(path.read_text(encoding="utf-8"))
    words = {
        name.replace(".md", ".html"): text
        for name, text in tomllib.loads(WORDS.read_text(encoding="utf-8")).items()
    }
    for entry in index["docs"]:
        for field in ("title", "text"):
            entry[field] = FORMULA.sub(readable, entry[field])
        if entry["location"] in words:
            entry["words"] = words.pop(entry["location"])
    if words:
        LOG.warning("%s: no such page or section: %s", WORDS.name, ", ".join(words))
    path.write_text(json.dumps(index, separators=(",", ":")), encoding="utf-8")


def readable(formula):
    """A formula as HTML: `h_{t-1}` with a subscript, symbols as characters."""
    text = html.unescape(formula[1])
    text = ACCENTED.sub(lambda found: found[2] + ACCENTS[found[1]], text)
    text = re.sub(r"\\([a-zA-Z]+)", lambda found: SYMBOLS.get(f"{found[1]};", found[1]), text)
    text = html.escape(re.sub(r"\\\W", " ", text), quote=False)
    for mark, tag in (("_", "sub"), (r"\^", "sup")):
        text = re.sub(rf"{mark}(?:\{{([^{{}}]*)\}}|(\S))", rf"<{tag}>\1\2</{tag}>", text)
    return " ".join(re.sub("[{}]", "", text).split())
