"""The importance of hyperparameters, by functional analysis of variance (fANOVA)."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate


def shares_of_variance(
    trials: Sequence[dict[str, float]], losses: Sequence[float]
) -> dict[str, float]:
    """The share of the variance of the losses that each hyperparameter explains alone.

    The evaluator ignores scales: pass logarithms of values that are drawn on a logarithmic scale.
    It is exact for its random forest, which is drawn with a fixed seed.

    Args:
        trials: The hyperparameters of each trial.
        losses: Its loss. If all are the same, nothing is explained.

    Returns:
        The shares, the largest first.
    """
    import optuna
    from optuna.distributions import BaseDistribution, FloatDistribution
    from optuna.importance import FanovaImportanceEvaluator

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ranges: dict[str, BaseDistribution] = {
        name: FloatDistribution(min(t[name] for t in trials), max(t[name] for t in trials))
        for name in trials[0]
    }
    if len(set(losses)) == 1:
        return dict.fromkeys(ranges, 0.0)
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(params=trial, distributions=ranges, value=loss)
            for trial, loss in zip(trials, losses, strict=True)
        ]
    )
    evaluator = FanovaImportanceEvaluator(seed=0)
    return {name: float(share) for name, share in evaluator.evaluate(study).items()}


def shares_table(shares: dict[str, float], labels: dict[str, str], unit: str) -> str:
    """What the shares are, and a table of them with the rest.

    Args:
        shares: Of each hyperparameter.
        labels: Their names on the page.
        unit: What a variance is explained of.
    """
    rows = [(labels[name], share) for name, share in shares.items()]
    if any(shares.values()):  # if not, all losses are the same
        rows.append(("the rest", 1 - sum(shares.values())))
    table = tabulate.tabulate(
        [{"hyperparameter": name, "share": f"{100 * share:.0f} %"} for name, share in rows],
        "keys",
        tablefmt="pipe",
        disable_numparse=True,
    )
    return (
        f"Functional analysis of variance (fANOVA) of the {unit} over the trials of all units: the "
        "share of its variance that the main effect of each hyperparameter explains, and the rest: "
        f"interactions, differences between units, and noise.\n\n{table}"
    )
