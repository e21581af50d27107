"""Time and memory against torch.nn."""

from __future__ import annotations

from collections.abc import Callable

import tabulate

from experiments import Record, Result
from experiments.benchmarks.goals import (
    BFLOAT16_GOALS,
    FLOAT16_GOAL,
    OWN_GOALS,
    STEP_GOAL,
)
from experiments.benchmarks.sizes import size_name, size_of, size_text

GPU_RECORD = "bench-cuda"


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


UNEVEN = (
    " In this earlier version, the time of `torch.nn` includes freeing the results, and that "
    "of this package does not: the ratios are too low by that amount."
)


def method(result: Result) -> str:
    """How the numbers of a record were measured, and what stands in brackets."""
    if number := result.get("processes"):
        records = result.get("records", ())
        uneven = any("backends" not in record for record in records)
        return (
            "Before the brackets: the median ratio of all rounds. In brackets: the lowest and the "
            f"highest median of {number} processes, one after the other.{UNEVEN if uneven else ''}"
        )
    models = {r["variant"]: r["model"] for r in result["records"] if r.get("model")}
    named = ", ".join(f"`{model}` for {name}" for name, model in models.items())
    return (
        "Measured by an earlier version of this benchmark: in one process, with `batch_first=True` "
        f"on both sides, with the models of the notebook where it has some ({named}), and without "
        "the memory that the kernels keep from one call to the next. In brackets: the quartiles of "
        f"the rounds in that process. Between processes, ratios differ by more.{UNEVEN}"
    )


def own_layers_section(result: Result) -> tuple[str, ...]:
    """Layers compared with another one of this package."""
    return section(
        "Compared with other layers of this package",
        "Training. The ratio is the time of the variant divided by that of the other layer.",
        result,
        "own_layers",
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

    text = (
        "bfloat16 is compared with the layer of `torch.nn` in bfloat16, float16 with the same "
        "layer of this package in float32. Inputs and results are rounded."
    )
    if not is_gpu(result):
        text += (
            " Where processors have fast products of bfloat16 (AMX on Linux, AVX512-BF16 on "
            "processors other than Intel's), the kernels multiply in bfloat16 and add in float32 "
            "in a bfloat16 layer; everything else is computed in float32. The goals of bfloat16 "
            "were set for processors with AMX."
        )
    return section("Half precision", text, result, "half_precision", goal)


def one_step_section(result: Result) -> tuple[str, ...]:
    """One time step."""
    return section(
        "One time step",
        "A call with T = 1, as in streaming and reinforcement learning; float32.",
        result,
        "one_step",
        lambda record: STEP_GOAL,
    )


def is_gpu(result: Result) -> bool:
    """Whether a record is of a GPU, for which there are no goals and no threads."""
    return bool(result["experiment"].endswith("-cuda"))


def section(
    title: str,
    text: str,
    result: Result,
    name: str,
    goal: Callable[[Record], float] | None = None,
) -> tuple[str, ...]:
    """A heading, a text, and a table with a row for each record; nothing without records."""
    if is_gpu(result):
        goal = None
    else:
        text = f"{text} One thread{'; the goal is the largest acceptable ratio' if goal else ''}."
    rows = [
        {
            "variant": ", ".join((record["variant"], *record["settings"].values())),
            **({"dtype": record["dtype"]} if "dtype" in record else {}),
            "size": size_name(record["size"]),
            "mode": record["mode"],
            "ratio": spread(record["ratio"]),
            **({"goal": goal(record)} if goal else {}),
            "compared with": f"`{record['baseline']}`",
            "ms": times(record),
        }
        for record in result.get(name, ())
    ]
    table = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (f"### {title}", text, table) if rows else ()


def memory_section(result: Result) -> tuple[str, ...]:
    """Peak memory of a training step, ours : torch's, a row for each variant.

    On a CPU, it is measured with one thread. Nothing where it was not, or the system does not say.
    """
    rows: dict[str, dict[str, str]] = {}
    trained = [r for r in result["records"] if r["mode"] == "training" and has_memory(r)]
    fewest = min((record["threads"] for record in trained), default=1)
    for record in trained:
        if record["threads"] == fewest:
            ours, theirs = record["megabytes"], record["baseline_megabytes"]
            row = rows.setdefault(record["variant"], {"variant": record["variant"]})
            row[size_name(record["size"])] = f"{ours:.1f} : {theirs:.1f}"
    threads = "" if is_gpu(result) else " with one thread"
    first = "the first" if "processes" in result and not is_gpu(result) else "a"
    said = (
        f"Peak additional memory of {first} training step{threads} in MB, this package : torch.nn."
    )
    table = tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)
    return ("### Memory", said, table) if rows else ()


def has_memory(record: Record) -> bool:
    """Whether peak memory is known."""
    return record.get("megabytes") is not None


def records_at(result: Result, size: str) -> dict[tuple[str, str], Record]:
    """The records at a size with one thread, by variant and mode."""
    return {
        (r["variant"], r["mode"]): r
        for r in result["records"]
        if r["threads"] == 1 and r["size"] == size_of(size)
    }


def spread(q: dict[str, float]) -> str:
    """A ratio with the range of the processes' medians, or of one process with its quartiles."""
    low, high = (q["low"], q["high"]) if "low" in q else (q["q1"], q["q3"])
    return f"{q['median']:.2f} ({low:.2f} to {high:.2f})"


def times(record: Result) -> str:
    """Our median time and the baseline's."""
    ours, theirs = record["milliseconds"]["median"], record["baseline_milliseconds"]["median"]
    return " : ".join(f"{t:,.0f}" if t >= 100 else f"{t:.3g}" for t in (ours, theirs))
