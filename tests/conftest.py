from collections import defaultdict
from pathlib import Path

import pytest
import torch

from lstm_variants.kernels.cpu import native
from lstm_variants.torch_internals import DLPACK_EXCHANGE_API
from tests import suites, support
from tests.sampling import Case, sample, spread

collect_ignore = ["frameworks"]  # needs the frameworks
if DLPACK_EXCHANGE_API is None:
    collect_ignore.append("test_cpu_module.py")  # without it, the module is not used


def pytest_addoption(parser):
    parser.addoption("--kernels", type=Path, help="another build of the library of the CPU kernels")
    parser.addoption("--sample", action="store_true", help="few cases of each parametrised test")
    parser.addoption("--cases", type=int, default=2, help="how many at most with --sample")
    parser.addoption("--shift", type=int, default=0, help="other cases with --sample")
    parser.addoption("--slow", action="store_true", help="with --sample, the slow tests too")
    parser.addoption("--record", metavar="NAME", help="store a passing run in tests/support.json")
    parser.addoption("--no-skips", action="store_true", help="a skipped test is a failure")


class Suites:
    """Marks each test with its suite, unless its file does that, before any is left out."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        for item in items:
            if not any(item.get_closest_marker(suite) for suite in suites.SUITES):
                item.add_marker(suites.suite_of(item.path))


def pytest_configure(config):
    config.pluginmanager.register(Suites())
    if config.getoption("--kernels"):
        loaded = native.Kernels(config.getoption("--kernels"))
        native.load = lambda: loaded


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """With --sample, keep some cases of each test, and of slow ones none without --slow."""
    # Imported here: it reads the instruction sets of the library that --kernels names.
    from tests.cpu_kernels import needs_kernels

    for item in items:
        if item.name == "lstm_variants.kernels.dispatch.explain":
            item.add_marker(needs_kernels)
    if not config.getoption("--sample"):
        return
    tests = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    kept = set()
    for name, cases in tests.items():
        if cases[0].get_closest_marker("slow") and not config.getoption("--slow"):
            continue
        places = sample([values_of(item) for item in cases])
        most = config.getoption("--cases")
        if cases[0].get_closest_marker("costly"):
            most = (most + 1) // 2
        kept.update(cases[k] for k in spread(places, most, name, config.getoption("--shift")))
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def values_of(item):
    """The parameters of a case with their values, by identity: not all of them are hashable."""
    spec = getattr(item, "callspec", None)
    assert spec or not hasattr(item, "function") or "[" not in item.name, "pytest has another name"
    return frozenset((name, id(value)) for name, value in spec.params.items()) if spec else Case()


def pytest_terminal_summary(terminalreporter, config):
    """With --no-skips, name what was skipped."""
    if config.getoption("--no-skips"):
        for report in terminalreporter.stats.get("skipped", []):
            terminalreporter.write_line(f"SKIPPED, which is a failure here: {report.longrepr[2]}")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """With --no-skips, fail if anything was skipped; with --record, store the result."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    name = session.config.getoption("--record")
    whole = session.config.args_source is session.config.ArgsSource.TESTPATHS
    is_worker = hasattr(session.config, "workerinput")  # of xdist, with a part of the tests
    if name and whole and not is_worker and session.exitstatus == pytest.ExitCode.OK:
        support.record(name, len(reporter.stats.get("passed", ())))
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture
def fresh_compiler():
    """torch.compile without what it has compiled, before and after."""
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@pytest.fixture
def few_permutations(monkeypatch):
    """Fewer permutations in the test for random searches: p-values are multiples of 0.0005."""
    from experiments.statistics import trials  # not every environment has what it imports

    monkeypatch.setattr(trials, "PERMUTATIONS", 1_999)
    trials.best_places.cache_clear()
    yield
    trials.best_places.cache_clear()


@pytest.fixture
def few_trees(monkeypatch):
    """One tree, and not 16 or 64, in analyses of variance; the numbers that were asked for."""
    from optuna import importance  # not every environment has it

    forest, trees = importance.FanovaImportanceEvaluator, []

    def of_one_tree(*, n_trees, **options):
        trees.append(n_trees)
        return forest(n_trees=1, **options)

    monkeypatch.setattr(importance, "FanovaImportanceEvaluator", of_one_tree)
    return trees


def pytest_make_parametrize_id(config, val, argname):
    """Readable ids: `float64`, `B2-T63-H37`, a class by its name."""
    if isinstance(val, torch.dtype):
        return str(val).removeprefix("torch.")
    if isinstance(val, type):
        return val.__name__
    if isinstance(val, dict) and val and all(isinstance(v, int) for v in val.values()):
        return "-".join(f"{k}{v}" for k, v in val.items())
    return None
