"""The figure of the record."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Result
from experiments.future_context.results import BOTH
from experiments.plotting import BLUE, GREY, ORANGE, VIOLET, strips
from experiments.records import grouped

ALT = "Accuracy of each network, for every seed; bars are medians"


def figure(result: Result, width: float) -> Figure:
    """Every seed's accuracy, and the bound of causal models."""
    found = grouped(result["records"], "model")
    made, panel = plt.subplots(figsize=(width, 3), layout="constrained")
    groups = {name: [100 * r["accuracy"] for r in records] for name, records in found.items()}
    colors = [VIOLET if name in BOTH else BLUE if "Bi" in name else ORANGE for name in groups]
    strips(panel, groups, colors)
    panel.axvline(50, color=GREY, linestyle=":")
    panel.set_xlabel("accuracy, %\ndotted: causal bound")
    return made
