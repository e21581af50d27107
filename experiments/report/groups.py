"""The groups of experiments in the navigation of the site."""

from __future__ import annotations

import experiments

GROUPS = (
    "Long lags",
    "Counting and formal languages",
    "Timing",
    "Music",
    "Both directions",
    "Variants and their gates",
    "Size, speed and power",
)
"""In the order of the navigation."""


def group_of(name: str) -> str:
    """The group that the results of an experiment name.

    Raises:
        ValueError: If they name none, or one that is not in `GROUPS`.
    """
    group: str | None = getattr(experiments.part(name, "results"), "GROUP", None)
    if group not in GROUPS:
        found = "no GROUP" if group is None else f"GROUP = {group!r}"
        raise ValueError(
            f"experiments/{name}/results.py has {found}: set it to the group of the page in the "
            f"navigation, one of {', '.join(map(repr, GROUPS))}, or add one to GROUPS in "
            "experiments/report/groups.py"
        )
    return group
