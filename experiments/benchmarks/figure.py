"""The figure of the record."""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from experiments import Result
from experiments.benchmarks.sizes import size_name
from experiments.plotting import THEMES, WIDE, grid

# On the coloured cells of a grid, whatever the page's palette.
INK = THEMES["light"]
# Colours that this ink can be read on; beyond these ratios, they stay the same.
COLOURS = plt.get_cmap("PiYG_r")
SCALE = LogNorm(1 / 25, 25)
LIMITS = (1 / 6, 6.0)


def figure(result: Result, width: float) -> Figure:
    """Ratios by variant and size, a panel for each mode and number of threads."""
    records = result["records"]
    sizes = list(dict.fromkeys(size_name(r["size"]) for r in records))
    variants = list(dict.fromkeys(r["variant"] for r in records))
    threads = list(dict.fromkeys(r["threads"] for r in records))
    ratios = {
        (r["threads"], r["mode"], r["variant"], size_name(r["size"])): r["ratio"]["median"]
        for r in records
    }
    figure, panels = grid(width, len(threads), 2, 1 + 0.3 * len(variants), sharey=True)
    for row, number in zip(panels, threads, strict=True):
        for panel, mode in zip(row, ("forward", "training"), strict=True):
            cells = [[ratios[number, mode, name, size] for size in sizes] for name in variants]
            draw_ratios(panel, cells)
            of = f", {number} thread{'s' if number > 1 else ''}" if len(threads) > 1 else ""
            panel.set_title(f"{mode}{of}")
            panel.set_xticks(range(len(sizes)), sizes, rotation=0 if width == WIDE else 40)
            panel.set_yticks(range(len(variants)), variants)
            panel.tick_params(length=0)
            panel.spines[:].set_visible(False)
    return figure


def draw_ratios(panel: Axes, cells: list[list[float]]) -> None:
    """Coloured cells with their numbers: green is faster than torch.nn."""
    panel.imshow(np.clip(cells, *LIMITS), cmap=COLOURS, norm=SCALE, aspect="auto")
    for row, line in enumerate(cells):
        for column, ratio in enumerate(line):
            panel.text(column, row, f"{ratio:.2f}", ha="center", va="center", color=INK)
