"""A hook of MkDocs: the page of the cells has every module of `lstm_variants/cells`."""

from pathlib import Path

CELLS = Path(__file__).parents[2] / "lstm_variants" / "cells"
OPTIONS = "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n"


def on_page_markdown(markdown, page, **_):
    if page.file.src_uri != "api/cells.md":
        return markdown
    names = sorted(path.stem for path in CELLS.glob("[!_]*.py"))
    names.sort(key="cell".__ne__)  # the interface first
    return markdown + "\n".join(f"\n::: lstm_variants.cells.{name}\n{OPTIONS}" for name in names)
