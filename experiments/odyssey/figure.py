"""The figure of a study: losses of the best tenth of each unit, and of all trials by rate."""

from __future__ import annotations

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from experiments import Result
from experiments.odyssey import VANILLA
from experiments.odyssey.importance import marginal, values_of
from experiments.odyssey.results import UNITS, best_losses, loss_of
from experiments.odyssey.welch import NO_CHANGE, outcome
from experiments.plotting import BLUE, GREY, ORANGE, WIDE

ALT = (
    "Test loss of the best tenth of the trials of each recurrent unit, vanilla in blue (box: "
    "quartiles and median; whiskers: the whole range; diamond: mean; thick lines: different from "
    "vanilla by Welch's t-test at 5 %, not adjusted), and of all trials by learning rate, capped "
    "at chance. NIG, NFG, NOG: no input, forget, output gate; NIAF, NOAF: no input, output "
    "activation; NP: no peepholes; CIFG: coupled gates; FGR: full gate recurrence"
)

FEWEST = 5
"""Values of a box plot; fewer are drawn as dots alone."""
THICK = 2.5
"""The width of the lines of a box, in points."""
WIDE_RANGE = 2.0
"""How many times the lowest loss the highest one is, where the axis is logarithmic."""


def figure(result: Result, width: float) -> Figure:
    """Box plots with every value as a dot; below, all trials against the learning rate."""
    losses, unit = best_losses(result), UNITS[result["config"]["task"]]
    made, (boxes, rates) = plt.subplots(2, figsize=(width, 7), layout="constrained")
    if min(map(len, losses.values())) >= FEWEST:
        ink = {"color": plt.rcParams["text.color"]}
        lines = {"boxprops": ink, "whiskerprops": ink, "capprops": ink}
        medians = {"color": ORANGE}
        diamonds = {"marker": "D", "markerfacecolor": ORANGE, "markeredgewidth": 0}
        drawn = boxes.boxplot(
            list(losses.values()),
            whis=(0, 100),
            showmeans=True,
            medianprops=medians,
            meanprops=diamonds,
            **lines,
        )
        for box, name in zip(drawn["boxes"], losses, strict=True):
            if VANILLA in losses and outcome(losses[VANILLA], losses[name]) != NO_CHANGE:
                box.set_linewidth(THICK)
    for place, (name, values) in enumerate(losses.items(), 1):
        color = BLUE if name == VANILLA else GREY
        boxes.plot([place] * len(values), values, "o", color=color, alpha=0.85, mew=0)
    boxes.set_xticks(range(1, 1 + len(losses)), list(losses), rotation=0 if width == WIDE else 90)
    if max(map(max, losses.values())) > WIDE_RANGE * min(map(min, losses.values())):
        boxes.set_yscale("log")
        boxes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        boxes.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
        boxes.yaxis.set_minor_locator(NullLocator())
    boxes.set_title("best tenth of the trials by validation")
    boxes.set_ylabel(f"test loss, {unit}")
    records = result["records"]
    points = [(10 ** values_of(record)["rate"], loss_of(record)) for record in records]
    rates.plot(*zip(*points, strict=True), ".", color=GREY, alpha=0.8, mew=0)
    values, means = marginal(result, "rate")
    rates.plot([10**value for value in values], means, color=ORANGE)
    rates.set_xscale("log")
    rates.set_xlabel("learning rate")
    rates.set_ylabel(f"test loss, {unit}")
    rates.set_title("all trials; line: predicted mean")
    return made
