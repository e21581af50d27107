"""The picture that other sites show beside a link to a page, which has to be a PNG."""

from __future__ import annotations

import io
import re
import textwrap
from pathlib import Path

from matplotlib import image
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from experiments import FOLDER

WIDTH, HEIGHT = 1200, 630  # pixels; what these sites recommend
MARGIN = 30  # pixels
DPI = 100
DEFAULT = "preview.png"
TEAL = "#0b5e60"  # the colour of the site


def preview_file(name: str) -> str:
    """The name of the file for a figure."""
    return f"{name}-{DEFAULT}"


def save_preview(path: Path, figure: Figure) -> None:
    """Write a figure as such a picture: as large as fits, on white."""
    width, height = figure.get_size_inches()
    scale = min((WIDTH - 2 * MARGIN) / width, (HEIGHT - 2 * MARGIN) / height)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=scale, facecolor="white")
    drawn.seek(0)
    pixels = image.imread(drawn)
    canvas = plt.figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
    canvas.figimage(pixels, (WIDTH - pixels.shape[1]) // 2, (HEIGHT - pixels.shape[0]) // 2)
    write(path, canvas, "white")


def save_default(path: Path) -> None:
    """Write the picture of pages without a figure: the logo, the name and what this is."""
    settings = (FOLDER.parent / "mkdocs.yml").read_text(encoding="utf-8")
    name, description = (
        re.findall(rf"^site_{key}: (.*)$", settings, re.MULTILINE)[0]
        for key in ("name", "description")
    )
    canvas = plt.figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
    panel = canvas.add_axes((0.07, 0.5, 0.36 * HEIGHT / WIDTH, 0.36))
    panel.set(xlim=(2, 30), ylim=(29, 1), aspect="equal")
    panel.axis("off")
    # The shapes of docs/assets/logo.svg.
    lines: list[list[tuple[float, float]]]
    lines = [[(4, 10.6), (11, 11)], [(21.4, 28), (11, 11)], [(16, 16), (27, 17)]]
    lines += [[(13.8, 18.2), (8.8, 13.2)], [(18.2, 13.8), (8.8, 13.2)]]
    for x, y in lines:
        panel.add_line(Line2D(x, y, color="white", linewidth=11, solid_capstyle="round"))
    panel.add_patch(Circle((16, 11), 5.4, fill=False, edgecolor="white", linewidth=11))
    canvas.text(0.34, 0.64, name, color="white", fontsize=54, weight="bold")
    text = "\n".join(textwrap.wrap(description, 44))
    canvas.text(0.07, 0.4, text, color="white", fontsize=30, va="top", linespacing=1.4)
    write(path, canvas, TEAL)


def write(path: Path, canvas: Figure, color: str) -> None:
    """Write a picture, the same every time, and close it."""
    canvas.savefig(path, dpi=DPI, facecolor=color, metadata={"Software": None})
    plt.close(canvas)
