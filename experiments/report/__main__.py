"""Write what the documentation includes: `python -m experiments.report`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import experiments
from experiments import FOLDER, Result
from experiments.benchmarks import figure as bench_figure
from experiments.benchmarks import page as bench
from experiments.benchmarks import peers_page
from experiments.plotting import save_figures
from experiments.records import load
from experiments.report import GENERATED, pages
from experiments.report.claims import Scored, slug
from experiments.report.data import write_data
from experiments.report.notebook import write_notebook
from experiments.report.reference import cells_reference
from experiments.report.what_holds import what_holds


def main(records: Path = FOLDER, generated: Path = GENERATED) -> None:
    """Write tables, figures and pages of all records, atomically.

    Raises:
        SystemExit: If a record is missing or is none.
    """
    generated = generated.resolve()
    generated.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=generated.parent, prefix=".generated-") as folder:
        made = Path(folder) / "made"
        write(records, made)
        if generated.exists():  # with what belongs to experiments that are gone
            generated.rename(Path(folder) / "before")
        made.rename(generated)
    print(f"written: {generated}")


def read(path: Path) -> Result:
    """A stored record.

    Raises:
        SystemExit: If the file holds something else.
    """
    try:
        return load(path)
    except ValueError as error:
        raise SystemExit(str(error)) from error


def write(records: Path, generated: Path) -> None:
    """Write tables, figures and pages of all records into a new folder."""
    (generated / "pages").mkdir(parents=True)

    def save(file: str, text: str) -> None:
        (generated / file).write_text(text, encoding="utf-8")

    timed = [read(path) for path in sorted((records / "benchmarks").glob("bench-*.json"))]
    if not timed:
        raise SystemExit(f"No bench-*.json in {records / 'benchmarks'}: run 'make bench' first.")
    for result in timed:
        save_figures(generated, result["experiment"], bench_figure.figure, result)
        write_data(generated, result)
    halves = [read(path) for path in sorted((records / "benchmarks").glob("half-*.json"))]
    for result in halves:
        write_data(generated, result)
    save("bench.md", bench.tabs([*timed, *halves]) + "\n")
    peers = records / "benchmarks" / "peers.json"
    if peers.exists():
        write_data(generated, read(peers))
    save("peers.md", peers_page.section(read(peers) if peers.exists() else None))
    save("cells.md", cells_reference())
    write_notebook(generated / "walkthrough.ipynb")
    scored: Scored = {}
    missing = []
    for name in experiments.names():
        path = records / name / "record.json"
        if not path.exists():
            missing.append(name)
            print(f"not run yet: {name}; its page says so. Run 'python -m experiments {name}'")
            save(f"pages/{slug(name)}.md", pages.page(name, None))
            continue
        result = read(path)
        if pages.has_figure(name):
            save_figures(generated, name, experiments.part(name, "figure").figure, result)
        write_data(generated, result)
        results = pages.results_of(name, result)
        save(f"{name}.md", pages.excerpt(name, results) + "\n")
        save(f"pages/{slug(name)}.md", pages.page(name, results))
        scored[name] = result, results.claims
    save("what-holds.md", what_holds(scored, missing))


if __name__ == "__main__":
    argparse.ArgumentParser("python -m experiments.report", description=__doc__).parse_args()
    main()
