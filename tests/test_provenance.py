"""The commit that a record states."""

import re
import shutil
import subprocess
import sys

import pytest

import lstm_variants
from experiments.engine import provenance
from experiments.report import markdown
from experiments.report.markdown import short

pytestmark = pytest.mark.records


@pytest.fixture
def unpacked(tmp_path, monkeypatch):
    """A folder in the checkout of something else, in which provenance takes the project to be."""
    if not shutil.which("git"):
        pytest.skip("needs git")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    name = ("-c", "user.name=a", "-c", "user.email=a@b")
    commit = ["commit", "--quiet", "--allow-empty", "--message=first"]
    subprocess.run(["git", "-C", tmp_path, *name, *commit], check=True)
    project = tmp_path / "project"
    (project / "experiments").mkdir(parents=True)
    monkeypatch.setattr(provenance, "FOLDER", project / "experiments")
    monkeypatch.setattr(lstm_variants, "__file__", str(project / "lstm_variants" / "__init__.py"))
    return project


def test_the_commit_is_that_of_the_project_and_of_nothing_around_it(
    unpacked, monkeypatch, tmp_path_factory
):
    assert provenance.commit() == "unknown (not a git checkout)"
    monkeypatch.setattr(provenance, "FOLDER", unpacked.parent / "experiments")
    monkeypatch.setattr(lstm_variants, "__file__", str(unpacked.parent / "lstm_variants" / "a.py"))
    (unpacked.parent / "experiments").mkdir()
    assert re.fullmatch("[0-9a-f]{40}", provenance.commit())
    linked = tmp_path_factory.mktemp("linked") / "checkout"
    linked.symlink_to(unpacked.parent)
    monkeypatch.setattr(provenance, "FOLDER", linked / "experiments")
    monkeypatch.setattr(lstm_variants, "__file__", str(linked / "lstm_variants" / "a.py"))
    assert re.fullmatch("[0-9a-f]{40}", provenance.commit())


def test_a_new_file_is_a_change_whatever_git_shows(unpacked, monkeypatch):
    monkeypatch.setattr(provenance, "FOLDER", unpacked.parent / "experiments")
    monkeypatch.setattr(lstm_variants, "__file__", str(unpacked.parent / "lstm_variants" / "a.py"))
    new = unpacked.parent / "experiments" / "new"
    new.mkdir(parents=True)
    hides = ["git", "-C", unpacked.parent, "config", "status.showUntrackedFiles", "no"]
    subprocess.run(hides, check=True)
    assert not provenance.commit().endswith("+changes")
    (new / "run.py").touch()
    assert provenance.commit().endswith("+changes")


def test_a_command_names_neither_folders_nor_addresses(monkeypatch):
    arguments = [
        "a name",
        "--data",
        "/home/me",
        "--seeds",
        "2",
        "--out=/tmp/x",
        "--scheduler",
        "a:1",
    ]
    monkeypatch.setattr(sys, "argv", ["/home/me/run.py", *arguments])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    assert provenance.command() == "python run.py 'a name' --seeds 2"


def test_without_git_that_is_the_reason(unpacked, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == "unknown (git was not found)"


def test_a_page_shortens_a_hash_and_nothing_else():
    assert short("0123456789abcdef0123456789abcdef01234567") == "0123456789ab"
    assert short("0123456789abcdef0123456789abcdef01234567+changes") == "0123456789ab+changes"
    assert short("unknown (not a git checkout)") == "unknown (not a git checkout)"


def test_a_page_states_what_was_edited_by_hand():
    record = {"experiment": "gates", "command": "python", "date": "2026-11-26", "commit": "a" * 40}
    record |= {"machine": provenance.machine()}
    edit = {"commit": "b" * 40, "date": "2026-11-30", "change": "the rate was added"}
    assert "Edited" not in markdown.provenance(record)
    shown = markdown.provenance(record | {"edited": [edit]})
    assert shown.endswith(". Edited in commit `bbbbbbbbbbbb`, 2026-11-30: the rate was added")


@pytest.mark.parametrize("name", ["kernel.cpp", "call.h", "CMakeLists.txt", "notes.md"])
def test_changes_of_every_source_are_stated(name, unpacked, monkeypatch):
    monkeypatch.setattr(provenance, "FOLDER", unpacked.parent / "experiments")
    monkeypatch.setattr(lstm_variants, "__file__", str(unpacked.parent / "lstm_variants" / "a.py"))
    (unpacked.parent / "experiments").mkdir()
    (unpacked.parent / name).touch()
    assert provenance.commit().endswith("+changes") == (name != "notes.md")
