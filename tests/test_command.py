"""The command line of experiments: options, settings, and records that stay."""

import dataclasses
import errno
import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import experiments
from experiments.__main__ import main as experiments_main
from experiments.counting.run import EXPERIMENT
from experiments.engine import command

pytestmark = pytest.mark.records

ROOT = Path(__file__).parent.parent


def test_results_of_other_settings_are_not_written_over_the_published():
    with pytest.raises(SystemExit, match="--out DIR"):
        command.main("counting", EXPERIMENT, ["--seeds", "1"])
    with pytest.raises(SystemExit, match="--out DIR"):
        command.main("counting", EXPERIMENT, ["--epochs", "1"])


@pytest.mark.parametrize("option", ["--seeds", "--jobs"])
def test_nothing_to_run_is_an_error(option):
    with pytest.raises(SystemExit, match="should be 1 or more"):
        command.main("counting", EXPERIMENT, [option, "0"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "--epochs should be 1 or more, got 0"),
        (["--hidden", "3", "-1"], "--hidden should be 1 or more, got -1"),
        (["--max-train-n", "-2"], "--max-train-n should be 1 or more, got -2"),
        (["--rate", "inf"], "--rate should be finite, got inf"),
        (["--rate", "nan"], "--rate should be finite, got nan"),
        (["--hidden"], "--hidden should have a value"),
    ],
)
def test_settings_out_of_range(options, message, tmp_path):
    with pytest.raises(SystemExit, match=f"^{message}$"):
        command.main("counting", EXPERIMENT, [*options, "--out", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_a_run_on_a_full_disk_says_so_and_can_be_continued(tmp_path, monkeypatch, capsys):
    options = ["--smoke", "--out", str(tmp_path)]
    flushed = []

    def fsync(file):
        flushed.append(file)
        if len(flushed) > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(SystemExit, match=r"No space left .* counting' continues with the next"):
            command.main("counting", EXPERIMENT, options)
    assert not (tmp_path / "counting" / "record.json").exists()
    command.main("counting", EXPERIMENT, options)
    assert "continuing: " in capsys.readouterr().out
    assert (tmp_path / "counting" / "record.json").exists()


def test_settings_of_settings_out_of_range(tmp_path):
    conventions = experiments.part("conventions", "run").EXPERIMENT
    for options, message in (
        (["--music.epochs", "0"], "--music.epochs should be 1 or more, got 0"),
        (["--only", "-5"], "--only should be 0 or more, got -5"),
    ):
        with pytest.raises(SystemExit, match=f"^{message}$"):
            command.main("conventions", conventions, [*options, "--out", str(tmp_path)])


@pytest.mark.parametrize("name", experiments.names())
def test_the_settings_of_every_experiment_are_in_range(name):
    experiment = experiments.part(name, "run").EXPERIMENT
    for config in (experiment.config, experiment.smoke):
        command.check_settings(config, experiment.config)


def test_options_that_do_not_go_together_are_errors(tmp_path):
    def message(*options):
        with pytest.raises(SystemExit) as stopped:
            command.main("counting", EXPERIMENT, options)
        return str(stopped.value)

    assert "leave out --scheduler" in message("--smoke", "--scheduler", "tcp://127.0.0.1:9")
    (tmp_path / "file").touch()
    assert "--out should be a folder" in message("--smoke", "--out", str(tmp_path / "file"))
    assert "can be written" in message("--smoke", "--out", str(tmp_path / "file" / "folder"))
    (tmp_path / "counting").touch()
    assert "--out should be a folder" in message("--smoke", "--out", str(tmp_path))
    # A toy run does not replace a published record either, by whatever name.
    (tmp_path / "link").symlink_to(ROOT)
    for folder in (ROOT / "experiments", tmp_path / "link" / "experiments"):
        assert "another folder: --out DIR" in message("--smoke", "--out", str(folder))


def test_options_of_all_that_an_experiment_does_not_have(tmp_path):
    scaling = experiments.part("scaling", "run").EXPERIMENT
    options = ["--extend", "--smoke", "--out", str(tmp_path)]
    with pytest.raises(SystemExit, match="scaling depends on the machine: leave out --extend"):
        command.prepared("scaling", scaling, options)
    command.prepared("scaling", scaling, options, of_all=True)


def test_a_run_of_all_that_is_stopped_says_how_it_continues(tmp_path, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "execute", stop)
    with pytest.raises(SystemExit, match=r"Stopped\. 'python -m experiments all' continues with"):
        experiments_main(["all", "--smoke", "--out", str(tmp_path)])


def test_all_leaves_out_what_is_finished(tmp_path, monkeypatch, capsys):
    """A record of other code is there too, as in a checkout: it is replaced."""
    monkeypatch.setattr(experiments, "names", lambda: ["counting", "shapes"])
    options = ["--smoke", "--out", str(tmp_path)]
    command.main("shapes", experiments.part("shapes", "run").EXPERIMENT, options)
    path = tmp_path / "shapes" / "record.json"
    old = path.read_text().replace('"code": "', '"code": "0')
    path.write_text(old)
    ran = []
    execute = command.execute

    def recorded(name, *arguments, **keywords):
        ran.append(name)
        return execute(name, *arguments, **keywords)

    monkeypatch.setattr(command, "execute", recorded)
    experiments_main(["all", *options])
    assert ran == ["counting", "shapes"]
    assert path.read_text() != old
    experiments_main(["all", *options])
    assert ran == ["counting", "shapes"]
    assert "shapes is not run again (--fresh: anew)" in capsys.readouterr().out
    experiments_main(["all", *options, "--fresh"])
    assert ran == ["counting", "shapes"] * 2


@pytest.mark.parametrize(
    ("before", "what"), [({"words": 5}, "other settings"), ({}, "2 seeds"), (None, "")]
)
def test_a_record_of_more_or_other_results_is_not_replaced(tmp_path, before, what):
    path = tmp_path / "counting" / "record.json"
    path.parent.mkdir()
    config = dataclasses.asdict(EXPERIMENT.smoke)
    text = json.dumps({"config": config | (before or {}), "seeds": [0, 1]})
    path.write_text(text if what else "not a record")
    arguments = ["--smoke", "--out", str(tmp_path)]
    if what:
        with pytest.raises(
            SystemExit, match=f"record.json holds results with {what}. Move it away"
        ):
            command.prepared("counting", EXPERIMENT, arguments)
    else:
        command.prepared("counting", EXPERIMENT, arguments)
    assert path.read_text() == (text if what else "not a record")


def test_a_record_that_was_written_meanwhile_is_not_replaced(tmp_path):
    """Between the check of the options and the run, as of an experiment that waits in `all`."""
    run = command.prepared("counting", EXPERIMENT, ["--smoke", "--out", str(tmp_path)])
    path = tmp_path / "counting" / "record.json"
    text = json.dumps({"config": dataclasses.asdict(EXPERIMENT.smoke), "seeds": [0, 1, 2]})
    path.write_text(text)
    with pytest.raises(SystemExit, match="holds results with 3 seeds"):
        run()
    assert path.read_text() == text


def test_without_docstrings_no_experiment_runs(monkeypatch):
    monkeypatch.setattr(sys, "flags", SimpleNamespace(optimize=2))
    with pytest.raises(SystemExit, match="docstrings, which python -OO removes: use -O"):
        experiments_main(["counting", "--smoke"])


def test_letters_that_a_terminal_cannot_show_do_not_stop_a_table(monkeypatch):
    shown = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", shown)
    experiments_main(["--help"])
    print("aⁿbⁿ")
    shown.flush()
    assert rb"a\u207fb\u207f" in shown.buffer.getvalue()
