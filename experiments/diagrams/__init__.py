"""Diagrams of cells, drawn from the settings of the cell, for the documentation.

A diagram is a list of parts, each with the settings for which it is present, so that one list is a
whole family, and the difference between two cells is the parts that only one of them has.
"""

from __future__ import annotations

from experiments.diagrams import bidirectional, elman, gru, lstm
from experiments.diagrams.parts import Diagram, Part, description, render
from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell

__all__ = ["DIAGRAMS", "Diagram", "Part", "description", "diagram"]

DIAGRAMS: dict[type[Cell], Diagram] = {
    LSTMCell: lstm.DIAGRAM,
    GRUCell: gru.DIAGRAM,
    ElmanCell: elman.DIAGRAM,
}
"""The diagram of each family of cells."""


def diagram(cell: Cell, title: str, identifier: str, *, directions: int = 1) -> str:
    """Draw one time step of a cell as inline SVG.

    The cell is compared with the cell of its family that has the default settings: parts that only
    one of the two has are marked as added or as removed.

    Args:
        cell: A cell of one of the families in `DIAGRAMS`.
        title: The name of the diagram, for screen readers.
        identifier: Begins the identifiers in the SVG; unique on a page.
        directions: If 2, the two directions of a layer are drawn, and not the cell.
    """
    family = DIAGRAMS[type(cell)] if directions == 1 else bidirectional.DIAGRAM
    return render(family, cell, type(cell)(), title, identifier)
