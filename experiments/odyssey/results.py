"""What the trials of a study mean."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import tabulate

from experiments import Record, Result
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey.importance import importances
from experiments.records import grouped
from experiments.statistics.verdicts import Comparison, claim, scores

CRITICAL = ("NFG", "NOAF")
OF_INTEREST = {"speech": 0.02, "strokes": 0.05, "music": 0.05}
"""Nats: the smallest differences of interest, declared before the trials were run."""
UNITS = {"speech": "nats", "strokes": "nats", "music": "nats per frame"}
LABELS = {
    "hidden": "hidden units",
    "rate": "learning rate",
    "forgotten": "1 - decay rate of the first moment",
    "noise": "input noise",
    "interactions": "interactions",
}
SOURCE = "Greff et al. 2017"


def loss_of(trial: Record) -> float:
    """The test loss of a trial, at most that of chance."""
    return min(float(trial["test"]), float(trial["chance"]))


def best_tenth(trials: Sequence[Record]) -> list[Record]:
    """The tenth of the trials with the lowest validation losses."""
    ordered = sorted(trials, key=lambda trial: float(trial["valid"]))
    return ordered[: math.ceil(len(trials) / 10)]


def best_losses(result: Result) -> dict[str, list[float]]:
    """For each unit, the test losses of its best tenth."""
    return {
        unit: [loss_of(trial) for trial in best_tenth(trials)]
        for unit, trials in grouped(result["records"], "unit").items()
    }


def claims(result: Result) -> list[Record]:
    """Differences of the test loss between the best tenths, by the rule for scores."""
    task = result["config"]["task"]
    losses, interest, unit = best_losses(result), OF_INTEREST[task], UNITS[task]

    def lower(
        ahead: str, behind: str, *, of_interest: float | None = None, margin: float = 0.0
    ) -> Comparison:
        better, worse = ([-loss for loss in losses[name]] for name in (ahead, behind))
        label = f"{ahead} below {behind}, test loss"
        return scores(label, better, worse, unit, of_interest=of_interest, margin=margin)

    return [
        claim(
            f"On {task} no ablation has a test loss that is lower by {interest:g} {unit} or more "
            "than that of the vanilla LSTM",
            SOURCE,
            "none of the variants improves upon the standard LSTM significantly",
            "adapted",
            [lower(VANILLA, name, margin=interest) for name in ABLATIONS],
            place="abstract",
        ),
        claim(
            f"On {task} the loss is higher without forget gate, and without output activation",
            SOURCE,
            "forget gate and output activation function are the most critical components",
            "adapted",
            [lower(VANILLA, name, of_interest=interest) for name in CRITICAL],
            place="abstract",
        ),
    ]


def table(result: Result) -> str:
    """Losses of the best tenth of each unit, and the importance of each hyperparameter."""
    trials = grouped(result["records"], "unit")
    rows = [
        {
            "unit": unit,
            "trials": len(trials[unit]),
            "best by validation": f"{losses[0]:.3f}",
            "best tenth, median": f"{statistics.median(losses):.3f}",
            "range": f"{min(losses):.3f} to {max(losses):.3f}",
            "median of all": f"{statistics.median(map(loss_of, trials[unit])):.3f}",
        }
        for unit, losses in best_losses(result).items()
    ]
    shares = importances(result)
    if any(shares.values()):  # if not, all losses are the same
        shares["interactions"] = 1 - sum(shares.values())
    listed = [
        {"hyperparameter": LABELS[name], "share": f"{share:.0%}"} for name, share in shares.items()
    ]
    return "\n\n".join(
        (
            f"Test loss in {UNITS[result['config']['task']]}, at most that of chance.",
            tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True),
            "Share of the variance of the test loss over all trials that each hyperparameter "
            "explains alone (fANOVA, on logarithms); the rest is due to interactions.",
            tabulate.tabulate(listed, "keys", tablefmt="pipe", disable_numparse=True),
        )
    )
