"""What `make bench` prints."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence

import tabulate

from experiments import Record, Result
from experiments.benchmarks.nearest import find
from experiments.benchmarks.page import instruction_set
from experiments.benchmarks.paired import Size
from experiments.benchmarks.ragged import Ragged
from experiments.benchmarks.results import has_memory, times
from experiments.benchmarks.sizes import letters, size_name
from experiments.benchmarks.summary import memory, ratio

UNKNOWN = "-"


def described(here: Record, published: Result | None) -> str:
    """What the tables compare, and on which machines."""
    lines = [
        "Time of this package divided by the time of torch.nn: below 1, this package is faster.",
        "One thread, float32; medians. ms and MB: this package : torch.nn. MB: the peak additional",
        "memory of the first training step.",
        f"This machine: {machine_text({'machine': here})}, {load_text()}.",
    ]
    if not here["kernels"]:
        lines.append("The CPU kernels of this package are missing: it runs torch's and a loop.")
    if published:
        lines.append(
            f"published: {published['experiment']}.json, {machine_text(published)}, "
            f"{published['date'][:10]}{earlier(published)}."
        )
    return "\n".join([*lines, ""])


def earlier(published: Result) -> str:
    """Whether a record is by a version that timed the two sides differently."""
    same = all("backends" in record for record in published["records"])
    return "" if same else ", by an earlier version of the benchmark"


def machine_text(result: Result) -> str:
    """A processor, its instruction set and the version of torch."""
    machine = result["machine"]
    return f"{machine['cpu']}, {instruction_set(result)}, torch {machine['torch']}"


def load_text() -> str:
    """How busy the machine is."""
    if not hasattr(os, "getloadavg"):  # on Windows
        return "load unknown"
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before the start"


def title_of(size: Size) -> str:
    """A size in words; what precedes the colon is its name."""
    if isinstance(size, Ragged):
        numbers = {name: number for name, number in size._asdict().items() if name != "T"}
        return f"packed, ragged: {letters(numbers)}; {size.text()}"
    return f"{size_name(size._asdict())}: {letters(size._asdict())}"


def table(
    title: str, names: Sequence[str], records: Sequence[Record], published: Result | None
) -> str:
    """The timings at a size, each beside the published one."""
    found = {(record["variant"], record["mode"]): record for record in records}
    rows = []
    for name in names:
        forward, training = (found.get((name, mode)) for mode in ("forward", "training"))
        measured = training if training and has_memory(training) else None
        columns = ((forward, ratio), (training, ratio), (measured, memory))
        compared = [pair_of(record, published, shown) for record, shown in columns]
        rows.append([name, *compared[0], *compared[1], ms(forward), ms(training), *compared[2]])
    headers = ["layer", "forward", "published", "training", "published"]
    headers += ["forward, ms", "training, ms", "MB", "published"]
    return f"{title}\n\n{tabulate.tabulate(rows, headers, disable_numparse=True)}\n"


def pair_of(
    record: Record | None, published: Result | None, shown: Callable[[Record], str]
) -> tuple[str, str]:
    """A number of a timing, and of the published one."""
    if record is None:
        return UNKNOWN, UNKNOWN
    other = find(published, record)
    return shown(record), UNKNOWN if other is None else shown(other)


def ms(record: Record | None) -> str:
    """Both times in milliseconds."""
    return UNKNOWN if record is None else times(record)


def minutes(seconds: float) -> str:
    """A time, roughly."""
    whole = math.ceil(seconds / 5) * 5
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"
