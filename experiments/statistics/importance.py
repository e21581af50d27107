"""The importance of hyperparameters, by functional analysis of variance (fANOVA)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import tabulate


def shares_of_variance(
    trials: Sequence[Mapping[str, float | str]], losses: Sequence[float]
) -> dict[str, float]:
    """The share of the variance of the losses that each hyperparameter explains alone.

    The evaluator ignores scales: pass logarithms of values that are drawn on a logarithmic scale.
    It is exact for its random forest, which is drawn with a fixed seed. Names become numbers in the
    order of their median losses: as categories, the evaluator would not weight them alike.

    Args:
        trials: The hyperparameters of each trial, numbers or names.
        losses: Its loss. If all are the same, nothing is explained.

    Returns:
        The shares, the largest first.
    """
    import optuna
    from optuna.distributions import BaseDistribution, FloatDistribution
    from optuna.importance import FanovaImportanceEvaluator

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    numbers: list[dict[str, Any]] = [dict(trial) for trial in trials]
    ranges: dict[str, BaseDistribution] = {}
    for name, first in trials[0].items():
        if isinstance(first, str):
            places = places_by_loss([str(trial[name]) for trial in trials], losses)
            for trial in numbers:
                trial[name] = places[trial[name]]
            ranges[name] = FloatDistribution(-0.5, len(places) - 0.5)  # as wide for each name
        else:
            values = [trial[name] for trial in numbers]
            ranges[name] = FloatDistribution(min(values), max(values))
    if len(set(losses)) == 1:
        return dict.fromkeys(ranges, 0.0)
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(params=trial, distributions=ranges, value=loss)
            for trial, loss in zip(numbers, losses, strict=True)
        ]
    )
    # The time of a tree grows with the square of the trials, and trees of many trials agree: with
    # 660 of them, 16 trees give the shares of 64 to one percentage point.
    trees = 64 if len(losses) <= 200 else 16
    evaluator = FanovaImportanceEvaluator(n_trees=trees, seed=0)
    return {name: float(share) for name, share in evaluator.evaluate(study).items()}


def places_by_loss(names: Sequence[str], losses: Sequence[float]) -> dict[str, int]:
    """The place of each name in the order of the median losses of its trials."""
    groups: dict[str, list[float]] = {}
    for name, loss in zip(names, losses, strict=True):
        groups.setdefault(name, []).append(loss)
    return {name: k for k, name in enumerate(sorted(groups, key=lambda n: median(groups[n])))}


def shares_table(shares: Mapping[str, dict[str, float]], labels: dict[str, str], loss: str) -> str:
    """What the shares are, and a table of them with the rest.

    Args:
        shares: For each column of the table, the share of each factor.
        labels: The names of the factors on the page.
        loss: What has the variance.
    """
    columns = {
        title: found | ({"rest": 1 - sum(found.values())} if any(found.values()) else {})
        for title, found in shares.items()  # with no share at all, all losses are the same
    }
    first = next(iter(columns.values()))
    rows = [
        {"factor": (labels | {"rest": "the rest"})[name]}
        | {title: f"{100 * found[name]:.0f} %" for title, found in columns.items() if name in found}
        for name in first
    ]
    table = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        f"Functional analysis of variance (fANOVA) of the {loss} over the trials: the share of its "
        "variance that the main effect of each factor explains, and the rest: interactions and "
        f"noise.\n\n{table}"
    )
