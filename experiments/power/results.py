"""Tables and figure of the simulation of the verdict rule."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tabulate

from experiments import Record, Result
from experiments.power import FALSE
from experiments.power.searches import SEARCHES

GROUP = "Size, speed and power"

OUTCOMES = {
    "normal": "normally distributed scores",
    "lognormal": "lognormal scores",
    "times": "times to solve, 40 % censored",
    "shares": "shares of seeds that solve",
    "spread": "normally distributed scores, standard deviations 3 and 1",
    "skew": "lognormal scores, skewed in opposite directions",
}
UNEQUAL = ("spread", "skew")
"""Outcomes of networks that have the same median, but other distributions."""
Rates = dict[tuple[str, str], dict[tuple[int, int], float]]
"""For each outcome and effect, "" for none, the share of claims by n and m."""


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


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


def table(result: Result) -> str:
    """Family-wise error and power, each with a caption, in Markdown."""
    records = result["records"]
    everything = rates(records)
    found = {key: cells for key, cells in everything.items() if key[0] not in SEARCHES}
    claims = sum(r["claims"] for r in records if r["case"] == records[0]["case"])
    numbers = list(dict.fromkeys(row["m"] for row in records[0]["rows"]))

    def rows(first: str, names: dict[tuple[str, str], str], digits: int) -> str:
        """A row for each outcome or effect and each m, a column for each n."""
        lines = [
            {first: name, "m": m}
            | {
                f"n = {n}": f"{found[key][n, m]:.{digits}f}"
                for n in dict.fromkeys(n for n, _ in found[key])
            }
            for key, name in names.items()
            for m in numbers
        ]
        return tabulate.tabulate(lines, "keys", tablefmt="pipe", disable_numparse=True)

    with_error = math.sqrt(0.05 * 0.95 / claims)
    equal = {key: OUTCOMES[key[0]] for key in found if not key[1] and key[0] not in UNEQUAL}
    unequal = {key: OUTCOMES[key[0]] for key in found if not key[1] and key[0] in UNEQUAL}
    false = {key: OUTCOMES[key[0]] for key in found if key[1] == FALSE}
    effects = {key: key[1] for key in found if key[1] not in ("", FALSE)}
    largest = max(error for key in equal for error in found[key].values())
    sizes = "for m comparisons and n seeds of each network"
    return "\n\n".join(
        (
            "**Family-wise error rate**: share of claims with equal networks in which any "
            f"comparison is decided, {sizes}; it should be at most 0.05. {claims:,} simulated "
            f"claims for each number, Monte Carlo standard error {with_error:.2g} at 0.05. The "
            f"largest of the numbers is {largest:.3f}, {(largest - 0.05) / with_error:+.1f} "
            "standard errors from 0.05.",
            rows("outcome", equal, 3),
            "**The same median, but other distributions**: the same share, where the networks of a "
            "pair have equal medians and differ in spread or skew. The rule does not keep 5 % "
            "here: its tests compare distributions, not medians.",
            rows("outcome", unequal, 3),
            f"**Any false statement**, {sizes}: share of claims with the reported effect in every "
            "other comparison, beginning with the first, and none in the others, in which any "
            "direction is wrong or decided without an effect, or an effect is called smaller or "
            "larger than reported where it is as reported; it should be at most 0.1.",
            rows("outcome", false, 3),
            "**Power**: share of claims in which the one comparison with an effect is decided in "
            f"the right direction, {sizes}. Monte Carlo standard error at most "
            f"{math.sqrt(0.25 / claims):.2g}.",
            rows("effect", effects, 2),
            *searches(records),
        )
    )


def searches(records: Sequence[Record]) -> list[str]:
    """How often a search with units that differ in the share of good settings is misjudged."""
    found = {key: cells for key, cells in rates(records).items() if key[0] in SEARCHES}
    if not found:
        return []
    lines = []
    for (outcome, what), cells in found.items():
        many, few = SEARCHES[outcome]
        row = {"good settings": f"{100 * many:.0f} % and {100 * few:.0f} %", "what is shown": what}
        lines.append(row | {f"n = {n}": f"{share:.3f}" for (n, _), share in cells.items()})
    return [
        "**Random searches**: share of simulated searches with n trials of each unit in which a "
        "direction is decided at 5 %, although the good settings of both units have the same "
        "losses, and in which a reported effect is excluded that the good settings have; without "
        "other errors, these should be at most 0.05 and 0.025.",
        tabulate.tabulate(lines, "keys", tablefmt="pipe", disable_numparse=True),
    ]
