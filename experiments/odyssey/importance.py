"""The importance of hyperparameters in a study."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from experiments import Record, Result
from experiments.odyssey.results import loss_of
from experiments.records import grouped
from experiments.statistics.importance import shares_of_variance

LOGARITHMIC = ("hidden", "rate", "forgotten")
TREES = {"n_estimators": 64, "max_depth": 64, "random_state": 0}
"""Random forests of the kind that fANOVA uses."""


def values_of(trial: Mapping[str, float]) -> dict[str, float]:
    """The hyperparameters of a trial as fANOVA takes them: log10 of those drawn on a log scale."""
    drawn = {
        "hidden": trial["hidden"],
        "rate": trial["rate"],
        "forgotten": 1 - trial["momentum"],
        "noise": trial["noise"],
    }
    return {name: math.log10(v) if name in LOGARITHMIC else v for name, v in drawn.items()}


def importances(records: Sequence[Record]) -> dict[str, float]:
    """The share of the variance of the test loss that each hyperparameter explains alone.

    The recurrent unit is one of the factors, `unit`, if there are several.
    """
    is_one = len(grouped(records, "unit")) == 1
    trials = [
        values_of(trial) | ({} if is_one else {"unit": trial["case"]["unit"]}) for trial in records
    ]
    return shares_of_variance(trials, [*map(loss_of, records)])


def share_of_rate(result: Result) -> tuple[float, float, float]:
    """The share of the learning rate in the trials of each unit.

    Returns:
        The lowest, the median and the highest of the units.
    """
    shares = [
        shares_of_variance([values_of(trial) for trial in trials], [*map(loss_of, trials)])["rate"]
        for trials in grouped(result["records"], "unit").values()
    ]
    return min(shares), statistics.median(shares), max(shares)


def inputs_of(records: Sequence[Record]) -> tuple[list[str], list[list[float]]]:
    """The names and values of the hyperparameters of trials, as a forest takes them."""
    trials = [values_of(trial) for trial in records]
    return list(trials[0]), [list(trial.values()) for trial in trials]


def predicted_share(result: Result) -> float:
    """The share of the variance of the test loss that a forest predicts, of trials it has not seen.

    The forest is trained on the hyperparameters and the recurrent unit (R² of the trials that are
    left out of each tree's sample; at least 0).
    """
    from sklearn.ensemble import RandomForestRegressor

    records = result["records"]
    units = list(grouped(records, "unit"))
    _, x = inputs_of(records)
    for values, trial in zip(x, records, strict=True):
        values += [float(trial["case"]["unit"] == unit) for unit in units]
    forest: Any = RandomForestRegressor(**TREES, oob_score=True).fit(x, [*map(loss_of, records)])
    return max(0.0, float(forest.oob_score_))


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

    names, x = inputs_of(result["records"])
    forest = RandomForestRegressor(**TREES).fit(x, [*map(loss_of, result["records"])])
    found = partial_dependence(
        forest, x, [names.index(name)], grid_resolution=points, percentiles=(0, 1)
    )
    return found["grid_values"][0].tolist(), found["average"][0].tolist()
