"""The measurements on the page of speed, a tab for each device."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

from experiments import Result
from experiments.benchmarks.results import (
    goals_section,
    half_precision_section,
    memory_table,
    one_step_section,
    own_layers_section,
    table_of_ratios,
)
from experiments.benchmarks.sizes import legend
from experiments.report.data import data_links
from experiments.report.markdown import images, provenance

DEVICES = {"cpu": "CPU", "cuda": "GPU"}
NOT_MEASURED = (
    "No measurements on a {} are published; `make bench` measures all devices of a machine."
)


def tabs(results: Sequence[Result]) -> str:
    """A tab for each device; one device has no tab, and a note that the other is not measured."""
    measured = {result["experiment"].removeprefix("bench-"): section(result) for result in results}
    if len(measured) == 1:
        [(device, text)] = measured.items()
        [other] = (label for name, label in DEVICES.items() if name != device)
        return f"On the {DEVICES[device]}. {NOT_MEASURED.format(other)}\n\n{text}"
    return "\n\n".join(
        f'=== "{DEVICES[device]}"\n\n{indent(text, "    ")}' for device, text in measured.items()
    )


def section(result: Result) -> str:
    """What was measured on one device."""
    name = result["experiment"]
    caption = "Time divided by that of torch.nn, by variant and size: below 1 is faster"
    parts = (
        images(name, caption),
        legend(result),
        '<details markdown="1" data-search-exclude><summary>All numbers</summary>',
        table_of_ratios(result),
        "</details>",
        *own_layers_section(result),
        *half_precision_section(result),
        *one_step_section(result),
        "### Memory",
        "Peak memory of a training step in MB, above its start, this package : torch.nn.",
        memory_table(result),
        *(goals_section(result) if name == "bench-cpu" else ()),
        f"{provenance(result)}. {data_links(result)}",
    )
    return "\n\n".join(parts) + "\n"
