"""How figures look, on light pages and on dark ones."""

from __future__ import annotations

import io
import math
import re
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from experiments.report.markdown import PALETTES, figure_file
from experiments.report.preview import preview_file, save_preview

# Inches. A narrow page is a phone's; at this width, its letters have their natural size there.
WIDE, NARROW = 9.0, 3.6
THEMES = dict(zip(PALETTES, ("#1f2933", "#dfe3e8"), strict=True))
# Text and axes are drawn in this colour, which nothing else has; palettes replace it by their own.
FOREGROUND = "#010203"
# Seen on light and on dark pages alike.
ORANGE, BLUE, VIOLET, GREEN, GREY = "#d47c24", "#2b95d6", "#9179f2", "#29a634", "#7a8793"
COLORS = {
    "LSTM": ORANGE,
    "PeepholeLSTM": BLUE,
    "GRU": VIOLET,
    "RNN": GREY,
    "LSTM 1997": GREEN,
}


def save_figures(
    folder: Path, name: str, draw: Callable[[Any, float], Figure], content: Any
) -> None:
    """Draw a figure for wide and narrow pages, and write it for each palette and as a preview.

    Args:
        folder: Where the files are written.
        name: The name of the experiment.
        draw: Returns the figure, given the content and the width in inches.
        content: What is drawn.
    """
    for width in (WIDE, NARROW):
        text = io.StringIO()
        with style(width):
            figure = draw(content, width)
            figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
            if width == WIDE:
                save_preview(folder / preview_file(name), figure)
        plt.close(figure)
        for palette, color in THEMES.items():
            path = folder / figure_file(name, palette, narrow=width == NARROW)
            # Indents and less than a hundredth of a point are a tenth of a large file.
            short = re.sub(r"(\b[1-9]\d*\.\d{2})\d+", r"\1", text.getvalue())
            short = numbered(re.sub(r"\n +", "\n", short))
            path.write_text(short.replace(FOREGROUND, color), encoding="utf-8")


def numbered(svg: str) -> str:
    """A figure with numbers as identifiers: Matplotlib's depend on the last digits of a layout."""
    names = dict.fromkeys(re.findall(r'id="([a-z][0-9a-f]{10})"', svg))
    places = {name: f"{name[0]}{number}" for number, name in enumerate(names)}
    return re.sub(r'(id="|#)([a-z][0-9a-f]{10})\b', lambda m: m[1] + places.get(m[2], m[2]), svg)


def inline(figure: Figure, label: str) -> str:
    """A figure as SVG for a page that draws it: its black is the text colour of the page.

    Args:
        figure: A figure of `matplotlib.pyplot`; it is closed.
        label: The text alternative.
    """
    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "lstm_variants"}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    plt.close(figure)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace("#000000", "currentColor").replace("\n", "")
    svg = svg.replace("<text ", '<text fill="currentColor" ')
    # Two figures of a page have the same identifiers otherwise.
    own = re.sub(r"\W+", "-", label.lower())
    svg = re.sub(r'(\sid="|url\(#|href="#)', rf"\1{own}-", svg)
    return svg.replace("<svg ", f'<svg class="plot" role="img" aria-label="{escape(label)}" ', 1)


def grid(
    width: float,
    rows: int,
    columns: int,
    height: float,
    *,
    height_ratios: Sequence[float] | None = None,
    sharex: bool = False,
    sharey: bool = False,
    by_row: bool = False,
) -> tuple[Figure, NDArray[Any]]:
    """A figure with panels; on a narrow page, they are below one another.

    Args:
        width: Of the figure, in inches.
        rows: Number of rows.
        columns: Number of columns.
        height: Of a row, in inches.
        height_ratios: The height of each row in units of `height`; by default all 1.
        sharex: The panels of a column have the same x axis.
        sharey: The panels of a row have the same y axis.
        by_row: On a narrow page, row by row; by default, column by column.

    Returns:
        The figure, and the panels as an array `[rows, columns]`.
    """
    ratios = list(height_ratios or [1] * rows)
    stacks = columns if width == NARROW else 1
    made, panels = plt.subplots(
        rows * stacks,
        columns // stacks,
        figsize=(width, height * sum(ratios) * stacks),
        height_ratios=[r for r in ratios for _ in range(stacks)] if by_row else ratios * stacks,
        squeeze=False,
        layout="constrained",
    )
    if width == NARROW:
        panels = panels.reshape(rows, columns) if by_row else panels.reshape(columns, rows).T
    for row, column in product(range(rows), range(columns)):
        panel: Any = panels[row, column]
        if sharex and row:
            panel.sharex(panels[0, column])
        if sharey and column:
            panel.sharey(panels[row, 0])
            if width == WIDE:
                panel.tick_params(labelleft=False)
        if sharex and row < rows - 1:
            panel.tick_params(labelbottom=False)
    return made, panels


def first_of_rows(panels: NDArray[Any], width: float) -> list[Axes]:
    """The panels at the left edge of the page: all of them if it is narrow."""
    return list(panels.flat if width == NARROW else panels[:, 0])


def small_panels(
    width: float, number: int, height: float, columns: int = 4
) -> tuple[Figure, list[Axes]]:
    """A figure with many small panels that have the same y axis.

    Args:
        width: Of the figure, in inches.
        number: How many panels.
        height: Of a row, in inches.
        columns: Columns on a wide page; on a narrow one there are two.

    Returns:
        The figure and its panels, row by row; only those at the left edge have labels of the y
        axis.
    """
    columns = 2 if width == NARROW else columns
    rows = -(-number // columns)
    made, panels = plt.subplots(
        rows,
        columns,
        figsize=(width, height * rows),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for panel in panels.flat[number:]:
        panel.set_axis_off()
    return made, list(panels.flat[:number])


@contextmanager
def style(width: float) -> Iterator[None]:
    """Matplotlib's settings for a figure of a width; the same input gives the same file."""
    colored = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    settings: Any = dict.fromkeys(colored, FOREGROUND) | {
        "svg.hashsalt": "lstm_variants",
        "svg.fonttype": "path",
        "font.size": 11 if width == WIDE else 9.5,
        "axes.titlelocation": "left",
        "axes.titlesize": 11 if width == WIDE else 10,
        "legend.fontsize": 9,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(settings):
        yield


UNSOLVED = (
    "A triangle at the right edge, with a number, is for seeds that do not solve the task within "
    "the limit"
)
"""What `strips` draws for `None`, for captions."""


def strips(
    panel: Axes, groups: Mapping[str, Sequence[float | None]], colors: Sequence[str]
) -> None:
    """Every value as a dot, a line of dots for each group, with its median as a bar.

    `None` is a run that did not solve its task: a triangle at the right edge has their number.
    There is no bar if that is the median run.
    """
    at_edge: Any = {"transform": panel.get_yaxis_transform(), "clip_on": False}
    for row, (values, color) in enumerate(zip(groups.values(), colors, strict=True)):
        reached = [value for value in values if value is not None]
        panel.plot(reached, [row] * len(reached), "o", color=color, alpha=0.5, markersize=6, mew=0)
        middle = statistics.median([math.inf if value is None else value for value in values])
        if math.isfinite(middle):
            panel.plot([middle] * 2, [row - 0.25, row + 0.25], color=color, linewidth=2)
        if missing := len(values) - len(reached):
            panel.plot(1, row, ">", color=color, mfc="none", markersize=6, **at_edge)
            panel.text(1.04, row, str(missing), va="center", size=9, **at_edge)
    panel.set_yticks(range(len(groups)), list(groups))
    panel.set_ylim(len(groups) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)


def log_times(panel: Axes, shortest: float, limit: float) -> None:
    """A logarithmic axis for what it takes to solve a task: times are compared by their ratios."""
    panel.set_xscale("log")
    panel.set_xlim(0.8 * shortest, limit)
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    panel.xaxis.set_major_formatter(EngFormatter(sep=""))
    panel.xaxis.set_minor_locator(NullLocator())
