"""Write what the documentation includes: `python -m experiments.report`."""

from __future__ import annotations

import argparse
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import experiments
from experiments import FOLDER
from experiments.benchmarks import allocator_page, calls_page, goals_page, peers_page
from experiments.benchmarks import figure as bench_figure
from experiments.benchmarks import page as bench
from experiments.plotting import save_figures
from experiments.report import GENERATED, pages, readings
from experiments.report.choose import choose
from experiments.report.claims import Scored, slug
from experiments.report.data import write_data
from experiments.report.files import read, write_experiment
from experiments.report.notebook import write_notebook
from experiments.report.package import write_package
from experiments.report.preview import DEFAULT, save_default
from experiments.report.reference import cells_reference
from experiments.report.what_holds import what_holds


def main(records: Path = FOLDER, generated: Path = GENERATED, processes: int = 1) -> None:
    """Write tables, figures and pages of all records, atomically.

    Args:
        records: The folder of the records, with a folder for each experiment.
        generated: What is written; a folder that is there is replaced.
        processes: How many experiments are reported at the same time.

    Raises:
        SystemExit: If a record is missing or is none.
    """
    generated = generated.resolve()
    generated.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=generated.parent, prefix=".generated-") as folder:
        made = Path(folder) / "made"
        write(records, made, processes)
        if generated.exists():  # with what belongs to experiments that are gone
            generated.rename(Path(folder) / "before")
        made.rename(generated)
    print(f"written: {generated}")


def write(records: Path, generated: Path, processes: int) -> None:
    """Write tables, figures and pages of all records into a new folder."""
    (generated / "pages").mkdir(parents=True)

    def save(file: str, text: str) -> None:
        (generated / file).write_text(text, encoding="utf-8")

    timed = [read(path) for path in sorted((records / "benchmarks").glob("bench-*.json"))]
    if not timed:
        raise SystemExit(
            f"No bench-*.json in {records / 'benchmarks'}: run 'make bench-all' first."
        )
    for result in timed:
        save_figures(generated, result["experiment"], bench_figure.figure, result)
        write_data(generated, result)
    halves = [read(path) for path in sorted((records / "benchmarks").glob("half-*.json"))]
    for result in halves:
        write_data(generated, result)
    save("bench.md", bench.tabs([*timed, *halves]) + "\n")
    save("goals.md", goals_page.section(timed))
    allocators = [read(path) for path in sorted((records / "benchmarks").glob("allocator-*.json"))]
    for result in allocators:
        write_data(generated, result)
    save("allocator.md", allocator_page.section(allocators))
    calls = [read(path) for path in sorted((records / "benchmarks").glob("calls-*.json"))]
    for result in calls:
        write_data(generated, result)
    save("small.md", calls_page.section(calls, "small_calls"))
    save("ragged.md", calls_page.section(calls, "ragged"))
    peers = records / "benchmarks" / "peers.json"
    if peers.exists():
        write_data(generated, read(peers))
    save("peers.md", peers_page.section(read(peers) if peers.exists() else None))
    save("cells.md", cells_reference())
    write_notebook(generated / "walkthrough.ipynb")
    save_default(generated / DEFAULT)
    names = experiments.names()
    paths = {name: records / name / "record.json" for name in names}
    missing = [name for name in names if not paths[name].exists()]
    for name in missing:
        save(f"pages/{slug(name)}.md", pages.page(name, None))
        print(f"not run yet: {name}; its page says so. Run 'python -m experiments {name}'")
    # The analysis of a long record takes up to a minute: those begin first.
    there = sorted(paths.keys() - missing, key=lambda name: (-paths[name].stat().st_size, name))
    report = partial(write_experiment, records, generated)
    if processes == 1:
        found = dict(zip(there, map(report, there), strict=True))
    else:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            found = dict(zip(there, pool.map(report, there), strict=True))
    scored: Scored = {name: found[name] for name in names if name in found}
    save("what-holds.md", what_holds(scored, missing))
    save("choose.md", choose(scored))
    save("readings.md", readings.table(scored, missing))
    write_package(generated, [result for result, _ in scored.values()])


if __name__ == "__main__":
    argparse.ArgumentParser("python -m experiments.report", description=__doc__).parse_args()
    has_affinity = hasattr(os, "sched_getaffinity")  # not on macOS
    main(processes=len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1)
