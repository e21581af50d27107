"""The findings of Greff et al. 2017 beside those of a study, by the paper's own test."""

from __future__ import annotations

from dataclasses import dataclass

from experiments import Record, Result
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey.results import best_losses
from experiments.odyssey.welch import NO_CHANGE, WORSE, adjusted, changed_text, outcome, welch
from experiments.statistics.inference import p_value_text
from experiments.statistics.readings import BY_MEMORY

SHARE_OF_RATE = 2 / 3
"""Of the variance: the paper reports more for the learning rate."""


@dataclass(frozen=True)
class Finding:
    """What the paper reports of some of its variants.

    Attributes:
        text: The finding.
        place: Where it was read, or that it was not.
        variants: What it is about.
        outcomes: The outcomes here that agree with it.
    """

    text: str
    place: str
    variants: tuple[str, ...]
    outcomes: tuple[str, ...]


COMMON = (
    Finding("no variant is better than vanilla", "abstract", ABLATIONS, (NO_CHANGE, WORSE)),
    Finding("CIFG and NP: no change", "a summary by others", ("CIFG", "NP"), (NO_CHANGE,)),
    Finding("NFG and NOAF are worse", BY_MEMORY, ("NFG", "NOAF"), (WORSE,)),
)
PARTS = ("NIG", "NOG", "NIAF")
OTHER_DATA = (
    Finding("NIG, NOG and NIAF are worse", BY_MEMORY, PARTS, (WORSE,)),
    Finding("FGR: no change", BY_MEMORY, ("FGR",), (NO_CHANGE,)),
)
FINDINGS = {
    "speech": COMMON + OTHER_DATA,
    "strokes": COMMON + OTHER_DATA,
    "music": (
        *COMMON,
        Finding("NIG, NOG and NIAF: no change", BY_MEMORY, PARTS, (NO_CHANGE,)),
        Finding("FGR is worse", BY_MEMORY, ("FGR",), (WORSE,)),
    ),
}
"""The paper's findings on TIMIT (beside speech), IAM Online (strokes) and JSB Chorales (music)."""


def findings(result: Result, share_of_rate: float) -> list[Record]:
    """Each finding of the paper and what the trials show; nothing if a unit is missing.

    Args:
        result: The trials.
        share_of_rate: The share of the variance that the learning rate explains, of the trials of
            the vanilla LSTM and its ablations.
    """
    losses = best_losses(result)
    if not {VANILLA, *ABLATIONS} <= losses.keys():
        return []
    p_values = {name: welch(losses[VANILLA], losses[name]) for name in ABLATIONS}
    outcomes = {name: outcome(losses[VANILLA], losses[name]) for name in ABLATIONS}
    rows = []
    for finding in FINDINGS[result["config"]["task"]]:
        agree = sum(outcomes[name] in finding.outcomes for name in finding.variants)
        changed = [
            f"{name} {outcomes[name]} ({p_value_text(p_values[name], 2)})"
            for name in finding.variants
            if outcomes[name] != NO_CHANGE
        ]
        rows.append(
            {
                "Greff et al. 2017": finding.text,
                "read in": finding.place,
                "here": ", ".join(changed) or "no change",
                "agrees": agreement(agree, len(finding.variants)),
            }
        )
    rows.append(
        {
            "Greff et al. 2017": "the learning rate explains more than two thirds of the variance",
            "read in": BY_MEMORY,
            "here": f"{100 * share_of_rate:.0f} %, vanilla LSTM and ablations together",
            "agrees": "yes" if share_of_rate > SHARE_OF_RATE else "no",
        }
    )
    return rows


def agreement(agree: int, number: int) -> str:
    """Of how many variants the finding holds here."""
    if agree in (0, number):
        return "yes" if agree else "no"
    return f"for {agree} of {number}"


def adjusted_text(result: Result) -> str:
    """Which differences from the vanilla LSTM remain significant after Holm's adjustment."""
    shown = changed_text(adjusted(best_losses(result)))
    return f"After Holm's adjustment for the eight variants: {shown}."
