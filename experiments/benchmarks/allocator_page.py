"""The section on the allocator on the page of speed."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate

from experiments import Result
from experiments.benchmarks.results import spread
from experiments.benchmarks.sizes import legend, size_name
from experiments.report.data import data_links
from experiments.report.markdown import provenance

NOT_MEASURED = (
    "No measurements are published. `python -m experiments.benchmarks --allocator` makes them.\n"
)


def section(results: Sequence[Result]) -> str:
    """Ratios of training, with memory that is returned to the system, and that is kept."""
    if not results:
        return NOT_MEASURED
    parts = []
    for result in results:
        parts += [
            table(result),
            f"Training, one thread, float32. {legend(result['kept'])} The median ratio of all "
            f"rounds; in brackets, the lowest and the highest median of {result['processes']} "
            f"processes. {provenance(result)}. {data_links(result)}",
        ]
    return "\n\n".join(parts) + "\n"


def table(result: Result) -> str:
    """Ratios and page faults in Markdown."""
    rows = [
        {
            "layer": returned["variant"],
            "size": size_name(returned["size"]),
            "ratio, returned": spread(returned["ratio"]),
            "ratio, kept": spread(kept["ratio"]),
            "page faults, returned": faults(returned),
            "page faults, kept": faults(kept),
        }
        for returned, kept in zip(result["returned"], result["kept"], strict=True)
    ]
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)


def faults(record: Result) -> str:
    """The page faults of a step, this package : torch.nn."""
    return f"{record['page_faults']:,} : {record['baseline_page_faults']:,}"
