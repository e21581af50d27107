"""A hook of MkDocs: what the search index leaves out.

Equations, which it would hold as LaTeX, and the source code below the entries of the reference.
"""

import re

LEFT_OUT = re.compile(r'(<\w+[^>]* class="[^"]*\b(?:arithmatex|mkdocstrings-source)\b[^"]*")')


def on_page_content(html, **_):
    """Mark these parts of a page."""
    return LEFT_OUT.sub(r"\1 data-search-exclude", html)
