"""The suites: each test belongs to one, and those of the package need no experiment."""

from pathlib import Path

import pytest

from tests.suites import SUITES, suite_of

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("test_*.py"))


def test_a_suite_follows_from_imports():
    expected = {
        "test_suites": "package",
        "test_scan": "package",  # compares with the oracles
        "test_trials": "replication",
        "test_workers": "replication",
    }
    assert {name: suite_of(FOLDER / f"{name}.py") for name in expected} == expected


@pytest.mark.parametrize(
    ("code", "suite"),
    [
        ("from experiments import oracles", "package"),
        ("from experiments.oracles.extended import slstm", "package"),
        ("import experiments.oracles", "package"),
        ("from experiments import records", "replication"),
        ("def test():\n    import experiments", "replication"),
        ("from experiments.oracles_of_another import x", "replication"),
        ("import experimental", "package"),
    ],
)
def test_imports_of_every_form_count(code, suite, tmp_path):
    (tmp_path / "test_new.py").write_text(code)
    assert suite_of(tmp_path / "test_new.py") == suite


def test_every_test_has_one_suite(request):
    """Of what this run has collected."""
    for item in request.session.items:
        assert len([s for s in SUITES if item.get_closest_marker(s)]) == 1, item.nodeid


def test_records_are_of_the_replication():
    marked = [path for path in FILES if "mark.records\n" in path.read_text()]
    assert len(marked) >= 10
    assert {suite_of(path) for path in marked} == {"replication"}
