"""The importance of hyperparameters, by functional analysis of variance (fANOVA)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tabulate


def shares_of_variance(
    trials: Sequence[Mapping[str, float | str]], losses: Sequence[float]
) -> dict[str, float]:
    """The share of the variance of the losses that each hyperparameter explains alone.

    The evaluator ignores scales: pass logarithms of values that are drawn on a logarithmic scale.
    It is exact for its random forest, which is drawn with a fixed seed.

    Args:
        trials: The hyperparameters of each trial, numbers or names.
        losses: Its loss. If all are the same, nothing is explained.

    Returns:
        The shares, the largest first.
    """
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
    from optuna.importance import FanovaImportanceEvaluator

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ranges: dict[str, BaseDistribution] = {}
    for name in trials[0]:
        values = dict.fromkeys(trial[name] for trial in trials)
        numbers = [value for value in values if not isinstance(value, str)]
        ranges[name] = (
            FloatDistribution(min(numbers), max(numbers))
            if numbers
            else CategoricalDistribution([*values])
        )
    if len(set(losses)) == 1:
        return dict.fromkeys(ranges, 0.0)
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(params=dict(trial), distributions=ranges, value=loss)
            for trial, loss in zip(trials, losses, strict=True)
        ]
    )
    evaluator = FanovaImportanceEvaluator(seed=0)
    return {name: float(share) for name, share in evaluator.evaluate(study).items()}


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
        f"Functional analysis of variance (fANOVA) of the {loss} over all trials: the share of its "
        "variance that the main effect of each factor explains, and the rest: interactions and "
        f"noise.\n\n{table}"
    )
