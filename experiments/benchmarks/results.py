"""Time and memory against torch.nn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tabulate

from experiments import Record, Result
from experiments.benchmarks.goals import (
    BFLOAT16_GOALS,
    FLOAT16_GOAL,
    OWN_GOALS,
    STEP_GOAL,
    compare,
)
from experiments.benchmarks.sizes import size_name, size_of, size_text


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
        "The kernels were written with a goal for each size, the largest acceptable ratio; a ratio "
        "is rounded to two digits before it is compared. Of "
        f"{len(compared)} goals in float32 against torch.nn, for one thread and for all, "
        f"{len(compared) - len(missed)} are reached. These are not; goals of half precision, one "
        "time step and other layers are in their tables:"
    )
    table = tabulate.tabulate(missed, "keys", tablefmt="pipe", disable_numparse=True)
    return ("### Goals against torch.nn that are missed", said, table) if missed else ()


def own_layers_section(result: Result) -> tuple[str, ...]:
    """Layers compared with another one of this package."""
    return section(
        "Compared with other layers of this package",
        "Training, one thread. The ratio is the time of the variant divided by that of the other "
        "layer; the goal is the largest ratio that is acceptable.",
        result.get("own_layers", ()),
        lambda record: OWN_GOALS[record["variant"]],
    )


def half_precision_section(result: Result) -> tuple[str, ...]:
    """Half precision."""
    records = result.get("half_precision", ())
    sizes = list(dict.fromkeys(size_text(record["size"]) for record in records))

    def goal(record: Record) -> float:
        if record["dtype"] == "float16":
            return FLOAT16_GOAL
        return BFLOAT16_GOALS[record["variant"], record["mode"]][
            sizes.index(size_text(record["size"]))
        ]

    return section(
        "Half precision",
        "One thread. bfloat16 is compared with the layer of `torch.nn` in bfloat16, float16 with "
        "the same layer of this package in float32. Inputs and results are rounded. On processors "
        "with AVX512-BF16, the kernels multiply in bfloat16 and add in float32 in a bfloat16 "
        "layer; everything else is computed in float32 on any processor. The goals of bfloat16 "
        "were set for processors with matrix units (AMX), which the kernels do not use so far.",
        records,
        goal,
    )


def one_step_section(result: Result) -> tuple[str, ...]:
    """One time step."""
    return section(
        "One time step",
        "A call with T = 1, as in streaming and reinforcement learning; float32, one thread.",
        result.get("one_step", ()),
        lambda record: STEP_GOAL,
    )


def section(
    title: str, text: str, records: Sequence[Record], goal: Callable[[Record], float]
) -> tuple[str, ...]:
    """A heading, a text, and a table with a row for each record; nothing without records."""
    rows = [
        {
            "variant": ", ".join((record["variant"], *record["settings"].values())),
            **({"dtype": record["dtype"]} if "dtype" in record else {}),
            "size": size_name(record["size"]),
            "mode": record["mode"],
            "ratio": spread(record["ratio"]),
            "goal": goal(record),
            "compared with": f"`{record['baseline']}`",
            "ms": times(record),
        }
        for record in records
    ]
    table = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (f"### {title}", text, table) if rows else ()


def memory_table(result: Result) -> str:
    """Peak memory of a training step in Markdown, ours : torch's, a row for each variant.

    Of the run with the fewest threads: one on a CPU.
    """
    rows: dict[str, dict[str, str]] = {}
    trained = [
        r for r in result["records"] if r["mode"] == "training" and r["megabytes"] is not None
    ]
    fewest = min((record["threads"] for record in trained), default=1)
    for record in trained:
        if record["threads"] == fewest:
            ours, theirs = record["megabytes"], record["baseline_megabytes"]
            row = rows.setdefault(record["variant"], {"variant": record["variant"]})
            row[size_name(record["size"])] = f"{ours:.1f} : {theirs:.1f}"
    return tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)


def records_at(result: Result, size: str) -> dict[tuple[str, str], Record]:
    """The records at a size with one thread, by variant and mode."""
    return {
        (r["variant"], r["mode"]): r
        for r in result["records"]
        if r["threads"] == 1 and r["size"] == size_of(size)
    }


def spread(q: dict[str, float]) -> str:
    """A ratio with its quartiles."""
    return f"{q['median']:.2f} ({q['q1']:.2f} to {q['q3']:.2f})"


def times(record: Result) -> str:
    """Our median time and the baseline's."""
    ours, theirs = record["milliseconds"]["median"], record["baseline_milliseconds"]["median"]
    return " : ".join(f"{t:,.0f}" if t >= 100 else f"{t:.3g}" for t in (ours, theirs))
