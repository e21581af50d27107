"""What the trials of a study mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments import Record, Result
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey.welch import BETTER, adjusted
from experiments.records import grouped
from experiments.statistics.choices import Choice, Limit
from experiments.statistics.comparisons import Comparison, Pair, trials
from experiments.statistics.good_settings import unequal
from experiments.statistics.readings import CLAIMED, Reading
from experiments.statistics.trials import best, is_cut_off
from experiments.statistics.verdicts import claim

CRITICAL = ("NFG", "NOAF")
OF_INTEREST = {"speech": 0.02, "strokes": 0.05, "music": 0.05}
"""Nats: the smallest differences of interest, declared before the trials were run."""
DATA = {"speech": "spoken digits", "strokes": "pen strokes", "music": "chorales"}
"""How claims name the data sets."""
UNITS = {"speech": "nats", "strokes": "nats", "music": "nats per frame"}
LESSONS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "speech": (
        (
            "....+...",
            "On spoken digits, an LSTM without output activation is not better by the margin; the "
            "other seven ablations are undecided. Coupled gates and full gate recurrence have the "
            "lowest losses of all ablations in these trials. Fewer trials gave other answers: with "
            "40 three ablations were decided.",
        ),
        (
            "x+",
            "On spoken digits, the loss is higher without the output activation in these trials, "
            "but the p-value is an underestimate (see the page of the search); without the forget "
            "gate, an increase as large as the smallest effect of interest is excluded.",
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
            "./......",
            "On chorales, 60 trials of each are too few to show of any ablation that it is not "
            "better by the margin: all intervals are wider than 0.5 nats per frame, ten times the "
            "margin. The best trials without peepholes have less input noise than those of the "
            "vanilla LSTM.",
        ),
        (
            "/x",
            "The loss on chorales is higher without the forget gate in these trials, but most of "
            "the best ones end at the limit of epochs, so that this is left undecided. Without the "
            "output activation, an increase of the loss as large as the smallest effect of "
            "interest is excluded.",
        ),
    ),
}
"""For each task and claim, the outcomes of the comparisons and what to take from them."""
NO_LESSONS = ("", ""), ("", "")
REPEATED = "trials"
"""Each repetition has hyperparameters of its own."""


def greff(reported: str) -> Reading:
    """A sentence of the abstract of Greff et al., which has no numbers."""
    return Reading("Greff et al. 2017", reported, CLAIMED, "in an excerpt", "abstract")


NO_IMPROVEMENT = greff("none of the variants improves upon the standard LSTM significantly")
MOST_CRITICAL = greff("forget gate and output activation function are the most critical components")


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


def ends_of(trials: Sequence[Record], limit: int) -> NDArray[np.float64]:
    """The validation loss of trials, and 1 for each that ended by the limit of epochs, or 0."""
    return np.array([(t["valid"], float(t["epochs"] >= limit)) for t in trials]).T


def ended_early(trials: Sequence[Record], limit: int) -> bool:
    """Whether most of the best tenth of the trials of a unit end at the limit of epochs."""
    return is_cut_off(*ends_of(trials, limit))


def with_own_test(result: Result, lesson: tuple[str, str]) -> tuple[str, str]:
    """What to take from a claim, after what the test of the paper shows."""
    losses = best_losses(result)
    if not {VANILLA, *ABLATIONS} <= losses.keys():
        return lesson
    better = [name for name, found in adjusted(losses).items() if found == BETTER]
    shown = f"better: {', '.join(better)}" if better else "no ablation is better, as in the paper"
    test = (
        "By the test of the paper, Welch's t-test corrected for the number of variants (by memory)"
    )
    return lesson[0], f"{test}, {shown}. {lesson[1]}"


def claims(result: Result) -> list[Record]:
    """Differences of the test loss between the best tenths, by the rule for random searches."""
    task = result["config"]["task"]
    losses, interest, unit, data = losses_of(result), OF_INTEREST[task], UNITS[task], DATA[task]
    lessons = LESSONS.get(task, NO_LESSONS)
    fidelity, readings = "adapted", [NO_IMPROVEMENT, MOST_CRITICAL]
    if task != "music":  # the paper has other tasks
        fidelity, readings = "our own task", [r.about_other_tasks() for r in readings]
    found, limit = grouped(result["records"], "unit"), result["config"]["epochs"]

    def lower(
        ahead: str, behind: str, *, of_interest: float | None = None, margin: float = 0.0
    ) -> Comparison:
        cut_off = [name for name in (ahead, behind) if ended_early(found[name], limit)]
        return trials(
            Pair(ahead, behind, "test loss"),
            losses[ahead],
            losses[behind],
            unit,
            of_interest=of_interest,
            margin=margin,
            open_because=f"most of the best trials of {cut_off[0]} end at the limit of epochs"
            if cut_off
            else "",
        )

    return [
        claim(
            f"On {data}, no ablation beats the vanilla LSTM by {interest:g} {unit}",
            readings[0],
            fidelity,
            [lower(VANILLA, name, margin=interest) for name in ABLATIONS],
            lesson=with_own_test(result, lessons[0]),
        ),
        claim(
            f"On {data}, the loss is higher without the forget gate, and without the output "
            "activation",
            readings[1],
            fidelity,
            [lower(VANILLA, name, of_interest=interest) for name in CRITICAL],
            lesson=lessons[1],
        ),
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates of the best tenth of each unit, chosen by the validation loss."""
    return [
        Choice(
            "learning rate",
            unit,
            tuple(result["config"]["rate"]),
            tuple(best(*np.transpose([(t["valid"], t["rate"]) for t in drawn])).tolist()),
            "the validation loss",
            is_range=True,
        )
        for unit, drawn in grouped(result["records"], "unit").items()
    ]


def good_settings(result: Result) -> list[str]:
    """Whether the share of good settings differs between the units."""
    found = losses_of(result)
    return unequal({unit: found[unit] for unit in (VANILLA, *ABLATIONS) if unit in found})


def limits(result: Result) -> list[Limit]:
    """How many trials of each unit end at the limit of epochs."""
    limit = result["config"]["epochs"]
    return [
        Limit(unit, "The limit of epochs", int(ends_of(drawn, limit)[1].sum()), len(drawn))
        for unit, drawn in grouped(result["records"], "unit").items()
    ]
