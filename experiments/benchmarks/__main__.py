"""Run the benchmark suite, print the table, store the result: `python -m experiments.benchmarks`.

Runs on the CPU, and on the GPU too where there is one. The result of each device goes into a file
of its own, `bench-cuda.json` or one for the instruction set of the CPU, such as
`bench-cpu-avx2.json`, written only when every check of the run has passed; with half precision
alone, into `half-cpu-avx2.json` and the like, and with other settings of the allocator, into
`allocator-cpu-avx2.json`. The suite runs in several processes, one after the other: memory lies
elsewhere in each, and with it times differ.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import torch
import tyro

from experiments import Record, Result
from experiments.benchmarks.allocator_page import table as table_of_allocators
from experiments.benchmarks.pooled import pooled
from experiments.benchmarks.results import half_precision_section, table_of_ratios
from experiments.engine.files import check_writable, write_json
from experiments.engine.provenance import provenance

PROCESSES = 3
SETTINGS = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_MAX_CPU_ISA",
    "ONEDNN_MAX_CPU_ISA",
    "MKL_ENABLE_INSTRUCTIONS",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "OMP_PROC_BIND",
    "GOMP_SPINCOUNT",
    "GOMP_CPU_AFFINITY",
    "KMP_BLOCKTIME",
    "MKL_NUM_THREADS",
    "LD_PRELOAD",
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_MMAP_THRESHOLD_",
)
"""Variables that make torch another one than it is by default."""
SELECTED = {"bench": "not allocator", "half": "half_precision", "allocator": "allocator"}
"""Which tests of the suite are run, for each kind of record."""
ALLOCATORS = {
    "returned": {},
    "kept": {"MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_MMAP_THRESHOLD_": "4000000000"},
}
"""What becomes of large blocks of memory that are freed, and variables that make glibc do that."""


@dataclass(frozen=True)
class Options:
    """Time every variant against torch.nn."""

    smoke: bool = False
    """The smallest size, a few rounds; writes nothing."""
    half_precision: bool = False
    """Only the layers in half precision."""
    allocator: bool = False
    """Only training on the CPU, with memory that is returned to the system, and that is kept."""
    devices: tuple[str, ...] = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    """Where to run."""
    threads: tuple[int, ...] = tuple(sorted({1, torch.get_num_threads()}))
    """Threads that torch may use on the CPU, one number after the other."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path(__file__).parent
    """Folder for the results."""


def main() -> None:
    """Time, print, write."""
    options = tyro.cli(Options, prog="python -m experiments.benchmarks")
    check(options)
    for device in ("cpu",) if options.allocator else options.devices:
        begun = provenance()
        number = 1 if options.smoke else PROCESSES
        runs = [time_sections(device, options) for _ in range(number)]
        sections = {name: pooled([run[name] for run in runs]) for name in runs[0]}
        name = record_name(device, begun["machine"], kind_of(options))
        result: Result = {"experiment": name, **begun, "processes": number, **sections}
        if not options.smoke:
            write_json(options.out / f"{name}.json", result)
        print(table(result))


def table(result: Result) -> str:
    """What was measured, in Markdown."""
    if "records" in result:
        return table_of_ratios(result)
    if "kept" in result:
        return table_of_allocators(result)
    return half_precision_section(result)[-1]


def check(options: Options) -> None:
    """Raise SystemExit for options that do not go together, before anything is timed."""
    default = Options()
    if not options.devices or not set(options.devices) <= set(default.devices):
        raise SystemExit(
            f"--devices should be among {', '.join(default.devices)}, got "
            f"{' '.join(options.devices)!r}"
        )
    if options.half_precision and options.allocator:
        raise SystemExit("--half-precision and --allocator have a record each: leave out one")
    if not options.threads or min(options.threads) < 1:
        raise SystemExit(f"--threads should be numbers of 1 or more, got {options.threads}")
    if options.smoke:
        return
    if options.out.resolve() == default.out.resolve():
        if options.threads != default.threads:
            numbers = " and ".join(map(str, default.threads))
            raise SystemExit(
                f"{default.out} is for results with {numbers} threads. For others name another "
                "folder: --out DIR"
            )
        if found := [name for name in SETTINGS if name in os.environ]:
            raise SystemExit(
                f"{default.out} is for results of torch as it is by default: unset "
                f"{', '.join(found)}, or name another folder: --out DIR"
            )
    check_writable(options.out, "--out")


def kind_of(options: Options) -> str:
    """What a record is about: a key of `SELECTED`."""
    if options.allocator:
        return "allocator"
    return "half" if options.half_precision else "bench"


def record_name(device: str, machine: Record, kind: str = "bench") -> str:
    """The name of a record: CPUs with different instruction sets have one each."""
    simd = machine["simd"].lower().replace(" ", "-")
    return f"{kind}-cpu-{simd}" if device == "cpu" else f"{kind}-{device}"


def threads_on(device: str, options: Options) -> str:
    """Numbers of threads to run with: on a GPU they make no difference."""
    chosen = options.threads if device == "cpu" and not options.smoke else options.threads[-1:]
    return ",".join(map(str, chosen))


def time_sections(device: str, options: Options) -> dict[str, list[Record]]:
    """Run what the options name on a device, and return the records of each section."""
    if not options.allocator:
        return time_all(device, options, {})
    return {
        kind: time_all(device, options, variables)["allocator"]
        for kind, variables in ALLOCATORS.items()
    }


def time_all(device: str, options: Options, variables: dict[str, str]) -> dict[str, list[Record]]:
    """Run the suite on a device, in a process of its own, and return the records of each section.

    Args:
        device: The device.
        options: The options.
        variables: Added to the environment of the process.

    Raises:
        SystemExit: If a check failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "benchmark.json"
        suite = [
            *(sys.executable, "-m", "pytest", str(Path(__file__).parent / "test_speed.py")),
            *("--benchmark-enable", "--benchmark-quiet", f"--benchmark-json={raw}"),
            # Nothing is stored if a check fails: what would follow is timed in vain.
            *("--verbose", "--no-header", "--exitfirst", "-p", "no:cacheprovider"),
            *(f"--device={device}", f"--threads={threads_on(device, options)}"),
            *(["--smoke"] if options.smoke else []),
            *("-k", SELECTED[kind_of(options)]),
        ]
        if status := subprocess.run(suite, check=False, env=os.environ | variables).returncode:
            sys.exit(f"{failure(status)}: nothing was written.")
        sections: dict[str, list[Record]] = {}
        for benchmark in json.loads(raw.read_text(encoding="utf-8"))["benchmarks"]:
            record = benchmark["extra_info"]
            sections.setdefault(record.pop("section"), []).append(record)
        return sections


def failure(status: int) -> str:
    """Why a run ended, from its exit status."""
    if status == pytest.ExitCode.TESTS_FAILED:
        return "A check failed"
    if status < 0:
        return f"The run was ended by {signal.Signals(-status).name}"
    return f"The run ended with status {status}"


if __name__ == "__main__":
    main()
