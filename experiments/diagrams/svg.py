"""Shapes of diagrams: boxes, operations, wires and labels, as SVG."""

from __future__ import annotations

import re
from itertools import pairwise

Point = tuple[float, float]
WIDTH = 680


def box(x: float, y: float, text: str, width: float = 60, height: float = 36) -> str:
    """A box with a text, by its centre: a function of its inputs."""
    left, top = x - width / 2, y - height / 2
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="6"/>'
        f'<text x="{x:g}" y="{y + 6:g}">{text}</text>'
    )


def operation(x: float, y: float, sign: str) -> str:
    """A circle with a sign, by its centre: an element-wise operation."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="13"/><text x="{x:g}" y="{y + 6:g}">{sign}</text>'


def wire(*points: Point, tip: bool = True, kind: str = "wire") -> str:
    """A line through points, horizontal or vertical between two, with a tip at its end."""
    first, *_ = points
    steps = [
        f"V{y:g}" if x == before_x else f"H{x:g}" for (before_x, _), (x, y) in pairwise(points)
    ]
    marker = ' marker-end="url(#TIP)"' if tip else ""
    return f'<path class="{kind}" d="M{first[0]:g} {first[1]:g}{"".join(steps)}"{marker}/>'


def letter(x: float, y: float, text: str, index: str = "") -> str:
    """A letter of the equations, in italics, with an index."""
    lowered = f'<tspan dy="5">{index}</tspan>' if index else ""
    return f'<text x="{x:g}" y="{y:g}" font-style="italic">{text}{lowered}</text>'


def state_line(y: float, text: str) -> str:
    """A state that runs through the diagram from left to right, with its letter at both ends."""
    return (
        wire((20, y), (660, y)) + letter(42, y - 14, text, "t−1") + letter(640, y - 14, text, "t")
    )


def extent(shapes: str) -> tuple[float, float]:
    """The highest and the lowest line that shapes take, with room for the letters there."""
    heights = [float(y) for y in re.findall(r'\bc?y="([\d.]+)', shapes)]
    heights += [float(y) for y in re.findall(r"(?:M[\d.]+ |V)([\d.]+)", shapes)]
    boxes = re.findall(r'<rect [^>]*\by="([\d.]+)"[^>]*\bheight="([\d.]+)"', shapes)
    heights += [float(top) + float(height) for top, height in boxes]
    return min(heights) - 24, max(heights) + 12
