"""The sentences that the page of speed begins with."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tabulate

from experiments import Record, Result
from experiments.benchmarks.page import instruction_set
from experiments.benchmarks.sizes import size_name
from experiments.benchmarks.summary import LAYERS

COMMON = ("small", "medium", "large")
SMALLEST = "notebook"
SHARE = 0.9
"""The share of timings that the number for repeatability holds for."""


def answer(results: Sequence[Result]) -> str:
    """How long the layers of the README take on the processor that was measured last."""
    newest = max(results, key=lambda result: str(result["date"]))
    alone = [r for r in newest["records"] if r["threads"] == 1 and r["variant"] in LAYERS]
    common = [record for record in alone if size_name(record["size"]) in COMMON]
    smallest = [record for record in alone if size_name(record["size"]) == SMALLEST]
    rows = [
        {"layer": f"`{name}`"} | {mode: percent(records, mode) for mode in ("training", "forward")}
        for name in LAYERS
        for records in [[record for record in common if record["variant"] == name]]
    ]
    sizes = listed([f"*{name}*" for name in COMMON])
    return (
        f"On a CPU with one thread, a training step takes {percent(common, 'training')} of the "
        f"time of `torch.nn`, and a forward pass {percent(common, 'forward')}, at the sizes "
        f"{sizes}:\n\n{tabulate.tabulate(rows, 'keys', tablefmt='pipe')}\n\n"
        f"Small layers gain less: at the size *{SMALLEST}* (H = {smallest[0]['size']['H']}), the "
        f"range is {percent(smallest, 'training')} in training and "
        f"{percent(smallest, 'forward')} in a forward pass, and {listed(slower(smallest))} are "
        f"slower than `torch.nn` in one mode or in both. Measured on {newest['machine']['cpu']} "
        f"with {instruction_set(newest)}, {newest['date'][:10]}."
    )


def listed(parts: Sequence[str]) -> str:
    """Parts of a sentence."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def percent(records: Sequence[Record], mode: str) -> str:
    """The lowest and the highest ratio of a mode."""
    ratios = [100 * record["ratio"]["median"] for record in records if record["mode"] == mode]
    return f"{min(ratios):.0f} to {max(ratios):.0f} %"


def slower(records: Sequence[Record]) -> list[str]:
    """Layers that take longer than those of torch.nn, in either mode."""
    found = {record["variant"] for record in records if record["ratio"]["median"] > 1}
    return [f"`{name}`" for name in LAYERS if name in found]


def repeatability(results: Sequence[Result]) -> str:
    """How far the medians of several processes are from the median of all rounds."""
    parts = []
    for result in results:
        if "processes" not in result:
            continue
        numbers = sorted({record["threads"] for record in result["records"]})
        found = [
            f"{within([r for r in result['records'] if r['threads'] == number])} % with "
            f"{number} thread{'s' if number > 1 else ''}"
            for number in numbers
        ]
        parts.append(f"{' and '.join(found)} ({instruction_set(result)})")
    return (
        f"**Repeatability**: in {100 * SHARE:.0f} % of the rows, the medians of the processes "
        f"differ from the ratio that is shown by at most {', '.join(parts)}. Smaller differences "
        "between two rows mean nothing."
    )


def within(records: Sequence[Record]) -> int:
    """The percentage that the medians of processes stay within, for a share of the timings."""
    away = sorted(
        max(q["high"] - q["median"], q["median"] - q["low"]) / q["median"]
        for q in (record["ratio"] for record in records)
    )
    largest: float = away[math.ceil(SHARE * len(away)) - 1]
    return math.ceil(100 * largest)
