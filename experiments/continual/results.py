"""What the record says about continual streams."""

from __future__ import annotations

import statistics

import tabulate

from experiments import Record, Result
from experiments.records import grouped


def claims(result: Result) -> list[Record]:
    """No comparison has been declared yet."""
    return []


def is_solved(record: Record) -> bool:
    """Whether all predictions on all streams of the test are right."""
    return bool(record["wrong"] == 0)


def symbols(record: Record) -> float:
    """Symbols before the first error, the mean over the streams of the test."""
    return float(statistics.mean(record["before_first_error"]))


def table(result: Result) -> str:
    """How far each network is right, and how its state grows, a row for each."""
    rows = []
    names = ("resets", "model", "rate")
    for (resets, model, rate), records in grouped(result["records"], *names).items():
        solved = [is_solved(record) for record in records]
        far = [symbols(record) for record in records]
        size = {at: statistics.median(r["sizes"][at][1] for r in records) for at in (0, -1)}
        rows.append(
            {
                "resets": resets,
                "network": model,
                "parameters": f"{records[0]['parameters']:,}",
                "learning rate": f"{rate:g}",
                "solved": f"{sum(solved)} of {len(solved)}",
                "symbols before an error, median": f"{statistics.median(far):,.0f}",
                "range": f"{min(far):,.0f} to {max(far):,.0f}",
                "wrong, median": f"{100 * statistics.median(r['wrong'] for r in records):.2g} %",
                f"size after {records[0]['sizes'][0][0]:,}": f"{size[0]:.2g}",
                f"after {records[0]['sizes'][-1][0]:,}": f"{size[-1]:,.3g}",
                "seconds": f"{statistics.median(record['seconds'] for record in records):.0f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    config = result["config"]
    return (
        f"*Solved*: seeds with all predictions right on {config['tested']} streams of "
        f"{config['tested_steps']:,} symbols. *Size*: the mean absolute value of the cell state "
        "(GRU: of the hidden state) after so many symbols, the median. *Seconds*: of training and "
        f"tests together, the median, on a machine that did other work too.\n\n{shown}"
    )
