"""The part of the reference that lists modules."""

from experiments import FOLDER

CELLS = FOLDER.parent / "lstm_variants" / "cells"
USUAL = ("lstm", "gru", "elman")
# Inherited members are those of the interface, which has a page.
OPTIONS = (
    "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n"
    "      inherited_members: false\n"
)


def cells_reference() -> str:
    """Every module of `lstm_variants/cells` but the interface, the usual ones first."""
    names = sorted({path.stem for path in CELLS.glob("[!_]*.py")} - {"cell"})
    names.sort(key=lambda name: [name != usual for usual in USUAL])
    return "\n".join(f"::: lstm_variants.cells.{name}\n{OPTIONS}" for name in names)
