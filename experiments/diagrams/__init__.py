"""Diagrams of cells, drawn from the settings of the cell, for the documentation.

A diagram is a list of parts, each with the settings for which it is present, so that one list is a
whole family, and the difference between two cells is the parts that only one of them has.
"""

from __future__ import annotations

from experiments.diagrams import bidirectional, elman, extended, gru, lstm, mean, slstm
from experiments.diagrams.parts import Diagram, Part, description, render
from lstm_variants.cells import (
    Cell,
    ElmanCell,
    GRUCell,
    IndRNNCell,
    JANETCell,
    LayerNormLSTMCell,
    LSTMCell,
    MGUCell,
    MinGRUCell,
    MinLSTMCell,
    MultiplicativeLSTMCell,
    SLSTMCell,
)

__all__ = ["DIAGRAMS", "Diagram", "Part", "baseline", "description", "diagram"]

DIAGRAMS: dict[type[Cell], Diagram] = {
    LSTMCell: lstm.DIAGRAM,
    GRUCell: gru.DIAGRAM,
    ElmanCell: elman.DIAGRAM,
    IndRNNCell: elman.DIAGRAM,
    LayerNormLSTMCell: extended.DIAGRAM,
    MultiplicativeLSTMCell: extended.DIAGRAM,
    MGUCell: mean.DIAGRAM,
    JANETCell: mean.DIAGRAM,
    MinGRUCell: mean.DIAGRAM,
    MinLSTMCell: mean.DIAGRAM,
    SLSTMCell: slstm.DIAGRAM,
}
"""The diagram of each family of cells."""


def baseline(cell: Cell) -> Cell:
    """The cell that a cell is compared with."""
    own: Cell | None = DIAGRAMS[type(cell)].baseline
    return type(cell)() if own is None else own


def diagram(
    cell: Cell,
    title: str,
    identifier: str,
    *,
    directions: int = 1,
    compared_with: Cell | None = None,
) -> str:
    """Draw one time step of a cell as inline SVG.

    The cell is compared with another one: parts that only one of the two has are marked as added or
    as removed.

    Args:
        cell: A cell of one of the families in `DIAGRAMS`.
        title: The name of the diagram, for screen readers.
        identifier: Begins the identifiers in the SVG; unique on a page.
        directions: If 2, the two directions of a layer are drawn, and not the cell.
        compared_with: A cell of the same family; its baseline if `None`.

    Raises:
        ValueError: If there is no diagram for the cell's class.
    """
    if directions == 1 and type(cell) not in DIAGRAMS:
        raise ValueError(f"there is no diagram for {type(cell).__name__}: add it to DIAGRAMS")
    family = DIAGRAMS[type(cell)] if directions == 1 else bidirectional.DIAGRAM
    other = baseline(cell) if compared_with is None else compared_with
    return render(family, cell, other, title, identifier)
