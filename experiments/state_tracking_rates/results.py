"""What the record of learning rates means."""

from __future__ import annotations

import tabulate

from experiments import Record, Result
from experiments.state_tracking_rates.choice import chosen, losses

GROUP = "Counting and formal languages"


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


def table(result: Result) -> str:
    """The loss at each rate, a row for each network, and the rate that is chosen."""
    rates_of = chosen(result)
    rows = [
        {"network": model}
        | {f"{rate:g}": f"{loss:.3g}" for rate, loss in rates.items()}
        | {"chosen": f"{rates_of[model]:g}"}
        for model, rates in losses(result).items()
    ]
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        "Cross-entropy in nats per time step on new sequences of the length of the training, by "
        f"learning rate: the mean over the seeds.\n\n{shown}"
    )
