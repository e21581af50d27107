"""How figures look, on light pages and on dark ones."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report.markdown import PALETTES

THEMES = dict(zip(PALETTES, ("#1f2933", "#dfe3e8"), strict=True))
# Seen on light and on dark pages alike.
ORANGE, BLUE, VIOLET, GREEN, GREY = "#d9822b", "#2b95d6", "#9179f2", "#29a634", "#7a8793"
COLORS = {
    "LSTM": ORANGE,
    "PeepholeLSTM": BLUE,
    "GRU": VIOLET,
    "RNN": GREY,
    "LSTM 1997": GREEN,
}


def save_figures(folder: Path, name: str, draw: Callable[[Any], Figure], content: Any) -> None:
    """Draw a figure once for each palette, as `<name>-<palette>.svg`."""
    for palette, ink in THEMES.items():
        path = folder / f"{name}-{palette}.svg"
        with style(ink):
            figure = draw(content)
            figure.savefig(path, metadata={"Date": None}, transparent=True)
        plt.close(figure)


@contextmanager
def style(ink: str) -> Iterator[None]:
    """Matplotlib's settings for a figure drawn in one ink; the same input gives the same file."""
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    settings: Any = dict.fromkeys(inked, ink) | {
        "svg.hashsalt": "lstm_variants",
        "svg.fonttype": "path",
        "font.size": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(settings):
        yield


def strips(panel: Axes, groups: Mapping[str, Sequence[float]], colors: Sequence[str]) -> None:
    """Every value as a dot, a line of dots for each group, with its median as a bar."""
    for row, (values, color) in enumerate(zip(groups.values(), colors, strict=True)):
        if not values:
            continue
        panel.plot(values, [row] * len(values), "o", color=color, alpha=0.5, markersize=6, mew=0)
        middle = statistics.median(values)
        panel.plot([middle] * 2, [row - 0.25, row + 0.25], color=color, linewidth=2)
    panel.set_yticks(range(len(groups)), list(groups))
    panel.set_ylim(len(groups) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
