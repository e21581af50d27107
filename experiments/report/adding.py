"""What the adding problem says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Record
from experiments.report.figures import COLORS, strips
from experiments.report.results import Result, grouped
from experiments.verdicts import claim, compare

ALT = "Sequences until the adding problem is solved, and the norm of the gradient against the lag"


def score(records: Sequence[Record]) -> Record:
    """The share of seeds that solve it decides, and how soon."""
    found = grouped(records, "T", "model")
    solved = {key: [float(r["solved"]) for r in rs] for key, rs in found.items()}
    soon = {key: [-np.log2(r["sequences"]) for r in rs] for key, rs in found.items()}
    lags = list(dict.fromkeys(T for T, _ in found))
    return {
        "claims": [
            claim(
                "An LSTM bridges lags that a plain recurrent network does not",
                "Hochreiter & Schmidhuber 1997",
                "LSTM solves T = 100 and 500 after 74,000 and 209,000 sequences",
                [
                    compare(
                        f"T = {T}: share of seeds solved, {model} over RNN",
                        solved[T, model],
                        solved[T, "RNN"],
                    )
                    for T in lags
                    for model in ("LSTM 1997", "LSTM")
                ],
            ),
            claim(
                "On the adding problem a GRU does better than an LSTM",
                "Bai, Kolter & Koltun 2018",
                "another adding problem, T = 600: loss 5.3e-5 (GRU), 0.164 (LSTM)",
                [
                    compare(
                        f"T = {T}: octaves of sequences to solve, GRU before LSTM",
                        soon[T, "GRU"],
                        soon[T, "LSTM"],
                    )
                    for T in lags
                ],
            ),
        ]
    }


def table(records: Sequence[Record]) -> str:
    """Share solved and sequences that it took, a row for each lag and model."""
    rows: list[dict[str, Any]] = []
    for (T, model), found in grouped(records, "T", "model").items():
        took = np.median([r["sequences"] if r["solved"] else np.inf for r in found])
        rows.append(
            {
                "T": T,
                "model": model,
                "solved": f"{sum(r['solved'] for r in found)} of {len(found)}",
                "sequences, median": f"{took:,.0f}" if np.isfinite(took) else "not solved",
                "mean error": f"{np.median([r['mean_error'] for r in found]):.3f}",
            }
        )
    return tabulate.tabulate(rows, "keys", tablefmt="pipe")


def figure(result: Result) -> Figure:
    """How long it takes; below, how much of the gradient is left at each lag."""
    found = grouped(result["records"], "T", "model")
    lags = list(dict.fromkeys(T for T, _ in found))
    made, panels = plt.subplots(
        3, len(lags), figsize=(9, 9), layout="constrained", squeeze=False, sharex="row"
    )
    for column, T in zip(panels.T, lags, strict=True):
        mine = {model: records for (of, model), records in found.items() if of == T}
        groups = {
            f"{model}, {sum(r['solved'] for r in records)}/{len(records)} solved": [
                r["sequences"] for r in records
            ]
            for model, records in mine.items()
        }
        strips(column[0], groups, [COLORS[model] for model in mine])
        column[0].set_title(f"T = {T}: sequences seen", loc="left", size=11)
        for panel, when in zip(column[1:], ("before", "after"), strict=True):
            for model, records in mine.items():
                points = np.array([record["norms"][when] for record in records])
                middle = np.median(points[..., 1], axis=0)
                panel.plot(points[0, :, 0], middle, color=COLORS[model], label=model)
            panel.set_xscale("log")
            panel.set_yscale("log")
            panel.set_ylim(bottom=1e-12)
            panel.set_title(f"T = {T}, {when} training", loc="left", size=11)
            panel.set_xlabel("lag k")
    for row in panels[1:]:
        row[0].set_ylabel("‖∂h(T) / ∂x(T - k)‖")
    panels[1][0].legend(frameon=False, fontsize=9)
    return made
