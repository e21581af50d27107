"""A hook of MkDocs: figures have a width and a height, which avoids layout shift."""

import re
from pathlib import Path

FIGURE = re.compile(r'\b(?:src|srcset)="(\.\./generated/[^"#]+\.svg)[^"]*"')
SIZE = re.compile(r'<svg [^>]*width="([\d.]+)pt" height="([\d.]+)pt"')
PIXELS_PER_POINT = 96 / 72


def size_of(path):
    """Width and height of a figure of Matplotlib, in pixels."""
    sizes = SIZE.search(path.read_text(encoding="utf-8")).groups()
    return [round(float(points) * PIXELS_PER_POINT) for points in sizes]


def on_page_content(html, page, config, **_):
    """Add width and height to the figures of a page."""
    folder = Path(config.docs_dir, page.file.src_uri).parent

    def with_size(found):
        width, height = size_of(folder / found[1])
        return f'{found[0]} width="{width}" height="{height}"'

    return FIGURE.sub(with_size, html)
