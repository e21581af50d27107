"""Tables and figure of the simulation of the verdict rule."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tabulate

from experiments import Record, Result

OUTCOMES = {
    "normal": "normal scores",
    "lognormal": "lognormal scores",
    "times": "times to solve, 40 % censored",
    "shares": "shares of seeds that solve",
}


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
