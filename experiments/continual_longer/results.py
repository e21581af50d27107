"""What the record says about continual streams after longer training."""

from __future__ import annotations

import statistics

from experiments import FOLDER, Record, Result
from experiments.continual.results import WITH_A_FORGET_GATE, compared, is_solved, table
from experiments.continual_longer_rates import results as pilot
from experiments.records import grouped, load
from experiments.statistics.choices import Choice
from experiments.statistics.verdicts import claim

GROUP = "Counting and formal languages"

__all__ = ["choices", "claims", "observations", "table"]

FEW = 0.001
"""A share of wrong predictions; a network with at most that has nearly learned the stream."""


def claims(result: Result) -> list[Record]:
    """Shares of seeds that solve the task, and how far the others come."""
    steps, updates = (result["config"][name] for name in ("tested_steps", "updates"))
    solved = {
        model: f"{sum(map(is_solved, records))} of {len(records)}"
        for model, records in grouped(result["records"], "model").items()
    }
    return [
        claim(
            "After 6,000 updates, an LSTM with a forget gate has learned a continual stream, one "
            "without it has not",
            WITH_A_FORGET_GATE,
            "adapted",
            compared(result, ("LSTM", "none"), ("LSTM-1997", "none"), reported=62.0),
            lesson=(
                "xx",
                f"After {updates:,} updates, {solved['LSTM']} LSTMs read streams of {steps:,} "
                f"symbols without an error, and so do {solved['LSTM-1997']} without a forget gate. "
                "Whether the forget gate helps is not decided; an advantage as large as the paper "
                "reports is excluded, for this training and for streams of this length. The "
                "paper's are up to 50 times as long.",
            ),
        )
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates that the pilot chose."""
    path = FOLDER / "continual_longer_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def observations(result: Result) -> list[str]:
    """How many networks have few errors, and how large their states are then."""
    sentences = []
    for model, records in grouped(result["records"], "model").items():
        few = [record for record in records if record["wrong"] <= FEW]
        first, last = ([record["sizes"][at][1] for record in few] for at in (0, -1))
        grown = [after / before for before, after in zip(first, last, strict=True)]
        sentences.append(
            f"{model}: at most {100 * FEW:g} % of the predictions are wrong in {len(few)} of "
            f"{len(records)} networks. In the median of these, the cell state grows by a factor of "
            f"{statistics.median(grown):,.1f} from {records[0]['sizes'][0][0]:,} to "
            f"{records[0]['sizes'][-1][0]:,} symbols."
        )
    return sentences
