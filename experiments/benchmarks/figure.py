"""The figure of the record."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from experiments import Result
from experiments.benchmarks.results import size_text
from experiments.plotting import THEMES

# On the coloured cells of a grid, whatever the page's palette.
INK = THEMES["light"]


# Ratios from here on are on dark cells.
PALE = 3.7


def figure(result: Result) -> Figure:
    """Ratios by variant and size, a panel for each mode and number of threads."""
    records = result["records"]
    sizes = list(dict.fromkeys(size_text(r["size"]) for r in records))
    variants = list(dict.fromkeys(r["variant"] for r in records))
    threads = list(dict.fromkeys(r["threads"] for r in records))
    ratios = {
        (r["threads"], r["mode"], r["variant"], size_text(r["size"])): r["ratio"]["median"]
        for r in records
    }
    figure, panels = plt.subplots(
        *(len(threads), 2),
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(9, 0.8 + (0.8 + 0.3 * len(variants)) * len(threads)),
        layout="constrained",
    )
    for row, number in zip(panels, threads, strict=True):
        for panel, mode in zip(row, ("forward", "training"), strict=True):
            grid = [[ratios[number, mode, name, size] for size in sizes] for name in variants]
            draw_ratios(panel, grid)
            of = f", {number} thread{'s' if number > 1 else ''}" if len(threads) > 1 else ""
            panel.set_title(f"{mode}{of}: time / time of torch.nn", loc="left", size=11)
            panel.set_yticks(range(len(variants)), variants)
            panel.tick_params(length=0)
            panel.spines[:].set_visible(False)
    for panel in panels[-1]:
        panel.set_xticks(range(len(sizes)), [size.replace(", ", ",\n") for size in sizes], size=9)
    panels[-1][0].set_xlabel("B, T, D, H", loc="left", size=9)
    return figure


def draw_ratios(panel: Axes, grid: list[list[float]]) -> None:
    """Coloured cells with their numbers: green is faster than torch.nn."""
    panel.imshow(grid, cmap="PiYG_r", norm=LogNorm(1 / 8, 8), aspect="auto")
    for row, line in enumerate(grid):
        for column, ratio in enumerate(line):
            color = INK if 1 / PALE < ratio < PALE else "white"
            text = f"{ratio:.2f}"
            panel.text(column, row, text, ha="center", va="center", size=9, color=color)
