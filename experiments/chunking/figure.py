"""The figure of the record."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Result
from experiments.chunking.results import PUBLISHED
from experiments.plotting import BLUE, GREY, ORANGE, strips
from experiments.records import grouped

ALT = (
    "Chunk F1 of each network, a dot for each seed, bars are medians; crosses: the paper; x with "
    "its context features and random embeddings, + with word features alone and Senna embeddings"
)


def figure(result: Result, width: float) -> Figure:
    """Every seed's F1, and the paper's as crosses."""
    found = grouped(result["records"], "model")
    made, panel = plt.subplots(figsize=(width, 3), layout="constrained")
    groups = {name: [r["f1"] for r in records] for name, records in found.items()}
    strips(panel, groups, [BLUE if "Bi" in name else ORANGE for name in groups])
    for k, (mark, label) in enumerate({"x": "paper, features", "+": "paper, Senna"}.items()):
        values = [PUBLISHED[name][k] for name in groups if name in PUBLISHED]
        rows = [row for row, name in enumerate(groups) if name in PUBLISHED]
        panel.plot(values, rows, mark, color=GREY, label=label, markersize=8)
    made.legend(loc="outside lower center", ncols=2)
    panel.set_xlabel("chunk F1 on the\ntest set, %")
    return made
