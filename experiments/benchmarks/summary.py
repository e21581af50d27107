"""A short table of speed and memory on the CPU, which `make bench` writes into the README."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import tabulate

from experiments import Record, Result
from experiments.benchmarks.page import instruction_set
from experiments.benchmarks.results import has_memory, records_at
from experiments.benchmarks.sizes import letters, size_of
from experiments.engine.files import write_whole
from experiments.records import load
from experiments.report.markdown import replace_marked

README = Path(__file__).resolve().parents[2] / "README.md"
RECORDS = sorted(Path(__file__).parent.glob("bench-cpu-*.json"))
LAYERS = ("LSTM", "PeepholeLSTM", "CoupledLSTM", "GRU", "BiLSTM", "RNN")
SIZE = "medium"
EARLIER = (
    ", by an earlier version of the benchmark (one process; models of the notebook; batch first; "
    "only the time of torch.nn includes freeing the results)"
)
UNEVEN = ", by an earlier version, in which only the time of torch.nn includes freeing the results"
NOTICEABLE = 1.05
"""From this ratio of times on, a layer counts as slower."""


def summary(results: Sequence[Result]) -> str:
    """Speed and memory against torch.nn at one size and with one thread, in Markdown."""
    found = {instruction_set(result): records_at(result, SIZE) for result in results}
    *_, last = found
    rows = [
        {"layer": f"`{name}`"}
        | {
            f"{mode}, {simd}": ratio(records[name, mode])
            for simd, records in found.items()
            for mode in ("forward", "training")
        }
        | {"memory, MB": memory(found[last][name, "training"])}
        for name in LAYERS
    ]
    runs = "; ".join(
        f"{instruction_set(result)}: {result['machine']['cpu']}, torch "
        f"{result['machine']['torch']}, {result['date'][:10]}{version(result)}"
        for result in results
    )
    slow = "; ".join(map(slower, results))
    numbers = sorted({record["threads"] for result in results for record in result["records"]})
    threads = " and ".join(map(str, numbers))
    return (
        f"{tabulate.tabulate(rows, 'keys', tablefmt='pipe', disable_numparse=True)}\n\n"
        "Time of a forward pass and of a training step on the CPU, this package divided by "
        "torch.nn: below 1, this package is faster. PeepholeLSTM and CoupledLSTM are "
        "compared with torch.nn.LSTM, BiLSTM (`LSTM` with `bidirectional=True`) with torch.nn.LSTM "
        "in both directions, the others with the layer of the same name. "
        f"Memory: peak additional memory of the first training step with {last}, this package : "
        f"torch.nn. float32, one thread, {letters(size_of(SIZE))} (batch, time steps, features, "
        "hidden units); "
        f"medians.\n\n{runs}.\n\nOf all timings of these layers (all sizes, {threads} threads), "
        f"these are more than {100 * NOTICEABLE - 100:.0f} % slower than torch.nn: {slow}."
    )


def version(result: Result) -> str:
    """What was different in the benchmark that made a record."""
    if "processes" not in result:
        return EARLIER
    return "" if all("backends" in record for record in result["records"]) else UNEVEN


def slower(result: Result) -> str:
    """How many timings of these layers take longer than torch's, and the largest ratio."""
    timed = [record for record in result["records"] if record["variant"] in LAYERS]
    found = [record for record in timed if record["ratio"]["median"] > NOTICEABLE]
    text = f"{len(found)} of {len(timed)} with {instruction_set(result)}"
    if not found:
        return text
    worst = max(found, key=lambda record: float(record["ratio"]["median"]))
    threads = "1 thread" if worst["threads"] == 1 else f"{worst['threads']} threads"
    where = f"`{worst['variant']}`, {worst['mode']}, {letters(worst['size'])}, {threads}"
    return f"{text} (the largest ratio: {ratio(worst)}, {where})"


def ratio(record: Record) -> str:
    """The median ratio of times."""
    return f"{record['ratio']['median']:.2f}"


def memory(record: Record) -> str:
    """Peak memory beyond the start, ours and the baseline's."""
    if not has_memory(record):
        return "unknown"
    return f"{record['megabytes']:.0f} : {record['baseline_megabytes']:.0f}"


def with_summary(readme: str) -> str:
    """The README with the table of the stored records, the newest last."""
    results = sorted(map(load, RECORDS), key=lambda result: str(result["date"]))
    return replace_marked(readme, "speed", summary(results))


if __name__ == "__main__":
    argparse.ArgumentParser(
        "python -m experiments.benchmarks.summary", description=__doc__
    ).parse_args()
    if not RECORDS:
        raise SystemExit(f"No bench-cpu-*.json in {Path(__file__).parent}: run 'make bench' first.")
    write_whole(README, with_summary(README.read_text(encoding="utf-8")))
    print(f"written: {README}")
