"""The test by which Greff et al. 2017 compare their variants: Welch's t-test of the best tenths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from scipy import stats

from experiments.odyssey import ABLATIONS, VANILLA
from experiments.statistics.inference import holm

SIGNIFICANT = 0.05
BETTER, WORSE, NO_CHANGE = "better", "worse", "no change"


def welch(first: Sequence[float], second: Sequence[float]) -> float:
    """The p-value of Welch's t-test; NaN for fewer than two values of either, or without spread."""
    if min(len(first), len(second)) < 2 or len({*first}) == 1 == len({*second}):
        return math.nan
    return float(stats.ttest_ind(first, second, equal_var=False).pvalue)


def outcome(vanilla: Sequence[float], losses: Sequence[float]) -> str:
    """Whether the losses of a variant are better or worse than those of vanilla, or neither."""
    if not welch(vanilla, losses) <= SIGNIFICANT:
        return NO_CHANGE
    return BETTER if fmean(losses) < fmean(vanilla) else WORSE


def adjusted(losses: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """The outcome of each ablation after Holm's adjustment for all of them.

    Args:
        losses: For each unit, the test losses of the best tenth of its trials.
    """
    p_values = [welch(losses[VANILLA], losses[name]) for name in ABLATIONS]
    decisions = holm([1.0 if math.isnan(p) else p for p in p_values], SIGNIFICANT)
    return {
        name: outcome(losses[VANILLA], losses[name]) if decision.rejected else NO_CHANGE
        for name, decision in zip(ABLATIONS, decisions, strict=True)
    }


def changed_text(outcomes: Mapping[str, str]) -> str:
    """The ablations that differ from the vanilla LSTM."""
    changed = [f"{name} {found}" for name, found in outcomes.items() if found != NO_CHANGE]
    return ", ".join(changed) or NO_CHANGE
