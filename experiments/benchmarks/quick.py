"""How fast the layers are on this machine, within minutes: `make bench`.

Some layers and sizes of the suite with one thread, forward and training, paired with `torch.nn`, in
few rounds, with a table after each size. Nothing is written.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from experiments import Record
from experiments.benchmarks.nearest import find, nearest
from experiments.benchmarks.paired import QUICK
from experiments.benchmarks.pooled import pooled_record
from experiments.benchmarks.quick_table import described, minutes, table, title_of
from experiments.benchmarks.summary import RECORDS
from experiments.engine.provenance import machine
from experiments.records import load

LIMIT = 210.0
"""Seconds for all timings: one that would probably take longer is left out."""
MILLISECONDS = ("milliseconds", "baseline_milliseconds")
SUITE = Path(__file__).with_name("test_speed.py")
TESTS = [f"{SUITE}::{name}" for name in ("test_speed", "test_speed_of_ragged_batches")]


def main() -> None:
    """Run the suite with this module as a plugin of pytest."""
    parser = argparse.ArgumentParser("python -m experiments.benchmarks.quick", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="one size in a few rounds")
    smoke = parser.parse_args().smoke
    try:
        suite = [sys.executable, "-m", "pytest", *options(smoke=smoke)]
        sys.exit(subprocess.run(suite, check=False).returncode)
    except KeyboardInterrupt:
        sys.exit("interrupted")


def options(*, smoke: bool) -> list[str]:
    """What pytest is given."""
    return [
        *(*TESTS, "-p", "experiments.benchmarks.quick", "--quick", "--threads=1"),
        *("--benchmark-enable", "--benchmark-quiet", *(["--smoke"] if smoke else [])),
        *("-qq", "--no-header", "--exitfirst", "-p", "no:cacheprovider"),
    ]


def pytest_configure(config: pytest.Config) -> None:
    """Show progress and tables in place of pytest's dots."""
    config.pluginmanager.register(Progress())


class Progress:
    """The plugin of a run: it prints tables and the time that is left, and keeps to the limit."""

    def __init__(self) -> None:
        self.reporter: Any = None  # pytest's, once there is one
        here = machine()
        self.published = nearest(here["simd"], [load(path) for path in RECORDS])
        self.introduction = described(here, self.published)
        self.records: dict[str, Record] = {}
        self.items: dict[str, Any] = {}
        self.expected: dict[str, float] = {}
        self.done = 0.0

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Begin with the least work: what the limit leaves out is at the end."""
        items.sort(key=lambda item: item.callspec.params["size"].work())

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Estimate the time of each timing, and state what is compared."""
        self.reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        self.items |= {item.nodeid: item for item in session.items}
        self.expected = {test: self.expected_seconds(item) for test, item in self.items.items()}
        self.start = time.monotonic()
        self.reporter.write_line(self.introduction)

    def expected_seconds(self, item: Any) -> float:
        """How long a timing would take on the machine of the published record."""
        timing = dict(item.callspec.params)
        size = timing["size"]._asdict()
        found = find(self.published, timing | {"variant": timing["name"], "size": size})
        if found is None:
            return 2.0
        pair: float = sum(found[kind]["median"] for kind in MILLISECONDS) / 1e3
        rounds = QUICK.rounds(pair) + QUICK.warmup + 1
        memory = 1.0 + pair if timing["mode"] == "training" else 0.0
        return 0.3 + rounds * pair + memory

    def seconds(self, expected: float) -> float:
        """The time for what would take `expected` seconds, at the pace so far."""
        return expected * (time.monotonic() - self.start) / self.done if self.done else expected

    def pytest_runtest_setup(self, item: Any) -> None:
        """Leave out a timing that would probably end after the limit."""
        end = time.monotonic() - self.start + self.seconds(self.expected[item.nodeid])
        if self.done and end > LIMIT:
            pytest.skip("the time limit")

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Neither dots nor words, except for a failure."""
        return None if report.failed else ("", "", "")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a timing from its test."""
        if report.when == "call" and report.passed:
            record: Any = dict(report.user_properties)["record"]
            self.records[report.nodeid] = pooled_record([record])
            self.done += self.expected[report.nodeid]

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Show the time that is left, and a table after the last timing of a size."""
        tests = list(self.items)
        later = tests[tests.index(nodeid) + 1 :]
        left = min(
            self.seconds(sum(self.expected[test] for test in later)),
            max(LIMIT - (time.monotonic() - self.start), 0.0),
        )
        title, name, mode = self.parts(nodeid)
        self.show(f"{title.partition(':')[0]}, {name}, {mode}; {minutes(left)} left")
        if not later or self.parts(later[0])[0] != title:
            group = [test for test in tests if self.parts(test)[0] == title]
            names = list(dict.fromkeys(self.parts(test)[1] for test in group))
            found = [self.records[test] for test in group if test in self.records]
            self.show("")
            self.reporter.write_line(table(title, names, found, self.published))
        if not later and len(self.records) < len(tests):
            number = len(tests) - len(self.records)
            self.reporter.write_line(f"Not timed: {number} that would end after {minutes(LIMIT)}.")

    def parts(self, test: str) -> tuple[str, str, str]:
        """The size of a timing in words, its layer, and its mode."""
        timing = self.items[test].callspec.params
        return title_of(timing["size"]), timing["name"], timing["mode"]

    def show(self, progress: str) -> None:
        """A line of progress, in place of the one before on a terminal."""
        if self.reporter.isatty:
            self.reporter.rewrite(progress, erase=True)
        elif progress:
            self.reporter.write_line(progress)


if __name__ == "__main__":
    main()
