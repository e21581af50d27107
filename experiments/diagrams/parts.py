"""Parts of a diagram, and how the difference between two cells is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.diagrams.svg import WIDTH, extent


@dataclass(frozen=True)
class Part:
    """A part of a diagram.

    Attributes:
        name: Its name: a letter of the equations, or what it is.
        text: What it does, as a sentence, for those who do not see the diagram.
        shapes: SVG.
        present: Whether a cell has it.
    """

    name: str
    text: str
    shapes: str
    present: Callable[[Any], bool] = lambda cell: True


@dataclass(frozen=True)
class Diagram:
    """The diagram of a family of cells.

    Attributes:
        parts: Later ones are drawn over earlier ones.
        baseline: The cell that its cells are compared with; `None` for the cell of the same type
            with the default settings.
    """

    parts: Sequence[Part]
    baseline: Any = None


def status_of(part: Part, cell: Any, baseline: Any) -> str:
    """`plain`, `added` or `removed`, or nothing if neither cell has the part."""
    statuses = {
        (True, True): "plain",
        (True, False): "added",
        (False, True): "removed",
        (False, False): "",
    }
    return statuses[part.present(cell), part.present(baseline)]


def description(family: Diagram, cell: Any, baseline: Any) -> str:
    """A cell in words: what it does, then how it differs from another one."""
    texts: dict[str, list[str]] = {"plain": [], "added": [], "removed": []}
    for part in family.parts:
        if part.text and (status := status_of(part, cell, baseline)):
            texts[status].append(part.text)
    found = [*texts["plain"]]
    if texts["added"]:
        found += ["Added:", *texts["added"]]
    if texts["removed"]:
        found += ["Removed:", *texts["removed"]]
    return " ".join(found)


def render(family: Diagram, cell: Any, baseline: Any, title: str, identifier: str) -> str:
    """The SVG of a cell, with its difference from a baseline marked."""
    drawn = {part: status_of(part, cell, baseline) for part in family.parts}
    groups = "\n".join(
        f'<g class="{status}" data-part="{part.name}">'
        f"{part.shapes.replace('#TIP', f'#{identifier}-{status}')}</g>"
        for part, status in drawn.items()
        if status
    )
    top, bottom = extent("".join(part.shapes for part, status in drawn.items() if status))
    # A tip does not take the colour of its wire: there is one for each status.
    tips = "".join(
        f'<marker id="{identifier}-{status}" class="{status}" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerUnits="userSpaceOnUse" markerWidth="11" markerHeight="11" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker>'
        for status in ("plain", "added", "removed")
    )
    return (
        f'<svg class="cell-diagram" viewBox="0 {top:g} {WIDTH} {bottom - top:g}" '
        f'role="img" aria-labelledby="{identifier}-title {identifier}-text">\n'
        f'<title id="{identifier}-title">{title}</title>\n'
        f'<desc id="{identifier}-text">{description(family, cell, baseline)}</desc>\n'
        f"<defs>{tips}</defs>\n{groups}\n</svg>"
    )
