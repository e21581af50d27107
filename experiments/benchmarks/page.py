"""The measurements on the page of speed, a tab for each device."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import indent

from experiments import Result
from experiments.benchmarks.results import (
    GPU_RECORD,
    half_precision_section,
    is_gpu,
    memory_section,
    method,
    one_step_section,
    own_layers_section,
    table_of_ratios,
)
from experiments.benchmarks.sizes import legend
from experiments.report.data import data_links
from experiments.report.markdown import continuing, images, provenance

INSTRUCTION_SETS = {"AVX512": "AVX-512"}
"""Their usual spelling, where PyTorch's differs."""
NOT_MEASURED = (
    "No measurements on a GPU are published; `make bench-all` measures all devices of a "
    "machine.\n\n"
)


def tabs(results: Sequence[Result]) -> str:
    """A tab for each device, after a note if no GPU is among them."""
    missing = "" if any(result["experiment"] == GPU_RECORD for result in results) else NOT_MEASURED
    return missing + "\n\n".join(map(tab, results))


def tab(result: Result) -> str:
    """What was measured on one device; headings name it, for the search and for links."""
    name = label(result)
    text = re.sub("^(#+ .+)$", rf"\1, {name}", section(result), flags=re.MULTILINE)
    return f'=== "{name}"\n\n{indent(text, "    ")}'


def label(result: Result) -> str:
    """The kind of device that a record is from, short enough for the tabs to fit on a phone."""
    return "GPU" if is_gpu(result) else instruction_set(result)


def instruction_set(result: Result) -> str:
    """The newest instruction set of the CPU that was measured, such as AVX2."""
    found: str = result["machine"]["simd"]
    return INSTRUCTION_SETS.get(found, found)


def section(result: Result) -> str:
    """What was measured on one device."""
    if "records" not in result:
        return half_precision_alone(result)
    name = result["experiment"]
    caption = "Time divided by that of torch.nn, by variant and size: below 1 is faster"
    parts = (
        images(name, caption),
        legend(result["records"]),
        method(result),
        '<details markdown="1" data-search-exclude><summary>All numbers</summary>',
        table_of_ratios(result),
        "</details>",
        *own_layers_section(result),
        *without_search(half_precision_section(result)),
        *without_search(one_step_section(result)),
        *memory_section(result),
        f"{provenance(result)}{continuing(result)}. {data_links(result)}",
    )
    return "\n\n".join(parts) + "\n"


def without_search(section: tuple[str, ...]) -> tuple[str, ...]:
    """A section whose table, its last part, is not searched: only its numbers would be found."""
    if not section:
        return ()
    return *section[:-1], '<div markdown="1" data-search-exclude>', section[-1], "</div>"


def half_precision_alone(result: Result) -> str:
    """The same, where nothing else was measured."""
    title, *others = half_precision_section(result)
    parts = (
        title,
        f"Nothing else was measured with this instruction set. {legend(result['half_precision'])}",
        method(result),
        *others,
        f"{provenance(result)}. {data_links(result)}",
    )
    return "\n\n".join(parts) + "\n"
