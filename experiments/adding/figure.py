"""The figure of the record."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from experiments import Record, Result
from experiments.plotting import COLORS, UNSOLVED, WIDE, log_times, strips
from experiments.records import grouped

ALT = (
    "Above: sequences until the adding problem is solved, on a logarithmic axis, a dot for each "
    f"seed, the median as a bar. {UNSOLVED}. Below: the norm of the gradient against the lag k, a "
    "median over the seeds, in the same colours; solid: chrono initialisation, dotted: PyTorch's "
    "uniform one. Norms below 1e-12 are not shown"
)
LINES: dict[str, Any] = {"chrono T": "-", "uniform": ":"}
Run = tuple[str, str]
"""A network and its initialisation."""


def figure(result: Result, width: float) -> Figure:
    """How long it takes; below, how much of the gradient is left at each lag."""
    rate = result["config"]["rate"]
    records = [record for record in result["records"] if record["case"]["rate"] == rate]
    lags: dict[int, dict[Run, list[Record]]] = {}
    for (T, model, name), runs in grouped(records, "T", "model", "initialisation").items():
        lags.setdefault(T, {})[model, name] = runs
    for T, found in lags.items():
        lags[T] = dict(sorted(found.items(), key=lambda run: list(COLORS).index(run[0][0])))
    heights = (3.4, 4.6) if width == WIDE else (5.8, 5.2)
    made = plt.figure(figsize=(width, sum(heights)), layout="constrained")
    [[above], [below]] = made.subfigures(2, 1, height_ratios=heights, squeeze=False)
    fewest = min(record["sequences"] for record in records)
    draw_times(above, lags, (fewest, result["config"]["max_sequences"]), width)
    draw_gradients(below, lags, width)
    return made


def draw_times(
    part: SubFigure, lags: dict[int, dict[Run, list[Record]]], ends: tuple[int, int], width: float
) -> None:
    """A panel for each length, with a row for each network; on a wide page, the first is beside."""
    rows = [len(found) for found in lags.values()]
    places: list[Any] = [[T] for T in lags]
    if width == WIDE:
        first, *others = lags
        places, rows = [[first, T] for T in others], rows[1:]
    panels = part.subplot_mosaic(places, height_ratios=rows)
    for T, found in lags.items():
        groups = {
            f"{model}, {name}": [r["sequences"] if r["solved"] else None for r in runs]
            for (model, name), runs in found.items()
        }
        strips(panels[T], groups, [COLORS[model] for model, _ in found])
        log_times(panels[T], *ends)
        panels[T].set_title(f"T = {T}")
    panels[places[-1][-1]].set_xlabel("sequences seen")
    if width == WIDE:
        panels[places[0][0]].set_xlabel("sequences seen")


def draw_gradients(part: SubFigure, lags: dict[int, dict[Run, list[Record]]], width: float) -> None:
    """Norms before and after training; on a wide page, a column for each length."""
    moments = ("before", "after")
    if width == WIDE:
        panels = part.subplots(len(moments), len(lags), sharex="col", sharey=True).T
        lowest = panels[:, -1]
    else:
        panels = part.subplots(len(lags), len(moments), sharex="row", sharey=True)
        lowest = panels[-1]
    for panel in lowest:
        panel.set_xlabel("lag k")
    for row, (T, found) in zip(panels, lags.items(), strict=True):
        for panel, when in zip(row, moments, strict=True):
            for (model, name), runs in found.items():
                points = np.array([record["norms"][when] for record in runs])
                middle = np.median(points[..., 1], axis=0)
                panel.plot(points[0, :, 0], middle, color=COLORS[model], linestyle=LINES[name])
            panel.set_xscale("log")
            panel.set_yscale("log")
            panel.set_ylim(bottom=1e-12)
            panel.set_title(f"T = {T}, {when}" + (" training" if width == WIDE else ""))
    part.supylabel("‖∂h(T) / ∂x(T - k)‖", size="medium")
    models = dict.fromkeys(model for found in lags.values() for model, _ in found)
    keys = [Line2D([], [], color=COLORS[model], label=model) for model in models]
    grey = COLORS["RNN"]
    keys += [Line2D([], [], color=grey, linestyle=line, label=n) for n, line in LINES.items()]
    part.legend(handles=keys, loc="outside lower center", ncols=7 if width == WIDE else 2)
