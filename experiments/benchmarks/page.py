"""The part of the page of speed for one device."""

from __future__ import annotations

from experiments import Result
from experiments.benchmarks.results import goals_section, memory_table, table_of_ratios
from experiments.benchmarks.sizes import legend
from experiments.report.data import data_links
from experiments.report.markdown import images, provenance


def section(result: Result) -> str:
    """The part of the benchmark page for one device."""
    name = result["experiment"]
    alt = "Time relative to torch.nn, by variant and size"
    device = name.removeprefix("bench-").upper().replace("CUDA", "GPU (CUDA)")
    parts = (
        f"## {device}",
        images(name, alt),
        legend(result),
        '<details markdown="1"><summary>All numbers</summary>',
        table_of_ratios(result),
        "</details>",
        f"### Memory on the {device.partition(' ')[0]}",
        "Peak memory of a training step in MB, above its start, this package : torch.nn.",
        memory_table(result),
        *(goals_section(result) if name == "bench-cpu" else ()),
        f"{provenance(result)}. {data_links(result)}",
    )
    return "\n\n".join(parts) + "\n"
