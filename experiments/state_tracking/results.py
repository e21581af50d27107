"""What the record says about tracking a state."""

from __future__ import annotations

import statistics

import tabulate

from experiments import Record, Result
from experiments.records import grouped

RIGHT = 0.99
"""A task is solved at a length if at least this share of the states is right."""


def claims(result: Result) -> list[Record]:
    """No comparison has been declared yet."""
    return []


def table(result: Result) -> str:
    """Accuracies and the share of seeds that solve each task, a row for each network and task."""
    config = result["config"]
    lengths = [k * config["steps"] for k in config["times_longer"]]
    rows = []
    for (task, model, rate), records in grouped(result["records"], "task", "model", "rate").items():
        fit = [record["training_length"]["accuracy"] >= RIGHT for record in records]
        far = [record["accuracies"][-1] >= RIGHT for record in records]
        medians = [
            statistics.median(r["accuracies"][k] for r in records) for k in range(len(lengths))
        ]
        rows.append(
            {
                "task": task,
                "network": model,
                "parameters": f"{records[0]['parameters']['all']:,}",
                "learning rate": f"{rate:g}",
                f"solved at T = {lengths[0]}": f"{sum(fit)} of {len(fit)}",
                f"at T = {lengths[-1]}": f"{sum(far)} of {len(far)}",
            }
            | {
                f"right, T = {length}": f"{100 * value:.1f} %"
                for length, value in zip(lengths, medians, strict=True)
            }
            | {"seconds": f"{statistics.median(record['seconds'] for record in records):.1f}"}
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        "*Solved*: seeds with at least "
        f"{100 * RIGHT:g} % of the states right, at all time steps of sequences with T = "
        f"{lengths[0]} or at the last of T = {lengths[-1]}. *Right*: share of the last states, the "
        "median. *Seconds*: of training and tests together, the median, on a machine that did "
        f"other work too.\n\n{shown}"
    )
