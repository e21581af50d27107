"""Tables and figure of the simulation of the verdict rule."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tabulate
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Record
from experiments.report.figures import BLUE, GREY, ORANGE, VIOLET
from experiments.report.results import Result

ALT = "Power of the verdict rule against the number of seeds, for 1, 4 and 11 comparisons"

OUTCOMES = {
    "normal": "normal scores",
    "lognormal": "lognormal scores",
    "times": "times to solve, 40 % censored",
    "shares": "shares of seeds that solve",
}
COLORS = {"normal": ORANGE, "times": VIOLET, "shares": BLUE}
LINES = ("o-", "s--", "^:")
Rates = dict[tuple[str, str], dict[tuple[int, int], float]]
"""For each outcome and effect, "" for none, the share of claims by n and m."""


def score(records: Sequence[Record]) -> Record:
    """There is no claim to judge."""
    return {"claims": []}


def rates(records: Sequence[Record]) -> Rates:
    """Shares of claims in which the rule decides, over all seeds of the simulation."""
    counts: dict[tuple[str, str], dict[tuple[int, int], int]] = {}
    claims: dict[tuple[str, int], int] = {}
    for record in records:
        outcome, n = record["case"]["outcome"], record["case"]["n"]
        claims[outcome, n] = claims.get((outcome, n), 0) + record["claims"]
        for row in record["rows"]:
            cells = counts.setdefault((outcome, row["effect"]), {})
            cells[n, row["m"]] = cells.get((n, row["m"]), 0) + row["rejected"]
    return {
        (outcome, effect): {(n, m): k / claims[outcome, n] for (n, m), k in cells.items()}
        for (outcome, effect), cells in counts.items()
    }


def table(records: Sequence[Record]) -> str:
    """Family-wise error and power, each with a caption, in Markdown."""
    found = rates(records)
    claims = sum(r["claims"] for r in records if r["case"] == records[0]["case"])
    numbers = list(dict.fromkeys(row["m"] for row in records[0]["rows"]))
    m = " / ".join(map(str, numbers))

    def rows(first: str, names: dict[str, tuple[str, str]], digits: int) -> str:
        """A row for each outcome or effect, a column for each n."""
        lines = [
            {first: name}
            | {
                f"n = {n}": " / ".join(f"{found[key][n, m]:.{digits}f}" for m in numbers)
                for n in dict.fromkeys(n for n, _ in found[key])
            }
            for name, key in names.items()
        ]
        return tabulate.tabulate(lines, "keys", tablefmt="pipe", disable_numparse=True)

    equal = {OUTCOMES[key[0]]: key for key in found if not key[1]}
    effects = {key[1]: key for key in found if key[1]}
    return "\n\n".join(
        (
            f"Family-wise error: share of claims with equal networks in which any comparison is "
            f"decided, for m = {m} comparisons and n seeds of each network; at most 0.05 is "
            f"required. {claims:,} simulated claims for each number, Monte Carlo standard error "
            f"{math.sqrt(0.05 * 0.95 / claims):.2g} at 0.05.",
            rows("outcome", equal, 3),
            f"Power: share of claims in which the one comparison with an effect is decided in the "
            f"right direction, for m = {m} comparisons and n seeds of each network. {claims:,} "
            f"simulated claims for each number, Monte Carlo standard error at most "
            f"{math.sqrt(0.25 / claims):.2g}.",
            rows("effect", effects, 2),
        )
    )


def figure(result: Result) -> Figure:
    """Power against n, a panel for each m and a line for each effect."""
    found = rates(result["records"])
    numbers = result["config"]["comparisons"]
    made, panels = plt.subplots(
        1, len(numbers), figsize=(9, 4), sharey=True, squeeze=False, layout="constrained"
    )
    for panel, m in zip(panels[0], numbers, strict=True):
        for outcome, color in COLORS.items():
            effects = [effect for name, effect in found if name == outcome and effect]
            for effect, line in zip(effects, LINES, strict=False):
                powers = {n: p for (n, k), p in found[outcome, effect].items() if k == m}
                ns, ys = list(powers), list(powers.values())
                panel.plot(ns, ys, line, color=color, label=effect, markersize=4)
        panel.axhline(0.8, color=GREY, linewidth=0.8, zorder=0)
        panel.set_title(f"m = {m}", loc="left", size=11)
        panel.set_xticks(result["config"]["samples"])
        panel.set_xlabel("n, seeds")
        panel.set_ylim(-0.02, 1.02)
    panels[0][0].set_ylabel("power; the line is at 0.8")
    handles, labels = panels[0][0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return made
