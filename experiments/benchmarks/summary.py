"""The numbers on speed and memory in the README, which `make bench-all` writes there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import tabulate

from experiments import Record, Result
from experiments.benchmarks.page import instruction_set
from experiments.benchmarks.results import has_memory, records_at
from experiments.benchmarks.sizes import size_of
from experiments.engine.files import write_whole
from experiments.records import load
from experiments.report.markdown import replace_marked

README = Path(__file__).resolve().parents[2] / "README.md"
RECORDS = sorted(Path(__file__).parent.glob("bench-cpu-*.json"))
ALLOCATOR = sorted(Path(__file__).parent.glob("allocator-cpu-*.json"))
LAYERS = ("LSTM", "PeepholeLSTM", "CoupledLSTM", "GRU", "BiLSTM", "RNN")
SIZE = "medium"
NOTICEABLE = 1.05
"""From this ratio of times on, a layer counts as slower."""


def summary(results: Sequence[Result]) -> str:
    """Speed and memory against torch.nn at one size and with one thread, in Markdown.

    Args:
        results: Records of the benchmark, the newest last. The table is of that one.
    """
    *earlier, newest = results
    records = records_at(newest, SIZE)
    rows = [
        {
            "layer": f"`{name}`",
            "forward": ratio(records[name, "forward"]),
            "training": ratio(records[name, "training"]),
            "memory, MB": memory(records[name, "training"]),
        }
        for name in LAYERS
    ]
    machine = newest["machine"]
    return (
        f"{tabulate.tabulate(rows, 'keys', tablefmt='pipe', disable_numparse=True)}\n\n"
        "Time divided by that of `torch.nn`: below 1, this package is faster. Memory is the peak "
        "of a training step (this package : `torch.nn`). All numbers are for one thread, float32, "
        f"{in_words(size_of(SIZE))}. "
        "`PeepholeLSTM` and `CoupledLSTM` are compared with `torch.nn.LSTM`. "
        f"`BiLSTM` is an LSTM in both directions. Measured on {machine['cpu']} with "
        f"{instruction_set(newest)}, torch {machine['torch']}, {newest['date'][:10]}.\n\n"
        f"{slower(newest, earlier)}"
    )


def slower(newest: Result, earlier: Sequence[Result]) -> str:
    """How many timings of these layers take longer than torch's, and the largest ratio."""
    found, number = above(newest)
    text = (
        f"Of {number} timings of these layers on this machine (all sizes, 1 and 2 threads), "
        f"{len(found)} are more than {100 * NOTICEABLE - 100:.0f} % slower than `torch.nn`"
    )
    if found:
        worst = max(found, key=lambda record: float(record["ratio"]["median"]))
        threads = "1 thread" if worst["threads"] == 1 else f"{worst['threads']} threads"
        where = f"`{worst['variant']}`, {worst['mode']}, {in_words(worst['size'])}, {threads}"
        text += f", at worst by {100 * worst['ratio']['median'] - 100:.0f} % ({where})"
    if earlier:
        counts = [above(result) for result in earlier]
        names = ", ".join(map(instruction_set, earlier))
        text += (
            f". In earlier measurements ({names}), "
            f"{sum(len(slow) for slow, _ in counts)} of {sum(timed for _, timed in counts)} are"
        )
    return f"{text}."


def above(result: Result) -> tuple[list[Record], int]:
    """The timings of these layers that are slower than torch's, and the number of all."""
    timed = [record for record in result["records"] if record["variant"] in LAYERS]
    return [record for record in timed if record["ratio"]["median"] > NOTICEABLE], len(timed)


def in_words(size: dict[str, int]) -> str:
    """A size, for readers who have no table of the letters beside it."""
    steps = f"{size['T']} time steps, {size['D']} features and {size['H']} hidden units"
    return f"{size['B']} sequences of {steps}"


def gain(newest: Result) -> str:
    """What the README's first example gains: an LSTM of the same size."""
    record = records_at(newest, SIZE)["LSTM", "training"]
    text = f"A training step of this layer takes {ratio(record)} times as long as one of "
    if not has_memory(record):
        return f"{text}`torch.nn.LSTM`."
    return (
        f"{text}`torch.nn.LSTM`, and needs {record['megabytes']:.0f} MB in place of "
        f"{record['baseline_megabytes']:.0f} MB."
    )


def allocation(result: Result) -> str:
    """How much of the gain is left where the C library does not return freed memory."""
    ratios = {
        name: [r["ratio"]["median"] for r in result["kept"] if r["variant"] == name]
        for name in LAYERS
    }
    return (
        "Part of the gain in training is an effect of the C library: `torch.nn` frees large "
        "blocks of memory, which go back to the system and have to be requested again. With an "
        "allocator that keeps them, `LSTM`, `PeepholeLSTM` and `BiLSTM` take "
        f"{between(ratios, ('LSTM', 'PeepholeLSTM', 'BiLSTM'))} of the time of `torch.nn`, and "
        f"`GRU`, `RNN` and `CoupledLSTM` {between(ratios, ('GRU', 'RNN', 'CoupledLSTM'))}."
    )


def between(ratios: dict[str, list[float]], names: Sequence[str]) -> str:
    """The lowest and the highest ratio of these layers."""
    found = sorted(ratio for name in names for ratio in ratios[name])
    return f"{found[0]:.2f} to {found[-1]:.2f}"


def ratio(record: Record) -> str:
    """The median ratio of times."""
    return f"{record['ratio']['median']:.2f}"


def memory(record: Record) -> str:
    """Peak memory beyond the start, ours and the baseline's."""
    if not has_memory(record):
        return "unknown"
    return f"{record['megabytes']:.0f} : {record['baseline_megabytes']:.0f}"


def with_summary(readme: str) -> str:
    """The README with the numbers of the stored records."""
    results = sorted(map(load, RECORDS), key=lambda result: str(result["date"]))
    readme = replace_marked(readme, "speed", summary(results))
    readme = replace_marked(readme, "gain", gain(results[-1]))
    for path in ALLOCATOR:
        readme = replace_marked(readme, "allocation", allocation(load(path)))
    return readme


if __name__ == "__main__":
    argparse.ArgumentParser(
        "python -m experiments.benchmarks.summary", description=__doc__
    ).parse_args()
    if not RECORDS:
        raise SystemExit(
            f"No bench-cpu-*.json in {Path(__file__).parent}: run 'make bench-all' first."
        )
    write_whole(README, with_summary(README.read_text(encoding="utf-8")))
    print(f"written: {README}")
