"""What a study shows by the paper's own test, and where that differs from its verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments import FOLDER, Record, Result
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey.results import CRITICAL, DATA, best_losses
from experiments.odyssey.welch import BETTER, NO_CHANGE, WORSE, adjusted, changed_text, welch
from experiments.records import load
from experiments.statistics.inference import p_value_text


def preface(result: Result, claims: Sequence[Record]) -> str:
    """The answer of the paper's test on every data set, shown before the verdicts.

    It is empty for a study in which a unit is missing.

    Args:
        result: The trials of this study.
        claims: Its claims with their verdicts, the one on the critical parts last.
    """
    answers = {task: answer(task, result) for task in DATA}
    found = {task: outcomes for task, outcomes in answers.items() if outcomes}
    task = result["config"]["task"]
    if task not in found:
        return ""
    shown = "; ".join(f"{DATA[name]}: {changed_text(found[name])}" for name in found)
    without = sum(BETTER not in outcomes.values() for outcomes in found.values())
    parts = [
        "### By the test of the paper",
        "Greff et al. compare the best tenths by Welch's t-test, corrected for the number of "
        "variants (by memory), and find none that is better than the vanilla LSTM. By this test, "
        "with Holm's correction for the eight ablations, the trials show on "
        f"{shown}. No ablation is better on {without} of {len(found)} data sets. The verdicts "
        "below are about a stricter statement, with a margin, and by another test.",
        *disagreement(best_losses(result), found[task], claims),
    ]
    return "\n\n".join(parts)


def answer(task: str, result: Result) -> dict[str, str]:
    """The outcomes of a data set: of this study, or of the published record; nothing without."""
    if task != result["config"]["task"]:
        path = FOLDER / f"odyssey_{task}" / "record.json"
        if not path.exists():
            return {}
        result = load(path)
    losses = best_losses(result)
    return adjusted(losses) if {VANILLA, *ABLATIONS} <= losses.keys() else {}


def disagreement(
    losses: Mapping[str, Sequence[float]], outcomes: Mapping[str, str], claims: Sequence[Record]
) -> list[str]:
    """A sentence on each critical part about which the two tests say different things."""
    sentences = []
    for name, comparison in zip(CRITICAL, claims[-1]["comparisons"], strict=True):
        is_higher = comparison["outcome"] == "ahead"
        if comparison["open_because"] or is_higher == (outcomes[name] == WORSE):
            continue
        p = p_value_text(welch(losses[VANILLA], losses[name]), 3)
        verdict = "higher than" if is_higher else "not shown to be higher than"
        other = "no change" if outcomes[name] == NO_CHANGE else outcomes[name]
        sentences.append(
            f"The two tests disagree on {name}: by the permutation test of the verdict, its loss "
            f"is {verdict} that of the vanilla LSTM; Welch's test shows {other} (p = {p}, not "
            "adjusted). The permutation test compares where the best tenths lie among all trials, "
            "Welch's test the means of the best tenths, relative to their spread."
        )
    return [" ".join(sentences)] if sentences else []
