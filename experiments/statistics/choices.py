"""How settings were chosen, and whether the choice, or a limit of training, restricts a result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NEAR = 0.05
"""The share of a range, on a logarithmic scale, at its ends: a value in it is near an end."""


@dataclass(frozen=True)
class Choice:
    """A setting of a network that was chosen from several values.

    Attributes:
        setting: The setting: `learning rate`.
        network: Whose it is, with what else it was chosen for.
        tried: The values that were tried, or for a random search the ends of its range.
        chosen: The chosen value, or one for each seed or best trial.
        by: What it was chosen by.
        is_compared: Whether the claims compare the same measure.
        is_range: Whether `tried` are the ends of a range.
    """

    setting: str
    network: str
    tried: tuple[float, ...]
    chosen: tuple[float, ...]
    by: str
    is_compared: bool = False
    is_range: bool = False

    @property
    def end(self) -> str:
        """Which end of what was tried at least half of the chosen values are at; or empty."""
        low, high = min(self.tried), max(self.tried)
        reach = NEAR * math.log(high / low) if self.is_range else 0.0
        at = {
            "lowest": sum(math.log(value / low) <= reach for value in self.chosen),
            "highest": sum(math.log(high / value) <= reach for value in self.chosen),
        }
        ends = [end for end, number in at.items() if 2 * number >= len(self.chosen)]
        return ends[0] if ends else ""


@dataclass(frozen=True)
class Limit:
    """How many runs ended by a limit of training, and not because they no longer improved.

    Attributes:
        network: Of which network.
        limit: The limit.
        ended: How many runs it ended.
        runs: Of how many.
    """

    network: str
    limit: str
    ended: int
    runs: int


def warnings(choices: Sequence[Choice], limits: Sequence[Limit]) -> list[str]:
    """What restricts the results, in sentences; none if nothing does."""
    return [*untuned(choices), *at_ends(choices), *by_the_same(choices), *cut_off(limits)]


def untuned(choices: Sequence[Choice]) -> list[str]:
    """Settings of which one value was tried."""
    single = [choice for choice in choices if len({*choice.tried}) == 1]
    return [
        f"One {choice.setting}, {choice.tried[0]:g}, was tried for {choice.network}: it is not "
        "tuned."
        for choice in single
    ]


def at_ends(choices: Sequence[Choice]) -> list[str]:
    """Chosen values at an end of what was tried: a value beyond it might be better."""
    found: dict[str, list[str]] = {}
    for choice in choices:
        if len({*choice.tried}) > 1 and choice.end:
            values = ", ".join(f"{value:.2g}" for value in dict.fromkeys(choice.chosen))
            near = "near the " if choice.is_range else ""
            what = f"{choice.network} ({values}: {near}{choice.end})"
            found.setdefault(choice.setting, []).append(what)
    return [
        f"Chosen {setting}s are at an end of those that were tried: {'; '.join(networks)}. Values "
        "beyond it might be better."
        for setting, networks in found.items()
    ]


def by_the_same(choices: Sequence[Choice]) -> list[str]:
    """Choices by the measure that is then compared."""
    same = dict.fromkeys((choice.setting, choice.by) for choice in choices if choice.is_compared)
    return [
        f"The {setting}s were chosen by {by}, the measure that is compared here."
        for setting, by in same
    ]


def cut_off(limits: Sequence[Limit]) -> list[str]:
    """Networks of which a limit ended at least half of the runs."""
    ended = [limit for limit in limits if 2 * limit.ended >= limit.runs]
    networks: dict[str, list[str]] = {}
    for limit in ended:
        text = f"{limit.network} ({limit.ended} of {limit.runs})"
        networks.setdefault(limit.limit, []).append(text)
    return [
        f"{limit} ended at least half of the runs of {', '.join(names)}: with longer training they "
        "might be better."
        for limit, names in networks.items()
    ]
