"""A short table of speed and memory with AVX-512, which `make bench` writes into the README."""

from __future__ import annotations

from pathlib import Path

import tabulate

from experiments import Record, Result
from experiments.benchmarks.page import instruction_set
from experiments.benchmarks.results import records_at
from experiments.benchmarks.sizes import size_of
from experiments.records import load
from experiments.report.markdown import replace_marked

README = Path(__file__).resolve().parents[2] / "README.md"
RECORD = Path(__file__).parent / "bench-cpu-avx512.json"
LAYERS = ("LSTM", "PeepholeLSTM", "CoupledLSTM", "GRU", "BiLSTM", "RNN")
SIZE = "medium"


def summary(result: Result) -> str:
    """Speed and memory against torch.nn at one size and with one thread, in Markdown."""
    found = records_at(result, SIZE)
    rows = [
        {
            "layer": f"`{name}`",
            "forward": ratio(found[name, "forward"]),
            "training": ratio(found[name, "training"]),
            "memory, MB": memory(found[name, "training"]),
        }
        for name in LAYERS
    ]
    machine = result["machine"]
    size = ", ".join(f"{letter} = {value}" for letter, value in size_of(SIZE).items())
    return (
        f"{tabulate.tabulate(rows, 'keys', tablefmt='pipe', disable_numparse=True)}\n\n"
        "Time of a forward pass and of a training step, divided by that of torch's layer of the "
        "same name, or of torch.nn.LSTM where torch has none: below 1, this package is faster. "
        "Memory: peak additional memory of a training step, this "
        f"package : torch.nn. float32, one thread, {size} (batch, time steps, features, hidden "
        f"units); medians; {machine['cpu']} with {instruction_set(result)}, torch "
        f"{machine['torch']}, {result['date'][:10]}."
    )


def ratio(record: Record) -> str:
    """The median ratio of times."""
    return f"{record['ratio']['median']:.2f}"


def memory(record: Record) -> str:
    """Peak memory beyond the start, ours and the baseline's."""
    return f"{record['megabytes']:.0f} : {record['baseline_megabytes']:.0f}"


def with_summary(readme: str) -> str:
    """The README with the table of the stored record."""
    return replace_marked(readme, "speed", summary(load(RECORD)))


if __name__ == "__main__":
    README.write_text(with_summary(README.read_text()))
    print(f"written: {README}")
