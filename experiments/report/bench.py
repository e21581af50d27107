"""Time and memory against torch.nn."""

from __future__ import annotations

import tabulate
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from experiments.benchmarks.goals import compare
from experiments.report.figures import THEMES, images
from experiments.report.results import Result, provenance

# On the coloured cells of a grid, whatever the page's palette.
INK = THEMES["light"]
# Ratios from here on are on dark cells.
PALE = 3.7


def section(result: Result) -> str:
    """The part of the benchmark page for one device."""
    name = result["experiment"]
    alt = "Time relative to torch.nn, by variant and size"
    device = name.removeprefix("bench-").upper().replace("CUDA", "GPU (CUDA)")
    parts = (
        f"## {device}",
        images(name, alt),
        '<details markdown="1"><summary>All numbers</summary>',
        table_of_ratios(result),
        "</details>",
        f"### Memory on the {device.partition(' ')[0]}",
        "Megabytes that a training step takes at its worst, beyond what it starts with, "
        "ours : torch's.",
        memory_table(result),
        *(goals_section(result) if name == "bench-cpu" else ()),
        provenance(result),
    )
    return "\n\n".join(parts) + "\n"


def table_of_ratios(result: Result) -> str:
    """Ratios and times in Markdown, a row for each size, number of threads and variant."""
    rows: dict[tuple[str, int, str], dict[str, Result]] = {}
    for record in result["records"]:
        key = (size_text(record["size"]), record["threads"], record["variant"])
        rows.setdefault(key, {})[record["mode"]] = record
    table = [
        [size, threads, variant, modes["forward"]["baseline"]]
        + [spread(modes[mode]["ratio"]) for mode in ("forward", "training")]
        + [times(modes[mode]) for mode in ("forward", "training")]
        for (size, threads, variant), modes in rows.items()
    ]
    headers = [
        "B, T, D, H",
        "threads",
        "variant",
        "against",
        "forward, ratio",
        "training, ratio",
        "forward, ms",
        "training, ms",
    ]
    return tabulate.tabulate(table, headers, tablefmt="pipe", disable_numparse=True)


def goals_section(result: Result) -> tuple[str, ...]:
    """How many of the kernels' goals are reached, and which are not."""
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
    said = (
        "The kernels were written with a goal for each size, the largest ratio that is meant to "
        f"be. Of {len(compared)} goals, for one thread and for all, "
        f"{len(compared) - len(missed)} are reached. These are not:"
    )
    table = tabulate.tabulate(missed, "keys", tablefmt="pipe", disable_numparse=True)
    return ("### Goals that are missed", said, table) if missed else ()


def memory_table(result: Result) -> str:
    """Peak memory of a training step in Markdown, ours : torch's, a row for each variant."""
    rows: dict[str, dict[str, str]] = {}
    for record in result["records"]:
        if record["mode"] == "training" and record["megabytes"] is not None:
            ours, theirs = record["megabytes"], record["baseline_megabytes"]
            row = rows.setdefault(record["variant"], {"variant": record["variant"]})
            row[size_text(record["size"])] = f"{ours:.1f} : {theirs:.1f}"
    return tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)


def size_text(size: dict[str, int]) -> str:
    """A size as in the headers, `B, T, D, H`."""
    return ", ".join(map(str, size.values()))


def spread(q: dict[str, float]) -> str:
    """A ratio with its quartiles."""
    return f"{q['median']:.2f} ({q['q1']:.2f} to {q['q3']:.2f})"


def times(record: Result) -> str:
    """Our median time and the baseline's."""
    ours, theirs = record["milliseconds"]["median"], record["baseline_milliseconds"]["median"]
    return " : ".join(f"{t:,.0f}" if t >= 100 else f"{t:.3g}" for t in (ours, theirs))


def figure(result: Result) -> Figure:
    """Ratios by variant and size, a panel for each mode and number of threads."""
    records = result["records"]
    sizes = list(dict.fromkeys(size_text(r["size"]) for r in records))
    variants = list(dict.fromkeys(r["variant"] for r in records))
    threads = list(dict.fromkeys(r["threads"] for r in records))
    ratios = {
        (r["threads"], r["mode"], r["variant"], size_text(r["size"])): r["ratio"]["median"]
        for r in records
    }
    figure, panels = plt.subplots(
        *(len(threads), 2),
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(9, 0.8 + (0.8 + 0.3 * len(variants)) * len(threads)),
        layout="constrained",
    )
    for row, number in zip(panels, threads, strict=True):
        for panel, mode in zip(row, ("forward", "training"), strict=True):
            grid = [[ratios[number, mode, name, size] for size in sizes] for name in variants]
            draw_ratios(panel, grid)
            of = f", {number} thread{'s' if number > 1 else ''}" if len(threads) > 1 else ""
            panel.set_title(f"{mode}{of}: time / time of torch.nn", loc="left", size=11)
            panel.set_yticks(range(len(variants)), variants)
            panel.tick_params(length=0)
            panel.spines[:].set_visible(False)
    for panel in panels[-1]:
        panel.set_xticks(range(len(sizes)), [size.replace(", ", ",\n") for size in sizes], size=9)
    panels[-1][0].set_xlabel("B, T, D, H", loc="left", size=9)
    return figure


def draw_ratios(panel: Axes, grid: list[list[float]]) -> None:
    """Coloured cells with their numbers: green is faster than torch.nn."""
    panel.imshow(grid, cmap="PiYG_r", norm=LogNorm(1 / 8, 8), aspect="auto")
    for row, line in enumerate(grid):
        for column, ratio in enumerate(line):
            color = INK if 1 / PALE < ratio < PALE else "white"
            text = f"{ratio:.2f}"
            panel.text(column, row, text, ha="center", va="center", size=9, color=color)
