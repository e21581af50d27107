"""What the trials of a study mean."""

from __future__ import annotations

import statistics

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey.importance import importances
from experiments.records import grouped
from experiments.statistics.comparisons import Comparison, trials
from experiments.statistics.importance import shares_table
from experiments.statistics.trials import best, ended_by_limit
from experiments.statistics.verdicts import claim

CRITICAL = ("NFG", "NOAF")
OF_INTEREST = {"speech": 0.02, "strokes": 0.05, "music": 0.05}
"""Nats: the smallest differences of interest, declared before the trials were run."""
DATA = {"speech": "spoken digits", "strokes": "pen strokes", "music": "chorales"}
"""How claims name the data sets."""
UNITS = {"speech": "nats", "strokes": "nats", "music": "nats per frame"}
LABELS = {
    "hidden": "hidden units",
    "rate": "learning rate",
    "forgotten": "1 - β₁ of Adam",
    "noise": "input noise",
}
LESSONS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "speech": (
        (
            "....+...",
            "On spoken digits, an LSTM without output activation is not better by the margin; the "
            "other seven ablations are undecided. Coupled gates and full gate recurrence have the "
            "lowest losses of all ablations in these trials.",
        ),
        (
            "x+",
            "On spoken digits, the loss is higher without the output activation; without the "
            "forget gate, an increase as large as the smallest effect of interest is excluded.",
        ),
    ),
    "strokes": (
        (
            "++++++..",
            "On pen strokes, an LSTM without one of its gates, without an activation function or "
            "without peepholes is not better by the margin; with coupled gates or with full gate "
            "recurrence this is undecided. Fewer trials gave other answers: with 20 seven "
            "ablations were decided, with 40 two.",
        ),
        (
            "x.",
            "On pen strokes, an increase of the loss as large as the smallest effect of interest "
            "is excluded for the LSTM without forget gate. Without the output activation, this is "
            "undecided.",
        ),
    ),
    "music": (
        (
            "........",
            "The trials so far are too few to tell any ablation from the vanilla LSTM on chorales.",
        ),
        (
            "..",
            "The trials so far are too few to tell whether the loss on chorales rises without the "
            "forget gate or the output activation.",
        ),
    ),
}
"""For each task and claim, the outcomes of the comparisons and what to take from them."""
NO_LESSONS = ("", ""), ("", "")
REPEATED = "trials"
"""Each repetition has hyperparameters of its own."""
SOURCE = "Greff et al. 2017"


def loss_of(trial: Record) -> float:
    """The test loss of a trial, at most that of chance."""
    return min(float(trial["test"]), float(trial["chance"]))


def losses_of(result: Result) -> dict[str, list[tuple[float, float]]]:
    """For each unit, validation and test loss of its trials."""
    return {
        unit: [(float(trial["valid"]), loss_of(trial)) for trial in trials]
        for unit, trials in grouped(result["records"], "unit").items()
    }


def best_losses(result: Result) -> dict[str, list[float]]:
    """For each unit, the test losses of the tenth of its trials with the best validation losses."""
    return {
        unit: best(*np.transpose(losses)).tolist() for unit, losses in losses_of(result).items()
    }


def best_errors(result: Result) -> dict[str, float]:
    """For each unit whose trials have one, the median test error of its best tenth."""
    return {
        unit: float(np.median(best(*np.transpose([(t["valid"], t["error"]) for t in trials]))))
        for unit, trials in grouped(result["records"], "unit").items()
        if all(t.get("error") is not None for t in trials)
    }


def claims(result: Result) -> list[Record]:
    """Differences of the test loss between the best tenths, by the rule for random searches."""
    task = result["config"]["task"]
    losses, interest, unit, data = losses_of(result), OF_INTEREST[task], UNITS[task], DATA[task]
    lessons = LESSONS.get(task, NO_LESSONS)

    def lower(
        ahead: str, behind: str, *, of_interest: float | None = None, margin: float = 0.0
    ) -> Comparison:
        label = f"{ahead} below {behind}, test loss"
        pair = losses[ahead], losses[behind]
        return trials(label, *pair, unit, of_interest=of_interest, margin=margin)

    return [
        claim(
            f"On {data}, no ablation has a test loss that is lower by {interest:g} {unit} or more "
            "than that of the vanilla LSTM",
            SOURCE,
            "none of the variants improves upon the standard LSTM significantly",
            "adapted",
            [lower(VANILLA, name, margin=interest) for name in ABLATIONS],
            place="abstract",
            lesson=lessons[0],
        ),
        claim(
            f"On {data}, the loss is higher without the forget gate, and without the output "
            "activation",
            SOURCE,
            "forget gate and output activation function are the most critical components",
            "adapted",
            [lower(VANILLA, name, of_interest=interest) for name in CRITICAL],
            place="abstract",
            lesson=lessons[1],
        ),
    ]


def table(result: Result) -> str:
    """Losses of the best tenth of each unit, and the importance of each hyperparameter."""
    found = grouped(result["records"], "unit")
    errors = best_errors(result)
    limit = result["config"]["epochs"]
    rows = [
        {
            "recurrent unit": unit,
            "trials": len(found[unit]),
            "ended by the limit of epochs": ended_by_limit(
                *np.transpose([(t["valid"], t["epochs"] >= limit) for t in found[unit]])
            ),
            "best by validation": f"{losses[0]:.3f}",
            "best tenth, median": f"{statistics.median(losses):.3f}",
            "range": f"{min(losses):.3f} to {max(losses):.3f}",
            "median of all": f"{statistics.median(map(loss_of, found[unit])):.3f}",
        }
        | ({"error of the best tenth, median": f"{errors[unit]:.1%}"} if unit in errors else {})
        for unit, losses in best_losses(result).items()
    ]
    return "\n\n".join(
        (
            f"Test loss in {UNITS[result['config']['task']]}, capped at that of chance.",
            tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True),
            shares_table(importances(result), LABELS, "test loss"),
            "Learning rate, hidden units and 1 - β₁ are on logarithmic scales.",
        )
    )
