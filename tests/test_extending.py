"""Seeds are added to a record without running its units again."""

import dataclasses
import datetime
import itertools
import json
import types

import pytest

from experiments.counting.run import EXPERIMENT
from experiments.data import small
from experiments.engine import command
from experiments.engine.experiment import execute
from experiments.report import pages
from experiments.report.what_holds import what_holds
from experiments.statistics.readings import question

pytestmark = pytest.mark.records


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


def test_nothing_is_run_or_written_if_no_seed_is_missing(run, tmp_path, capsys):
    run(2)
    before = (tmp_path / "record.json").read_bytes()
    result, ran = run(2)
    assert ran == []
    assert "nothing is run" in capsys.readouterr().out
    assert json.loads(before) == result
    assert (tmp_path / "record.json").read_bytes() == before


def changed(result, **values):
    return json.dumps({k: v for k, v in (result | values).items() if v is not None})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda result: changed(result, code="edited"), "was run with other code and cannot"),
        (
            lambda result: changed(result, generated=True),
            r"was run with other data \(generated or real\) and cannot",
        ),
        (
            lambda result: changed(result, records=result["records"][1:]),
            "was run with other cases and cannot",
        ),
        (
            lambda result: changed(
                result, machine=result["machine"] | {"kernels": not result["machine"]["kernels"]}
            ),
            r"was run with (no|the) CPU kernels, .* here, and cannot",
        ),
        (
            lambda result: changed(result, machine=result["machine"] | {"torch": "0.1"}),
            "was run with other versions of torch and cannot",
        ),
        (lambda result: changed(result, code=None), "does not state its code and cannot"),
        (lambda result: changed(result, machines=None, seeds=None), "does not state its machines,"),
        (lambda result: changed(result, command=None), "does not state its command and cannot"),
        (lambda result: "{}", "does not state its code, command, commit, config"),
        (lambda result: '{"config": ', "is not a record: Expecting value"),
        (lambda result: "[]", "is not a record"),
    ],
)
def test_a_record_that_cannot_be_extended_is_kept(run, tmp_path, content, reason):
    result, _ = run(1)
    text = content(result)
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(SystemExit, match=f"record.json {reason}.*[Mm]ove it away"):
        run(2)
    assert (tmp_path / "record.json").read_text() == text
    assert list(tmp_path.glob(".journal-*")) == []


def test_a_run_killed_after_its_record_was_written_counts_once(run, monkeypatch):
    seconds = itertools.count()  # a clock that goes on whenever it is read

    def later(zone):
        return datetime.datetime(2026, 1, 1, tzinfo=zone) + datetime.timedelta(0, next(seconds))

    clock = types.SimpleNamespace(UTC=datetime.UTC, datetime=types.SimpleNamespace(now=later))
    monkeypatch.setattr("experiments.engine.provenance.datetime", clock)
    with monkeypatch.context() as killed:
        killed.setattr("experiments.engine.journal.Journal.close", lambda journal: None)
        first, _ = run(1)
    result, ran = run(2)
    assert {seed for _, seed in ran} == {1}
    [earlier] = result["earlier_runs"]
    assert earlier["date"] == first["date"]


def test_a_page_states_that_seeds_are_missing(run):
    result, _ = run(2)
    assert "2 of 5 seeds have been run so far" in pages.page(
        "counting", pages.results_of("counting", result)
    )
    assert "2 of 5 seeds (preliminary)" in what_holds({"counting": (result, [CLAIM])}, ())
    complete, _ = run(2, planned=2, extend=False)
    page = pages.page("counting", pages.results_of("counting", complete))
    assert "reliminary" not in page
    assert "2 seeds; " in page


CLAIM = {"claim": "", "verdict": "", "lesson": "", "comparisons": [], "fidelity": ""}
CLAIM |= {"reading": dataclasses.asdict(question())}


def test_the_published_record_begins_with_fewer_seeds_only_to_be_extended():
    with pytest.raises(SystemExit, match="--extend"):
        command.prepared("counting", EXPERIMENT, ["--seeds", "2"])
    command.prepared("counting", EXPERIMENT, ["--seeds", "2", "--extend"])
    with pytest.raises(SystemExit, match="documented settings"):
        command.prepared("counting", EXPERIMENT, ["--seeds", "2", "--words", "9", "--extend"])
    with pytest.raises(SystemExit, match="add --out DIR, or leave out --extend"):
        command.prepared("counting", EXPERIMENT, ["--smoke", "--extend"])


def test_what_was_run_on_generated_data_is_not_extended_with_other_data(run):
    with small.in_use():
        run(1)
    with pytest.raises(SystemExit, match=r"other data \(generated or real\) and cannot"):
        run(2)
