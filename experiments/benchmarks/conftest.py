"""Options and hooks of the benchmark suite."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import pytest
import torch

from experiments.benchmarks.paired import First, Size, Timed, clock, compare
from experiments.benchmarks.pooled import ratios
from experiments.engine.provenance import machine


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", help="where to run: cpu or cuda")
    parser.addoption(
        "--threads",
        type=lambda text: [int(number) for number in text.split(",")],
        default=[torch.get_num_threads()],
        help="threads that torch may use on the CPU, one number after the other: 1,2",
    )
    parser.addoption("--smoke", action="store_true", help="the smallest size, a few rounds")


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
    """Times a model of a variant and its baseline, and adds the result to a list of the record."""

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
        found = compare(benchmark, pytestconfig, device, name, settings, ours, theirs, mode, size)
        record_property("ratio", statistics.median(ratios(found)))
        record_property("baseline", against)
        benchmark.extra_info |= {
            "section": section,
            "variant": name,
            "settings": settings,
            "baseline": against,
            "mode": mode,
            **about,
            **found,
        }

    return run


def pytest_benchmark_update_machine_info(
    config: pytest.Config, machine_info: dict[str, Any]
) -> None:
    """Say what matters for speed, and leave the host's name out."""
    machine_info["node"] = None
    machine_info |= machine()


def pytest_report_teststatus(
    report: pytest.TestReport | pytest.CollectReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Show the ratio in the progress line, instead of a bare "passed"."""
    found = dict(getattr(report, "user_properties", ()))
    if report.when == "call" and report.passed and "ratio" in found:
        return "passed", ".", f"{found['ratio']:5.2f} x {found['baseline']}"
    return None
