"""The figure of a search: the best tenth of each unit, and all trials by learning rate."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Result
from experiments.music.results import PUBLISHED
from experiments.music_search.results import best_nlls, nll_of
from experiments.plotting import COLORS, GREY, WIDE, strips
from experiments.records import grouped

ALT = (
    "Test NLL of the best tenth of the trials of each unit, with medians as bars and the papers' "
    "numbers, and of all trials by learning rate"
)


def figure(result: Result, width: float) -> Figure:
    """The best tenth as dots, the papers' as crosses; below, all trials against the rate."""
    made, (top, below) = plt.subplots(2, figsize=(width, 6.5), layout="constrained")
    nlls = best_nlls(result)
    strips(top, nlls, [COLORS[model] for model in nlls])
    for (source, numbers), mark in zip(
        PUBLISHED[result["config"]["data_set"]].items(), "x+", strict=False
    ):
        rows = [list(nlls).index(model) for model in numbers]
        top.plot(list(numbers.values()), rows, mark, color=GREY, label=source, markersize=8)
    top.set_title("best tenth by validation")
    top.set_xlabel("test NLL, nats per frame")
    for model, trials in grouped(result["records"], "model").items():
        points = [(trial["rate"], nll_of(trial)) for trial in trials]
        style = {"color": COLORS[model], "alpha": 0.6, "markersize": 4, "mew": 0}
        below.plot(*zip(*points, strict=True), "o", label=model, **style)
    below.set_xscale("log")
    below.set_title("all trials")
    below.set_xlabel("learning rate")
    below.set_ylabel("test NLL, nats per frame")
    made.legend(loc="outside lower center", ncols=6 if width == WIDE else 2)
    return made
