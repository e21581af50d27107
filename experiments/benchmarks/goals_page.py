"""The goals of the CPU kernels that are missed, for those who work on them."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

import tabulate

from experiments import Result
from experiments.benchmarks.goals import compare
from experiments.benchmarks.page import label
from experiments.benchmarks.results import is_gpu
from experiments.benchmarks.sizes import size_text
from experiments.report.markdown import provenance


def section(results: Sequence[Result]) -> str:
    """A tab for each processor."""
    timed = [result for result in results if "records" in result and not is_gpu(result)]
    return "\n\n".join(f'=== "{label(r)}"\n\n{indent(tab(r), "    ")}' for r in timed) + "\n"


def tab(result: Result) -> str:
    """How many of the goals are reached on a processor, and which are not."""
    compared = compare(result["records"])
    missed = [
        {
            "variant": record["variant"],
            "mode": record["mode"],
            "threads": record["threads"],
            "B, T, D, H": size_text(record["size"]),
            "goal": goal,
            "reached": f"{record['ratio']['median']:.2f}",
        }
        for record, goal in compared
        if round(record["ratio"]["median"], 2) > goal
    ]
    reached = (
        f"Of {len(compared)} goals in float32, {len(compared) - len(missed)} are reached"
        f"{'; the table lists the others' if missed else ''}. {provenance(result)}."
    )
    table = tabulate.tabulate(missed, "keys", tablefmt="pipe", disable_numparse=True)
    return f"{reached}\n\n{table}" if missed else reached
