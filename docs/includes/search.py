"""A hook of MkDocs: what the search index leaves out.

Equations, which it would hold as LaTeX, the texts inside diagrams, and the source code below the
entries of the reference. What is left out ends at the next closing tag of the same name.
"""

import re

LEFT_OUT = re.compile(
    r'(<svg\b|<\w+[^>]* class="[^"]*\b(?:arithmatex|mkdocstrings-source)\b[^"]*")'
)


def on_page_content(html, **_):
    """Mark these parts of a page."""
    return LEFT_OUT.sub(r"\1 data-search-exclude", html)
