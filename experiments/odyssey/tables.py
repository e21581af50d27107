"""The tables of a study's page."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np
import tabulate
from scipy import stats

from experiments import Record, Result
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey.findings import adjusted_text, findings
from experiments.odyssey.importance import importances, predicted_share, share_of_rate
from experiments.odyssey.results import UNITS, best_losses, ends_of, loss_of, losses_of
from experiments.odyssey.welch import welch
from experiments.records import grouped
from experiments.statistics.importance import shares_table
from experiments.statistics.inference import p_value_text
from experiments.statistics.trials import Trials, best, ended_by_limit

LABELS = {
    "hidden": "hidden units",
    "rate": "learning rate",
    "forgotten": "1 - β₁ of Adam",
    "noise": "input noise",
    "unit": "recurrent unit",
}
FEWEST = 10
"""Trials of each unit from which on a prediction of their losses says something."""


def table(result: Result) -> str:
    """All tables of a study."""
    unit, explained = UNITS[result["config"]["task"]], shares(result)
    parts = [f"Test loss in {unit}, capped at that of chance.", piped(losses(result))]
    if rows := differences(result):
        parts += [
            f"Test loss minus that of the vanilla LSTM, in {unit}: the median of all differences "
            "between the best tenths. The p-values are those of *no difference*, not adjusted for "
            "the number of comparisons: of the test that permutes all trials, and of Welch's "
            "t-test, which the paper uses (by memory). No verdict depends on this table.",
            piped(rows),
        ]
    *_, of_ablations = explained.values()
    if rows := findings(result, of_ablations["rate"]):
        parts += [
            "What the paper reports on its data sets, and what the trials show by "
            "Welch's t-test at 5 %, not adjusted, with p-values in brackets. With fewer trials in "
            "a best tenth than the twenty of the paper, this test shows large differences only: "
            f"*no change* is weak evidence. {adjusted_text(result)} *By memory*: the text of the "
            "paper could not be read again. No verdict depends on this table.",
            piped(rows),
        ]
    parts += [
        "What the trials drew, and how they ended; and the rank correlation (Spearman) of "
        "validation and test loss among the third of the trials with the lowest validation losses.",
        piped(draws(result)),
        shares_table(explained, LABELS, "test loss"),
        "Learning rate, hidden units and 1 - β₁ are on logarithmic scales.",
    ]
    if all(len(trials) >= FEWEST for trials in grouped(result["records"], "unit").values()):
        parts.append(fit_text(result))
    return "\n\n".join(parts)


def piped(rows: Sequence[Record]) -> str:
    """Rows as a table in Markdown."""
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)


def best_errors(result: Result) -> dict[str, float]:
    """For each unit whose trials have one, the median test error of its best tenth."""
    return {
        unit: float(np.median(best(*np.transpose([(t["valid"], t["error"]) for t in trials]))))
        for unit, trials in grouped(result["records"], "unit").items()
        if all(t.get("error") is not None for t in trials)
    }


def losses(result: Result) -> list[Record]:
    """Losses of the best tenth of each unit."""
    found, errors = grouped(result["records"], "unit"), best_errors(result)
    return [
        {
            "recurrent unit": unit,
            "trials": len(found[unit]),
            "best by validation": f"{chosen[0]:.3f}",
            "best tenth, median": f"{statistics.median(chosen):.3f}",
            "range": f"{min(chosen):.3f} to {max(chosen):.3f}",
            "median of all": f"{statistics.median(map(loss_of, found[unit])):.3f}",
        }
        | ({"error of the best tenth, median": f"{errors[unit]:.1%}"} if unit in errors else {})
        for unit, chosen in best_losses(result).items()
    ]


def differences(result: Result) -> list[Record]:
    """Each unit against the vanilla LSTM; nothing if one of both is missing."""
    trials, chosen = losses_of(result), best_losses(result)
    return [
        {
            "recurrent unit": unit,
            "difference": f"{sample.estimate:+.3f}",
            "p, permutations": p_value_text(sample.test().both, 2),
            "p, Welch": p_value_text(welch(chosen[VANILLA], chosen[unit]), 2),
        }
        for unit in trials
        if unit != VANILLA and VANILLA in trials
        for sample in [Trials(tuple(trials[VANILLA]), tuple(trials[unit]))]
    ]


def draws(result: Result) -> list[Record]:
    """What the trials of each unit drew by chance, and how they ended."""
    limit = result["config"]["epochs"]
    rows = []
    for unit, trials in grouped(result["records"], "unit").items():
        rows.append(
            {
                "recurrent unit": unit,
                "median learning rate": f"{statistics.median(t['rate'] for t in trials):.1g}",
                "input noise of the best tenth, median": input_noise(trials),
                "ended by the limit of epochs": ended_by_limit(*ends_of(trials, limit)),
                "test loss of chance or above": sum(t["test"] >= t["chance"] for t in trials),
                "parameters of the best tenth, median": parameters(trials),
                "rank correlation": rank_correlation(trials),
            }
        )
    return rows


def rank_correlation(trials: Sequence[Record]) -> str:
    """How well validation orders the test losses of good trials; empty for few or equal ones."""
    ranked = sorted(trials, key=lambda trial: float(trial["valid"]))[: len(trials) // 3]
    pairs = [(trial["valid"], loss_of(trial)) for trial in ranked]
    if len(ranked) < 5 or any(len({*values}) == 1 for values in zip(*pairs, strict=True)):
        return ""
    return f"{stats.spearmanr(*np.transpose(pairs)).statistic:.2f}"


def input_noise(trials: Sequence[Record]) -> str:
    """The median standard deviation of the input noise of the best tenth."""
    return f"{np.median(best(*np.transpose([(t['valid'], t['noise']) for t in trials]))):.2f}"


def parameters(trials: Sequence[Record]) -> str:
    """The median number of parameters of the best tenth; empty for trials without."""
    if not all("parameters" in trial for trial in trials):
        return ""
    numbers = best(*np.transpose([(t["valid"], t["parameters"]) for t in trials]))
    return f"{np.median(numbers):,.0f}".replace(",", "\u202f")


def shares(result: Result) -> dict[str, dict[str, float]]:
    """The importance of hyperparameters and unit, among all units and those of the claims."""
    units = (VANILLA, *ABLATIONS)
    few = [trial for trial in result["records"] if trial["case"]["unit"] in units]
    found = {"all recurrent units": importances(result["records"])}
    is_part = 0 < len(few) < len(result["records"])
    return found | ({"vanilla LSTM and ablations": importances(few)} if is_part else {})


def fit_text(result: Result) -> str:
    """What the shares of the variance rest on."""
    low, middle, high = (f"{100 * share:.0f} %" for share in share_of_rate(result))
    return (
        f"A random forest predicts {100 * predicted_share(result):.0f} % of the variance of the "
        "loss of trials that it has not seen. For each recurrent unit separately, the share "
        f"of the learning rate is {middle} in the median ({low} to {high})."
    )
