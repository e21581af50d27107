"""A hook of MkDocs: the picture that other sites show beside a link to a page.

It is the first figure of the page, or else the one of the site; `make report` writes both.
"""

import re
from pathlib import Path

FIGURE = re.compile(r'"[./]*(generated/[^"]+)-light\.svg')


def on_page_context(context, page, config, **_):
    """Name the picture, if the address of the site is known: it has to be a whole address."""
    figure = FIGURE.search(page.content)
    name = f"{figure[1]}-preview.png" if figure else "generated/preview.png"
    if not Path(config.docs_dir, name).exists():
        raise FileNotFoundError(f"{name}: run make report")
    if config.site_url:
        context["preview"] = f"{config.site_url.rstrip('/')}/{name}"
    return context
