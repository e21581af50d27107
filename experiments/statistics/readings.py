"""What a source reports, and how that was read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from experiments.statistics.papers import SOURCES

NO_NUMBER = "no number"
NOT_STATED = "not stated"
"""The passage was read, and does not state it."""
NOT_KNOWN = "not known"
"""It may be stated in what was not read."""
STATISTICS = (
    NO_NUMBER,
    "mean",
    "median",
    "best",
    NOT_STATED,
    NOT_KNOWN,
)
"""What a reported number is of the values behind it."""
BY_MEMORY = "by memory"
ACCESS = ("in full", "in an excerpt", "in a summary by others", BY_MEMORY)
"""How the passage was read."""
CLAIMED = "the authors' claim"
TRANSFERRED = "the authors' claim about other tasks"
FROM_TABLE = "read from their table"
QUESTION = "a question of this project"
ATTRIBUTIONS = (CLAIMED, TRANSFERRED, FROM_TABLE, QUESTION)
"""Who makes the claim that is tested here."""


@dataclass(frozen=True)
class Reading:
    """What a source reports, and how that was read.

    Attributes:
        source: The source, a key of `SOURCES`.
        reported: What it reports.
        attribution: Who makes the claim that is tested, one of `ATTRIBUTIONS`.
        access: How the passage was read, one of `ACCESS`; empty for a question of this project.
        place: Where it is in the source: page, section, table or caption. It may be empty for what
            is reported by memory.
        statistic: What the reported numbers are, one of `STATISTICS`.
        n: Of how many values they are that statistic; `None` if that is not known.
        unit: Their unit.

    Raises:
        ValueError: If a value is none of those or does not match the others.
    """

    source: str
    reported: str
    attribution: str
    access: str = ""
    place: str = ""
    statistic: str = NO_NUMBER
    n: int | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        """Check the values."""
        allowed = {
            "source": (self.source, tuple(SOURCES)),
            "attribution": (self.attribution, ATTRIBUTIONS),
            "access": (self.access, ACCESS if SOURCES.get(self.source) else ("",)),
            "statistic": (self.statistic, STATISTICS),
        }
        for name, (value, values) in allowed.items():
            if value not in values:
                raise ValueError(f"{name} should be one of {values}, got {value!r}")
        if (self.attribution == QUESTION) == bool(SOURCES[self.source]):
            raise ValueError(f"{self.source!r} does not match {self.attribution!r}")
        if not self.reported:
            raise ValueError("reported should not be empty")
        if self.access and self.access != BY_MEMORY and not self.place:
            raise ValueError(f"what is read {self.access} should have a place in the source")
        has_number = self.statistic != NO_NUMBER
        if has_number != bool(self.unit) or (self.n is not None and (not has_number or self.n < 1)):
            raise ValueError(
                f"{self.statistic!r}, n = {self.n} and the unit {self.unit!r} do not match"
            )

    def about_other_tasks(self) -> Reading:
        """The same, where the claim is tested on a task that the authors did not use."""
        return dataclasses.replace(self, attribution=TRANSFERRED)


def question(text: str = "a question, no claim of a paper") -> Reading:
    """A question of this project, for which there is no source."""
    return Reading("this project", text, QUESTION)


NO_PEEPHOLES = Reading(
    "Breuel 2015",
    "peephole units are not useful, on other tasks",
    TRANSFERRED,
    "in an excerpt",
    "abstract",
)
BIAS_OF_ONE = Reading(
    "Jozefowicz, Zaremba & Sutskever 2015",
    "on other tasks, a forget bias of 1 closes the gap between LSTM and GRU; values of 1 or 2 are "
    "suggested (by memory)",
    TRANSFERRED,
    "in an excerpt",
    "abstract",
)
"""Statements that several experiments test."""
