"""What the record of learning rates means."""

from __future__ import annotations

import tabulate

from experiments import Record, Result
from experiments.continual_rates.choice import chosen, losses

GROUP = "Counting and formal languages"


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


def table(result: Result) -> str:
    """The loss at each rate, a row for each network, and the rate that is chosen."""
    rates_of = chosen(result)
    rows = [
        {"network": model, "resets": resets}
        | {f"{rate:g}": f"{loss:.3g}" for rate, loss in rates.items()}
        | {"chosen": f"{rates_of[model, resets]:g}"}
        for (model, resets), rates in losses(result).items()
    ]
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        "Cross-entropy in nats per output on new streams, by learning rate: the mean over the "
        f"seeds.\n\n{shown}"
    )
