"""What the task of the next bit says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tabulate
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Record
from experiments.report.figures import BLUE, GREY, ORANGE, VIOLET, strips
from experiments.report.results import Result, grouped
from experiments.verdicts import claim, compare

ALT = "How often each network is right, for every seed"

BOTH = ("BiLSTM", "BiLSTM, peepholes", "BiGRU")


def score(records: Sequence[Record]) -> Record:
    """Accuracies decide, in points of a hundred."""
    points = {k: [100 * r["accuracy"] for r in rs] for k, rs in grouped(records, "model").items()}
    return {
        "claims": [
            claim(
                "Reading in both directions helps where both contexts matter",
                "Schuster & Paliwal 1997",
                "no figure for this task; its bounds are 50 % for causal models and 100 %",
                [
                    compare(f"{name}: points over the causal bound", points[name], [50.0] * len(p))
                    for name, p in points.items()
                    if name in BOTH
                ]
                + [
                    compare(f"{name}: points over LSTM", points[name], points["LSTM"])
                    for name in BOTH
                ],
            ),
            claim(
                "An answer one step later does as well, where one step of the future is enough",
                "this project",
                "a control, no claim of a paper",
                [
                    compare(
                        "points, LSTM delayed by 1 over BiLSTM",
                        points["LSTM, delayed by 1"],
                        points["BiLSTM"],
                        margin=1.0,
                    )
                ],
            ),
        ]
    }


def table(records: Sequence[Record]) -> str:
    """Accuracies, a row for each network."""
    rows = [
        {
            "model": name,
            "parameters": f"{found[0]['parameters']:,}",
            "right, median": f"{100 * np.median([r['accuracy'] for r in found]):.1f} %",
            "lowest": f"{100 * min(r['accuracy'] for r in found):.1f} %",
            "highest": f"{100 * max(r['accuracy'] for r in found):.1f} %",
        }
        for name, found in grouped(records, "model").items()
    ]
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)


def figure(result: Result) -> Figure:
    """Every seed's accuracy, and the bound of causal models."""
    found = grouped(result["records"], "model")
    made, panel = plt.subplots(figsize=(9, 3), layout="constrained")
    groups = {name: [100 * r["accuracy"] for r in records] for name, records in found.items()}
    colors = [VIOLET if name in BOTH else BLUE if "Bi" in name else ORANGE for name in groups]
    strips(panel, groups, colors)
    panel.axvline(50, color=GREY, linestyle=":")
    panel.set_xlabel("steps that are right, %; the dotted line is the bound of causal models")
    return made
