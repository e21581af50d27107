"""The files of one experiment: its figure, its data and its pages."""

from __future__ import annotations

from pathlib import Path

import experiments
from experiments import Record, Result
from experiments.plotting import save_figures
from experiments.records import load
from experiments.report import pages
from experiments.report.claims import slug
from experiments.report.data import write_data


def read(path: Path) -> Result:
    """A stored record.

    Raises:
        SystemExit: If the file holds something else.
    """
    try:
        return load(path)
    except ValueError as error:
        raise SystemExit(str(error)) from error


def write_experiment(records: Path, generated: Path, name: str) -> tuple[Result, list[Record]]:
    """Write figure, data and pages of an experiment; return its record and claims.

    Raises:
        SystemExit: If the file is no record.
    """
    result = read(records / name / "record.json")
    if pages.has_figure(name):
        save_figures(generated, name, experiments.part(name, "figure").figure, result)
    write_data(generated, result)
    results = pages.results_of(name, result)
    (generated / f"{name}.md").write_text(pages.excerpt(name, results) + "\n", encoding="utf-8")
    page = generated / "pages" / f"{slug(name)}.md"
    page.write_text(pages.page(name, results), encoding="utf-8")
    return result, results.claims
