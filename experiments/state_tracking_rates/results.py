"""What the record of learning rates means."""

from __future__ import annotations

import tabulate

from experiments import Record, Result
from experiments.state_tracking_rates.choice import chosen, losses
from experiments.statistics.choices import Choice

GROUP = "Counting and formal languages"


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


def table(result: Result) -> str:
    """The loss at each rate, a row for each network, and the rate that is chosen."""
    return (
        "Cross-entropy in nats per time step on new sequences of the length of the training, by "
        f"learning rate: the mean over the seeds.\n\n{rows_by_rate(result)}"
    )


def rows_by_rate(result: Result) -> str:
    """The mean loss at each rate, a row for each network, as a table."""
    rates_of = chosen(result)
    rows = [
        {"network": model}
        | {f"{rate:g}": f"{loss:.3g}" for rate, loss in rates.items()}
        | {"chosen": f"{rates_of[model]:g}"}
        for model, rates in losses(result).items()
    ]
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)


def tuned(result: Result, setting: str = "learning rate") -> list[Choice]:
    """The rate of each network, with those that were tried."""
    rates_of = chosen(result)
    return [
        Choice(setting, model, tuple(tried), (rates_of[model],), "validation loss")
        for model, tried in losses(result).items()
    ]
