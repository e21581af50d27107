"""Some units of a record are run again and compared."""

import dataclasses
import json

import pytest

import experiments
from experiments.__main__ import main as experiments_main
from experiments.counting.run import EXPERIMENT
from experiments.engine import command

pytestmark = pytest.mark.records


@pytest.fixture
def record(tmp_path):
    """The file of a record of the smoke configuration."""
    command.main("counting", EXPERIMENT, ["--smoke", "--out", str(tmp_path)])
    return tmp_path / "counting" / "record.json"


def rerun(path, *options, count=100, run=EXPERIMENT.run):
    given = ["--smoke", "--out", str(path.parents[1]), "--rerun", str(count), *options]
    command.main("counting", dataclasses.replace(EXPERIMENT, run=run), given)


def edit(path, change):
    result = json.loads(path.read_text())
    change(result)
    path.write_text(json.dumps(result))


def test_every_unit_gives_the_same(record, capsys):
    before, units = record.read_bytes(), len(json.loads(record.read_text())["records"])
    capsys.readouterr()
    rerun(record)
    printed = capsys.readouterr().out
    assert f"counting: {units} of {units} units are run again. For the record, they t" in printed
    assert printed.count(": the same, after ") == units > 2
    assert f"{units} of {units} units gave the same result, to the last bit." in printed
    assert record.read_bytes() == before
    assert {path.name for path in record.parent.iterdir()} <= {"record.json", ".lock"}


def test_units_are_drawn_from_those_that_meet_the_conditions(record, capsys):
    case = json.loads(record.read_text())["records"][1]["case"]
    where = [f"{name}={value}" for name, value in case.items()]
    capsys.readouterr()
    rerun(record, "--where", *where, "seed=0")
    [line] = [line for line in capsys.readouterr().out.splitlines() if "the same, after" in line]
    assert line.startswith(" ".join([*where, "seed=0:"]))
    rerun(record, count=2)
    assert capsys.readouterr().out.count("the same, after") == 2
    with pytest.raises(SystemExit, match=r"No unit of .* has seed=3 and model=ELU\. One"):
        rerun(record, "--where", "seed=3", "model=ELU")


def change(record):
    record["changed"] = record.pop(next(n for n in record if n not in ("case", "seed")))


def change_a_value(result):
    change(result["records"][-1])


def test_a_unit_that_differs_and_should_not_is_a_failure(record, capsys):
    edit(record, change_a_value)
    with pytest.raises(SystemExit) as failure:
        rerun(record)
    assert failure.value.code == 1
    printed = capsys.readouterr().out
    assert printed.count(" values differ, after ") == 1
    assert "in the record, nothing here" in printed
    assert "They should be the same in 1: code, data, processor and versions are" in printed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r.update(code="0", commit="1234" * 10), "code (commit 12341234"),
        (lambda r: r["machines"][0].update(cpu="Z80"), "processor (Z80 in the record, "),
        (lambda r: r.update(generated=False), "data (generated or real)"),
        (lambda r: r["machines"][0].update(torch="0.1"), "torch (0.1 in the record, "),
        (lambda r: r["machines"][0]["libraries"].update(numpy="1"), "numpy (1 in the record, "),
    ],
)
def test_a_unit_may_differ_where_something_else_does(record, change, reason, capsys):
    edit(record, change_a_value)
    edit(record, change)
    rerun(record)
    printed = capsys.readouterr().out
    assert f"Results may differ, since not all is as it was: {reason}" in printed
    assert "; " not in printed.partition("as it was")[2]  # the only one


def test_a_unit_is_compared_with_its_own_machine(record, capsys):
    def add_a_machine(result):
        result["machines"].append(result["machines"][0] | {"cpu": "Z80"})
        result["records"][0]["machine"] = 1
        change(result["records"][0])

    edit(record, add_a_machine)
    rerun(record)  # one that differs, and is of another machine
    assert "processor (Z80 in the record, " in capsys.readouterr().out
    edit(record, change_a_value)
    with pytest.raises(SystemExit):
        rerun(record)
    printed = capsys.readouterr().out
    assert "processor (Z80 in the record, " in printed
    assert "They should be the same in 1: " in printed


def test_a_longer_list_differs_and_a_new_value_does_not(record, capsys):
    def run(config, seed, **case):
        return EXPERIMENT.run(config, seed, **case) | {"errors": [1, 2]}

    edit(record, lambda result: [r.update(errors=[1]) for r in result["records"]])
    with pytest.raises(SystemExit):
        rerun(record, count=1, run=run)
    assert "length of errors: 1 in the record, 2 here" in capsys.readouterr().out
    edit(record, lambda result: [r.pop("errors") for r in result["records"]])
    rerun(record, count=1, run=run)
    assert "1 of 1 units gave the same result" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--where", "seed=3"], "^--where chooses units .*: add --rerun N$"),
        (["--rerun", "-1"], "^--rerun should be 1 or more, got -1$"),
        (["--rerun", "1", "--extend"], "^--rerun writes no record: leave out --extend and --fresh"),
        (["--rerun", "1", "--seeds", "2"], "^--rerun draws from all seeds: leave out --seeds, or "),
        (["--rerun", "1", "--out", "nowhere"], r"^There is no nowhere/counting/record\.json: "),
        (["--rerun", "1", "--epochs", "3"], "has other settings or cases than this run would have"),
    ],
)
def test_what_cannot_be_run_again_is_named(options, message):
    with pytest.raises(SystemExit, match=message):
        command.main("counting", EXPERIMENT, options)


def test_a_record_cut_off_is_named(record):
    record.write_text(record.read_text()[:100])
    with pytest.raises(SystemExit, match=r"is not a record: .* Restore it"):
        rerun(record)


def test_timings_are_not_run_again(tmp_path, capsys):
    scaling = experiments.part("scaling", "run").EXPERIMENT
    with pytest.raises(SystemExit, match=r"^scaling depends on the machine: leave out --rerun$"):
        command.main("scaling", scaling, ["--rerun", "1"])
    experiments_main(["all", "--rerun", "1", "--smoke", "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "scaling depends on the machine: nothing of it is run again" in printed
    assert printed.count("nothing is run again") == len(experiments.names()) - 1
    assert not list(tmp_path.iterdir())


def test_of_all_those_after_one_that_differs_are_run_again_too(tmp_path, capsys, monkeypatch):
    names = ["counting", "counting_rates"]
    monkeypatch.setattr(experiments, "names", lambda: names)
    given = ["all", "--smoke", "--out", str(tmp_path)]
    experiments_main(given)
    edit(tmp_path / "counting" / "record.json", lambda result: [*map(change, result["records"])])
    with pytest.raises(SystemExit) as failure:
        experiments_main([*given, "--rerun", "1"])
    assert failure.value.code == 1
    printed = capsys.readouterr().out
    assert "They should be the same" in printed
    assert "counting_rates: 1 of" in printed.partition("They should be the same")[2]


def test_of_all_those_without_data_are_named_and_the_others_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(experiments, "names", lambda: ["music", "counting"])
    with pytest.raises(SystemExit) as failure:
        experiments_main(["all", "--smoke", "--data", str(tmp_path), "--out", str(tmp_path)])
    assert failure.value.code == 1
    assert f"no JSB_Chorales.mat in {tmp_path}" in capsys.readouterr().out
    assert (tmp_path / "counting" / "record.json").exists()


def test_units_are_compared_as_they_finish(record, capsys):
    ran = []

    def run(config, seed, **case):
        if ran:
            assert ": the same, after" in capsys.readouterr().out
        ran.append(case)
        return EXPERIMENT.run(config, seed, **case)

    capsys.readouterr()
    rerun(record, count=2, run=run)
    assert len(ran) == 2
