"""Options and hooks of the benchmark suite."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import pytest
import torch

from experiments.benchmarks.kept import Kept, Place
from experiments.benchmarks.paired import (
    QUICK,
    SMOKE,
    WHOLE,
    Effort,
    First,
    Size,
    Timed,
    clock,
    compare,
)
from experiments.benchmarks.pooled import ratios


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", help="where to run: cpu or cuda")
    parser.addoption(
        "--threads",
        type=lambda text: [int(number) for number in text.split(",")],
        default=[torch.get_num_threads()],
        help="threads that torch may use on the CPU, one number after the other: 1,2",
    )
    parser.addoption("--smoke", action="store_true", help="the smallest size, a few rounds")
    parser.addoption("--quick", action="store_true", help="some layers and sizes, few rounds")
    parser.addoption("--kept", type=Place.of, help="where timings are kept (see kept.py)")


def pytest_configure(config: pytest.Config) -> None:
    if place := config.getoption("--kept"):
        config.pluginmanager.register(Kept(place))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Time both sides with one clock, that of the device."""
    timer = clock(torch.device(config.getoption("device")))
    for item in items:
        item.add_marker(pytest.mark.benchmark(timer=timer))


@pytest.fixture(scope="session")
def device(pytestconfig: pytest.Config) -> torch.device:
    """The device under test. On CUDA, TF32 is off: both sides compute in float32."""
    torch.backends.cudnn.allow_tf32 = False
    return torch.device(pytestconfig.getoption("device"))


@pytest.fixture
def timed(
    benchmark: Any,
    record_property: Callable[[str, object], None],
    pytestconfig: pytest.Config,
    device: torch.device,
) -> Timed:
    """Times a model of a variant and its baseline, and reports the result as a property."""
    effort = effort_of(pytestconfig)

    def run(
        section: str,
        name: str,
        ours: First,
        theirs: First,
        mode: str,
        size: Size,
        against: str,
        settings: dict[str, str] | None = None,
        **about: object,
    ) -> None:
        settings = settings or {}
        found = compare(benchmark, effort, device, name, settings, ours, theirs, mode, size)
        record = {
            "section": section,
            "variant": name,
            "settings": settings,
            "baseline": against,
            "mode": mode,
            **about,
            **found,
        }
        record_property("record", record)

    return run


def effort_of(config: pytest.Config) -> Effort:
    """How long each timing takes."""
    if config.getoption("smoke"):
        return SMOKE
    return QUICK if config.getoption("quick") else WHOLE


def pytest_report_teststatus(
    report: pytest.TestReport | pytest.CollectReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Show the ratio in the progress line, instead of a bare "passed"."""
    found = dict(getattr(report, "user_properties", ()))
    if report.when == "call" and report.passed and "record" in found:
        record = found["record"]
        ratio = statistics.median(ratios(record))
        return "passed", ".", f"{ratio:5.2f} x {record['baseline']}"
    return None
