"""Seeds are added to a record without running its units again."""

import dataclasses
import json

import pytest

from experiments.counting.run import EXPERIMENT
from experiments.engine import command
from experiments.engine.experiment import execute
from experiments.report import claims, pages


@pytest.fixture
def run(tmp_path):
    """Runs the smoke configuration of counting, and returns the record and the units that ran."""

    def run_seeds(seeds, *, extend=True, planned=5, **changes):
        units = []

        def run_unit(config, seed, **case):
            units.append((case, seed))
            return EXPERIMENT.run(config, seed, **case)

        experiment = dataclasses.replace(EXPERIMENT, run=run_unit, seeds=planned)
        config = dataclasses.replace(EXPERIMENT.smoke, **changes)
        result = execute("counting", experiment, config, seeds, tmp_path, extend=extend)
        return result, units

    return run_seeds


def without_time(result):
    return [{k: v for k, v in record.items() if k != "seconds"} for record in result["records"]]


def test_only_missing_seeds_are_run(run, capsys):
    first, ran = run(1)
    assert {seed for _, seed in ran} == {0}
    result, ran = run(3)
    assert f"extending: {len(first['records'])} units" in capsys.readouterr().out
    assert {seed for _, seed in ran} == {1, 2}
    assert result["records"][: len(first["records"])] == first["records"]
    assert result["seeds"] == [0, 1, 2]
    [earlier] = result["earlier_runs"]
    assert earlier == {name: first[name] for name in ("command", "commit", "date", "machine")}
    assert result["machines"] == first["machines"]
    whole, _ = run(3, extend=False)
    assert without_time(whole) == without_time(result)


def test_without_the_option_every_unit_is_run(run):
    _, ran = run(1)
    _, again = run(1, extend=False)
    assert again == ran


@pytest.mark.parametrize(
    ("seeds", "changes", "reason"),
    [
        (2, {"words": 33}, "run with other settings and cannot"),
        (1, {}, "more seeds, 2, and cannot"),
        (1, {"words": 33}, "other settings and more seeds, 2, and cannot"),
    ],
)
def test_a_record_that_does_not_fit_is_kept(run, tmp_path, seeds, changes, reason):
    run(2)
    before = (tmp_path / "record.json").read_bytes()
    with pytest.raises(SystemExit, match=reason):
        run(seeds, **changes)
    assert (tmp_path / "record.json").read_bytes() == before


@pytest.mark.parametrize("code", ["edited", None])
def test_a_record_of_other_code_is_kept(run, tmp_path, code):
    result, _ = run(1)
    result.pop("code")
    changed = json.dumps(result | ({"code": code} if code else {}))
    (tmp_path / "record.json").write_text(changed)
    with pytest.raises(SystemExit, match=r"other code.*leave out --extend"):
        run(2)
    assert (tmp_path / "record.json").read_text() == changed


def test_a_page_states_that_seeds_are_missing(run):
    result, _ = run(2)
    assert "2 of 5 seeds are run so far" in pages.page("counting", result)
    assert "2 of 5 (preliminary) seeds" in claims.summary({"counting": (result, [CLAIM])})
    complete, _ = run(2, planned=2)
    page = pages.page("counting", complete)
    assert "reliminary" not in page
    assert "Seeds: 2; runs" in page


CLAIM = {"claim": "", "verdict": "", "lesson": "", "comparisons": [], "fidelity": "", "place": ""}
CLAIM |= {"source": "this project", "reported": ""}


def test_the_published_record_begins_with_fewer_seeds_only_to_be_extended():
    with pytest.raises(SystemExit, match="--extend"):
        command.prepared("counting", EXPERIMENT, ["--seeds", "2"])
    command.prepared("counting", EXPERIMENT, ["--seeds", "2", "--extend"])
    with pytest.raises(SystemExit, match="documented settings"):
        command.prepared("counting", EXPERIMENT, ["--seeds", "2", "--words", "9", "--extend"])
