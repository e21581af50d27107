"""Results of the adding problem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter

from experiments import Record
from experiments.report.figures import COLORS, strips
from experiments.report.results import Result, grouped
from experiments.verdicts import Comparison, claim, shares, times

ALT = "Sequences until the adding problem is solved, and the norm of the gradient against the lag"

LINES: dict[str, Any] = {"chrono": "-", "plain": ":"}
# Sequences until it was solved, of Hochreiter & Schmidhuber.
PUBLISHED = {100: 74_000, 500: 209_000, 1000: 853_000}


OF_INTEREST = 2.0  # times sooner


def score(records: Sequence[Record]) -> Record:
    """Shares of seeds that solve it, and how many times sooner."""
    found = grouped(records, "T", "start", "model")
    solved = {key: [bool(r["solved"]) for r in rs] for key, rs in found.items()}
    cap = max((r["sequences"] for r in records if not r["solved"]), default=math.inf)
    took = {key: [r["sequences"] if r["solved"] else cap for r in rs] for key, rs in found.items()}
    starts = list(dict.fromkeys((T, start) for T, start, model in found if model != "RNN"))

    def sooner(label: str, ahead: tuple[int, str, str], behind: tuple[int, str, str]) -> Comparison:
        return times(label, took[ahead], took[behind], cap, reported=OF_INTEREST)

    return {
        "claims": [
            claim(
                "An LSTM bridges lags that a plain recurrent network does not",
                "Hochreiter & Schmidhuber 1997",
                "LSTM solves T = 100, 500 and 1000 after 74,000, 209,000 and 853,000 sequences",
                "adapted",
                [
                    shares(
                        f"T = {T}, {start}: {model} minus RNN, share of seeds that solve it",
                        solved[T, start, model],
                        solved[T, "plain", "RNN"],
                        reported=100,
                    )
                    for T, start in starts
                    for model in ("LSTM 1997", "LSTM")
                ],
            ),
            claim(
                "On the adding problem a GRU does better than an LSTM",
                "Bai, Kolter & Koltun 2018",
                "another adding problem, T = 600: loss 5.3e-5 (GRU), 0.164 (LSTM)",
                "our own task",
                [
                    sooner(
                        f"T = {T}, {start}: GRU against LSTM, sequences to solve it",
                        (T, start, "GRU"),
                        (T, start, "LSTM"),
                    )
                    for T, start in starts
                ],
            ),
            claim(
                "The chrono initialisation makes long lags easier to learn",
                "Tallec & Ollivier 2018",
                "greatly improves learning of long-term dependencies (abstract)",
                "our own task",
                [
                    sooner(
                        f"T = {T}: {model}, chrono against plain, sequences to solve it",
                        (T, "chrono", model),
                        (T, "plain", model),
                    )
                    for T, start in starts
                    if start == "plain"
                    for model in ("LSTM", "GRU")
                ],
            ),
        ]
    }


def table(records: Sequence[Record]) -> str:
    """Share solved and sequences that it took, a row for each lag, model and start."""
    rows: list[dict[str, Any]] = []
    for (T, start, model), found in grouped(records, "T", "start", "model").items():
        took = np.median([r["sequences"] if r["solved"] else np.inf for r in found])
        paper = PUBLISHED.get(T) if model == "LSTM 1997" else None
        rows.append(
            {
                "T": T,
                "model": model,
                "start": start,
                "solved": f"{sum(r['solved'] for r in found)} of {len(found)}",
                "sequences, median": f"{took:,.0f}" if np.isfinite(took) else "not solved",
                "paper": f"{paper:,}" if paper else "",
                "mean error": f"{np.median([r['mean_error'] for r in found]):.3f}",
            }
        )
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)


def figure(result: Result) -> Figure:
    """How long it takes; below, how much of the gradient is left at each lag."""
    found = grouped(result["records"], "T", "start", "model")
    lags = list(dict.fromkeys(T for T, _, _ in found))
    runs = list(dict.fromkeys((model, start) for _, start, model in found))
    runs.sort(key=lambda run: list(COLORS).index(run[0]))
    made, panels = plt.subplots(
        3,
        len(lags),
        figsize=(9, 9.5),
        height_ratios=(1.4, 1, 1),
        layout="constrained",
        squeeze=False,
        sharex="row",
        sharey="row",
    )
    for column, T in zip(panels.T, lags, strict=True):
        seen = {run: found.get((T, *run[::-1]), []) for run in runs}
        groups = {
            f"{model}, {start}": [r["sequences"] for r in records]
            for (model, start), records in seen.items()
        }
        strips(column[0], groups, [COLORS[model] for model, _ in runs])
        for row, records in enumerate(seen.values()):
            if records:
                share = f"{sum(r['solved'] for r in records)}/{len(records)}"
                column[0].text(1, row, share, transform=column[0].get_yaxis_transform(), size=8)
        column[0].set_xlim(left=0)
        column[0].xaxis.set_major_formatter(EngFormatter(sep=""))
        column[0].set_title(f"T = {T}: sequences seen", loc="left", size=11)
        for panel, when in zip(column[1:], ("before", "after"), strict=True):
            for (model, start), records in seen.items():
                if not records:
                    continue
                points = np.array([record["norms"][when] for record in records])
                panel.plot(
                    points[0, :, 0],
                    np.median(points[..., 1], axis=0),
                    color=COLORS[model],
                    linestyle=LINES[start],
                )
            panel.set_xscale("log")
            panel.set_yscale("log")
            panel.set_ylim(bottom=1e-12)
            panel.set_title(f"T = {T}, {when} training", loc="left", size=11)
            panel.set_xlabel("lag k")
    for row in panels[1:]:
        row[0].set_ylabel("‖∂h(T) / ∂x(T - k)‖")
    lines = [Line2D([], [], color=COLORS["RNN"], linestyle=style) for style in LINES.values()]
    panels[1, 0].legend(lines, list(LINES), frameon=False, fontsize=9)
    return made
