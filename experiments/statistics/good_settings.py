"""How large a share of a search's trials has good settings, and what follows for its test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments import FOLDER
from experiments.power.results import rates
from experiments.power.searches import EXCLUDED, SEARCHES, WRONG
from experiments.records import load

NEAR = 0.1
"""Nats: a trial has good settings if its validation loss is within this of its unit's best."""
RATIO = 2.0
"""From this ratio of shares on, the test of a search may err too often."""
Losses = Mapping[str, Sequence[tuple[float, float]]]
"""For each unit, validation and test loss of its trials."""


def good_of(losses: Losses) -> dict[str, int]:
    """For each unit, how many trials have a validation loss near the best one of the unit."""
    return {
        unit: sum(valid <= min(v for v, _ in trials) + NEAR for valid, _ in trials)
        for unit, trials in losses.items()
    }


def unequal(losses: Losses) -> list[str]:
    """A warning, if the share of good settings differs much between the units of a search."""
    good = good_of(losses)
    shares = {unit: number / len(losses[unit]) for unit, number in good.items()}
    if max(shares.values()) < RATIO * min(shares.values()):
        return []
    counts = ", ".join(f"{unit} {good[unit]} of {len(losses[unit])}" for unit in good)
    return [
        f"The share of trials within {NEAR:g} nats of the unit's best validation loss differs "
        f"between the units: {counts}. Where it does, the test of the rule is not only one of the "
        f"best results: it may show a direction, or exclude a reported effect, because one unit "
        f"has good results at fewer settings. {simulated(max(map(len, losses.values())))}"
    ]


def simulated(trials: int) -> str:
    """How often that happens in simulated searches, from the record of the simulation."""
    path = FOLDER / "power" / "record.json"
    found = rates(load(path)["records"]) if path.exists() else {}
    cases = []
    for name, (many, few) in SEARCHES.items():
        if (name, WRONG) in found:
            wrong, excluded = (found[name, what] for what in (WRONG, EXCLUDED))
            n = min((n for n, _ in wrong), key=lambda n: abs(n - trials))
            cases.append(
                f"with {100 * many:.0f} % and {100 * few:.0f} % good settings "
                f"{100 * wrong[n, 1]:.1f} and {100 * excluded[n, 1]:.1f} %"
            )
            number = n
    if not cases:
        return ""
    return (
        f"In [simulated searches](power.md) of {number} trials whose good settings have the same "
        f"losses, it did so in {'; '.join(cases)} of the cases (nominal: 5 and 2.5 %)."
    )
