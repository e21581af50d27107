"""What was timed so far: a suite that was stopped continues, as long as code and machine stay."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from experiments import Record
from experiments.engine.journal import Journal, key

NAME = "benchmarks"


@dataclass(frozen=True)
class Run:
    """What timings depend on besides the code and versions of libraries."""

    kind: str
    device: str
    threads: str
    smoke: bool
    cpu: str
    cores: int
    simd: str
    gpu: str | None
    variables: dict[str, str]
    """Those of the environment that change torch."""


def forget(folder: Path, run: Run) -> None:
    """Remove what was kept of a run."""
    Journal(folder, NAME, run, (), fresh=True).close()


@dataclass(frozen=True)
class Place:
    """Where a process of the suite keeps its timings, and which part of the run they are.

    Attributes:
        folder: The folder of the journal.
        run: The run.
        process: The number of the process.
        part: What the process is for, where processes are for different things.
        sections: The file for all of its timings, at its end.
    """

    folder: Path
    run: Run
    process: int
    part: str
    sections: Path

    def text(self) -> str:
        """For the command line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def of(cls, text: str) -> Place:
        """From the command line."""
        given = json.loads(text)
        paths = {name: Path(given[name]) for name in ("folder", "sections")}
        return cls(**given | paths | {"run": Run(**given["run"])})


class Kept:
    """The plugin of pytest that leaves out what was timed before, and keeps what is timed now."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what was timed before."""
        place = self.place
        self.units = {item.nodeid: self.case(item.nodeid) for item in items}
        units = [(case, place.process) for case in self.units.values()]
        self.journal = Journal(place.folder, NAME, place.run, units, fresh=False)
        finished = [item for item in items if self.key(item.nodeid) in self.journal.records]
        config.hook.pytest_deselected(items=finished)
        items[:] = [item for item in items if item not in finished]

    def pytest_report_collectionfinish(self) -> list[str]:
        """State how much of the run is left out."""
        number = len(self.journal.records)
        return [f"continuing: {number} of {len(self.units)} were timed before"] if number else []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what was timed."""
        if report.when == "call" and report.passed:
            record = dict(report.user_properties)["record"]
            unit = {"case": self.case(report.nodeid), "seed": self.place.process}
            entry = {**unit, "record": record}
            self.journal.add(entry)
            self.journal.records[self.key(report.nodeid)] = entry

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write all timings, in the order of the suite."""
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.units:
            session.exitstatus = pytest.ExitCode.OK  # all were timed before
        if session.exitstatus == pytest.ExitCode.OK:
            records = [self.journal.records[self.key(test)]["record"] for test in self.units]
            content = {"records": records, "earlier_runs": self.journal.runs}
            self.place.sections.write_text(json.dumps(content), encoding="utf-8")

    def case(self, test: str) -> Record:
        """What a timing is of."""
        return {"test": test.partition("::")[2], "part": self.place.part}

    def key(self, test: str) -> str:
        """Its key in the journal."""
        return key(self.case(test), self.place.process)
