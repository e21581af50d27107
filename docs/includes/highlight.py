"""A hook of MkDocs: less markup in highlighted code, which makes up most of some pages."""

import re

# Names and spaces, which have no colour of their own in the theme.
PLAIN = re.compile(r'<span class="[nw]">([^<]*)</span>')


def on_page_content(html, **_):
    """Take away the elements around names and spaces."""
    return PLAIN.sub(r"\1", html)
