"""The importance of hyperparameters in a study."""

from __future__ import annotations

import math

from experiments import Result
from experiments.statistics.importance import shares_of_variance

LOGARITHMIC = ("hidden", "rate", "forgotten")


def values_of(trial: dict[str, float]) -> dict[str, float]:
    """The hyperparameters of a trial as fANOVA takes them: log10 of those drawn on a log scale."""
    drawn = {
        "hidden": trial["hidden"],
        "rate": trial["rate"],
        "forgotten": 1 - trial["momentum"],
        "noise": trial["noise"],
    }
    return {name: math.log10(v) if name in LOGARITHMIC else v for name, v in drawn.items()}


def importances(result: Result) -> dict[str, float]:
    """The share of the variance of the test loss that each hyperparameter explains alone.

    All trials of all units are taken together.
    """
    trials = [values_of(record) for record in result["records"]]
    losses = [min(record["test"], record["chance"]) for record in result["records"]]
    return shares_of_variance(trials, losses)


def marginal(result: Result, name: str, points: int = 40) -> tuple[list[float], list[float]]:
    """The mean test loss over all other hyperparameters, against one of them.

    Args:
        result: The trials.
        name: A hyperparameter, as `values_of` names it.
        points: How many of its values are taken.

    Returns:
        values: Of the hyperparameter, as fANOVA takes them.
        losses: The partial dependence of a random forest of the same kind as fANOVA's.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import partial_dependence

    trials = [values_of(record) for record in result["records"]]
    names = list(trials[0])
    x = [[trial[key] for key in names] for trial in trials]
    y = [min(record["test"], record["chance"]) for record in result["records"]]
    forest = RandomForestRegressor(n_estimators=64, max_depth=64, random_state=0).fit(x, y)
    found = partial_dependence(
        forest, x, [names.index(name)], grid_resolution=points, percentiles=(0, 1)
    )
    return found["grid_values"][0].tolist(), found["average"][0].tolist()
