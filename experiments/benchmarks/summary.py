"""A short table of speed and memory, which `make bench` writes into the README."""

from __future__ import annotations

from pathlib import Path

import tabulate

from experiments import Record, Result
from experiments.benchmarks.results import records_at
from experiments.benchmarks.sizes import size_of
from experiments.records import load
from experiments.report.markdown import replace_marked

README = Path(__file__).resolve().parents[2] / "README.md"
RECORD = Path(__file__).parent / "bench-cpu.json"
LAYERS = ("LSTM", "PeepholeLSTM", "CoupledLSTM", "GRU", "BiLSTM", "RNN")
SIZE = "medium"


def summary(result: Result) -> str:
    """Speed and memory against torch.nn at one size and with one thread, in Markdown."""
    found = records_at(result, SIZE)
    rows = [
        {
            "layer": f"`{name}`",
            "compared with": f"`{found[name, 'training']['baseline']}`",
            "speed, forward": faster(found[name, "forward"]),
            "speed, training step": faster(found[name, "training"]),
            "additional memory": memory(found[name, "training"]),
        }
        for name in LAYERS
    ]
    machine = result["machine"]
    size = ", ".join(f"{letter} = {value}" for letter, value in size_of(SIZE).items())
    return (
        f"{tabulate.tabulate(rows, 'keys', tablefmt='pipe', disable_numparse=True)}\n\n"
        f"float32, one thread, {size} (batch, time steps, features, hidden units); "
        f"{machine['cpu']}, torch {machine['torch']}, {result['date'][:10]}. Medians; more than 1 "
        "is faster. Additional memory: at the peak of a training step, this package : torch.nn."
    )


def faster(record: Record) -> str:
    """How many times as fast as the baseline."""
    return f"{1 / record['ratio']['median']:.2f} ×"


def memory(record: Record) -> str:
    """Peak memory beyond the start, ours and the baseline's."""
    return f"{record['megabytes']:.0f} : {record['baseline_megabytes']:.0f} MB"


def with_summary(readme: str) -> str:
    """The README with the table of the stored record."""
    return replace_marked(readme, "speed", summary(load(RECORD)))


if __name__ == "__main__":
    README.write_text(with_summary(README.read_text()))
    print(f"written: {README}")
