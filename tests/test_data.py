"""Data sets: what is in them, and what is said if they are missing or wrong."""

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np
import pooch
import pytest

from experiments import data
from experiments.chunking import run as chunking
from experiments.data import small
from experiments.music import run as music


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(data.FOLDER, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", data.SOURCES)
def test_a_missing_file_says_both_ways_to_get_it(name, folder):
    with pytest.raises(data.MissingDataError) as stopped:
        data.fetch(name)
    source = data.SOURCES[name]
    for part in (source.name, str(folder), source.sha256, source.url, "--data DIR"):
        assert part in str(stopped.value)


@pytest.mark.parametrize("name", data.SOURCES)
def test_a_corrupted_file_is_refused(name, folder):
    path = folder / "deep" / data.SOURCES[name].name
    path.parent.mkdir()
    path.write_bytes(b"something else")
    with pytest.raises(data.MissingDataError, match="is not that file") as stopped:
        data.fetch(name)
    assert data.SOURCES[name].sha256 in str(stopped.value)


def test_a_damaged_archive_is_refused(folder):
    path = folder / data.SOURCES["Free Spoken Digit Dataset"].name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0_jackson_0.wav", bytes(10_000))
    content = bytearray(path.read_bytes())
    content[50] ^= 255  # in the middle of the compressed recording
    path.write_bytes(content)
    with pytest.raises(data.MissingDataError, match="is not that file"):
        data.fetch("Free Spoken Digit Dataset")


def test_one_of_several_copies_is_enough(folder, monkeypatch):
    right = data.Source("https://localhost", hashlib.sha256(b"right").hexdigest(), "a.mat")
    monkeypatch.setitem(data.SOURCES, "JSB Chorales", right)
    (folder / "a.mat").mkdir()  # a folder of this name is no copy
    for name in ("one", "other", "third"):
        (folder / name).mkdir()
        (folder / name / "a.mat").write_bytes(b"right" if name == "other" else b"wrong")
    assert data.fetch("JSB Chorales") == folder / "other" / "a.mat"


def test_linked_folders_are_searched(folder, monkeypatch, tmp_path_factory):
    right = data.Source("https://localhost", hashlib.sha256(b"right").hexdigest(), "a.mat")
    monkeypatch.setitem(data.SOURCES, "JSB Chorales", right)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.mat").write_bytes(b"right")
    (folder / "link").symlink_to(elsewhere)
    for k in range(3):
        (folder / f"above {k}").symlink_to(folder)
    (folder / "a.mat").symlink_to("nowhere")
    assert data.fetch("JSB Chorales") == folder / "link" / "a.mat"


def test_what_was_fetched_and_is_not_that_file_is_not_kept(monkeypatch, tmp_path):
    page = tmp_path / "recordings.zip"

    def login(*_, **__):
        page.write_text("<html>Please log in</html>")
        return str(page)

    monkeypatch.delenv(data.FOLDER, raising=False)
    monkeypatch.setattr(data.pooch, "retrieve", login)
    with pytest.raises(data.MissingDataError, match="is not that file"):
        data.fetch("Free Spoken Digit Dataset")
    assert not page.exists()


def test_a_broken_network_is_said_in_words(monkeypatch, tmp_path):
    def broken(*_, **__):
        raise OSError("no route to host")

    monkeypatch.delenv(data.FOLDER, raising=False)
    monkeypatch.setattr("pooch.retrieve", broken)
    with pytest.raises(data.MissingDataError, match="no route to host"):
        data.fetch("Nottingham")


def published(name):
    """Skip the test unless a published file is on this machine: tests download nothing."""
    cached = Path(pooch.os_cache("lstm_variants")) / data.SOURCES[name].name
    if not os.environ.get(data.FOLDER) and not cached.exists():
        pytest.skip(f"{cached.name} is not on this machine; {data.FOLDER} may name its folder")


def test_generated_files_have_the_published_formats():
    with small.in_use():
        rolls = data.piano_rolls("JSB Chorales")
        assert {split: len(part) for split, part in rolls.items()} == small.SEQUENCES
        assert {s.shape[1] for part in rolls.values() for s in part} == {88}
        assert set(np.unique(np.concatenate(rolls["train"]))) == {0.0, 1.0}
        sentences = data.sentences()
        assert {split: len(part) for split, part in sentences.items()} == small.SENTENCES
        assert sentences["train"][0][-1] == (".", ".", "O")


@pytest.mark.parametrize(
    "experiment", [music.EXPERIMENT, chunking.EXPERIMENT], ids=["music", "chunking"]
)
def test_a_toy_run_on_the_published_files(experiment):
    for name in ("JSB Chorales", "CoNLL-2000"):
        published(name)
    for read in (music.splits, chunking.corpus):
        read.cache_clear()
    record = experiment.run(experiment.smoke, 0, **experiment.cases(experiment.smoke)[0])
    assert record
    for read in (music.splits, chunking.corpus):
        read.cache_clear()


def test_the_piano_rolls_are_as_published():
    counts = {
        "JSB Chorales": ((229, 13807), (76, 4602), (77, 4725)),
        "Nottingham": ((694, None), (173, None), (170, None)),
        "MuseData": ((524, None), (135, None), (124, None)),
        "Piano-midi": ((87, None), (12, None), (25, None)),
    }
    for name, wanted in counts.items():
        published(name)
        rolls = data.piano_rolls(name)
        for part, (sequences, frames) in zip(rolls.values(), wanted, strict=True):
            assert len(part) == sequences
            assert frames is None or sum(map(len, part)) == frames
            assert {s.shape[1] for s in part} == {88}
            assert set(part[0].ravel().tolist()) == {0.0, 1.0}


def test_the_sentences_are_as_published():
    published("CoNLL-2000")
    found = data.sentences()
    assert {split: len(part) for split, part in found.items()} == {"train": 8936, "test": 2012}
    assert sum(map(len, found["train"])) == 211727
    assert sum(map(len, found["test"])) == 47377
    assert found["train"][0][:2] == [("Confidence", "NN", "B-NP"), ("in", "IN", "B-PP")]
