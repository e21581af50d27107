"""Run the benchmark suite, print the table, store the result: `make bench-all`.

Runs on the CPU, and on the GPU too where there is one. The result of each device goes into a file
of its own, `bench-cuda.json` or one for the instruction set of the CPU, such as
`bench-cpu-avx2.json`, written only when every check of the run has passed; with half precision
alone, into `half-cpu-avx2.json` and the like, with other settings of the allocator, into
`allocator-cpu-avx2.json`, and with small calls and ragged batches alone, into
`calls-cpu-avx2.json`. The suite runs in several processes, one after the other: memory lies
elsewhere in each, and with it times differ. A run that is stopped continues when the same command
is started again.
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
from experiments.benchmarks.calls_page import table as table_of_calls
from experiments.benchmarks.kept import Place, Run, forget
from experiments.benchmarks.pooled import pooled
from experiments.benchmarks.results import half_precision_section, table_of_ratios
from experiments.engine.files import check_writable, write_json
from experiments.engine.journal import OccupiedError, alone_in
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
SELECTED = {
    "bench": "not allocator and not small_calls and not ragged",
    "half": "half_precision",
    "allocator": "allocator",
    "calls": "small_calls or ragged",
}
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
    calls: bool = False
    """Only small calls and ragged batches, on the CPU."""
    devices: tuple[str, ...] = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    """Where to run."""
    threads: tuple[int, ...] = tuple(sorted({1, torch.get_num_threads()}))
    """Threads that torch may use on the CPU, one number after the other."""
    fresh: bool = False
    """Do not continue a run that was stopped."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path(__file__).parent
    """Folder for the results."""


def main() -> None:
    """Time, print, write."""
    options = tyro.cli(Options, prog="python -m experiments.benchmarks")
    check(options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) if options.smoke else options.out
        try:
            with alone_in(folder):
                for device in ("cpu",) if options.allocator or options.calls else options.devices:
                    print(table(timed_on(device, options, folder)))
        except OccupiedError as error:
            raise SystemExit(str(error)) from None


def timed_on(device: str, options: Options, folder: Path) -> Result:
    """Time a device and write its record; until then, `folder` keeps what was timed."""
    begun = provenance()
    run = run_of(device, options, begun["machine"])
    if options.fresh:
        forget(folder, run)
    number = 1 if options.smoke else PROCESSES
    runs, earlier = [], []
    for process in range(number):
        sections, before = time_sections(folder, run, process)
        runs.append(sections)
        earlier += before
    result: Result = {
        "experiment": record_name(device, begun["machine"], run.kind),
        **begun,
        "processes": number,
        **({"earlier_runs": earlier} if earlier else {}),
        **{name: pooled([sections[name] for sections in runs]) for name in runs[0]},
    }
    if not options.smoke:
        write_json(options.out / f"{result['experiment']}.json", result)
    forget(folder, run)
    return result


def run_of(device: str, options: Options, machine: Record) -> Run:
    """What the timings of a device depend on."""
    return Run(
        kind=kind_of(options),
        device=device,
        threads=threads_on(device, options),
        smoke=options.smoke,
        variables={name: os.environ[name] for name in SETTINGS if name in os.environ},
        **{name: machine[name] for name in ("cpu", "cores", "simd", "gpu")},
    )


def table(result: Result) -> str:
    """What was measured, in Markdown."""
    if "records" in result:
        return table_of_ratios(result)
    if "kept" in result:
        return table_of_allocators(result)
    if "small_calls" in result:
        return "\n\n".join(table_of_calls(result[name]) for name in ("small_calls", "ragged"))
    return half_precision_section(result)[-1]


def check(options: Options) -> None:
    """Raise SystemExit for options that do not go together, before anything is timed."""
    default = Options()
    if not options.devices or not set(options.devices) <= set(default.devices):
        raise SystemExit(
            f"--devices should be among {', '.join(default.devices)}, got "
            f"{' '.join(options.devices)!r}"
        )
    if sum((options.half_precision, options.allocator, options.calls)) > 1:
        raise SystemExit(
            "--half-precision, --allocator and --calls have a record each: name one of them"
        )
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
    if options.calls:
        return "calls"
    return "half" if options.half_precision else "bench"


def record_name(device: str, machine: Record, kind: str = "bench") -> str:
    """The name of a record: CPUs with different instruction sets have one each."""
    simd = machine["simd"].lower().replace(" ", "-")
    return f"{kind}-cpu-{simd}" if device == "cpu" else f"{kind}-{device}"


def threads_on(device: str, options: Options) -> str:
    """Numbers of threads to run with: on a GPU they make no difference."""
    chosen = options.threads if device == "cpu" and not options.smoke else options.threads[-1:]
    return ",".join(map(str, chosen))


def time_sections(
    folder: Path, run: Run, process: int
) -> tuple[dict[str, list[Record]], list[Record]]:
    """Time what belongs to a run: the records of each section, and the runs that it continues."""
    if run.kind != "allocator":
        return time_all(folder, run, process)
    sections, earlier = {}, []
    for kind, variables in ALLOCATORS.items():
        found, before = time_all(folder, run, process, kind, variables)
        sections[kind] = found["allocator"]
        earlier += before
    return sections, earlier


def time_all(
    folder: Path, run: Run, process: int, part: str = "", variables: dict[str, str] | None = None
) -> tuple[dict[str, list[Record]], list[Record]]:
    """Run the suite in a process of its own.

    Args:
        folder: Where it keeps what was timed.
        run: What is timed.
        process: The number of the process.
        part: What the process is for, where processes are for different things.
        variables: Added to the environment of the process.

    Returns:
        The records of each section, and the provenance of runs that some of them are from.

    Raises:
        SystemExit: If a check failed.
    """
    with tempfile.TemporaryDirectory() as name:
        place = Place(folder.resolve(), run, process, part, Path(name) / "sections.json")
        suite = [
            *(sys.executable, "-m", "pytest", str(Path(__file__).parent / "test_speed.py")),
            *("--benchmark-enable", "--benchmark-quiet"),
            # Nothing is stored if a check fails: what would follow is timed in vain.
            *("--verbose", "--no-header", "--exitfirst", "-p", "no:cacheprovider"),
            *(f"--device={run.device}", f"--threads={run.threads}"),
            *(["--smoke"] if run.smoke else []),
            *("-k", SELECTED[run.kind], f"--kept={place.text()}"),
        ]
        try:
            status = subprocess.run(
                suite, check=False, env=os.environ | (variables or {})
            ).returncode
        except KeyboardInterrupt:
            status = pytest.ExitCode.INTERRUPTED
        if status:
            sys.exit(
                f"{failure(status)}: nothing was written. What was timed is kept, and the same "
                "command continues."
            )
        found = json.loads(place.sections.read_text(encoding="utf-8"))
    sections: dict[str, list[Record]] = {}
    for record in found["records"]:
        sections.setdefault(record.pop("section"), []).append(record)
    return sections, found["earlier_runs"]


def failure(status: int) -> str:
    """Why a run ended, from its exit status."""
    if status == pytest.ExitCode.TESTS_FAILED:
        return "A check failed"
    if status == pytest.ExitCode.INTERRUPTED:
        return "The run was interrupted"
    if status < 0:
        return f"The run was ended by {signal.Signals(-status).name}"
    return f"The run ended with status {status}"


if __name__ == "__main__":
    main()
