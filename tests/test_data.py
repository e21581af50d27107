"""Data sets: what is in them, and what is said if they are missing or wrong."""

import hashlib
import http.server
import os
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pooch
import pytest

import experiments
from experiments import data
from experiments.chunking import run as chunking
from experiments.data import small
from experiments.music import run as music
from experiments.odyssey import tasks


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
    monkeypatch.setattr(data.pooch, "os_cache", lambda name: str(tmp_path / "cache"))
    monkeypatch.setattr(data.pooch.Pooch, "fetch", login)
    with pytest.raises(data.MissingDataError, match="is not that file"):
        data.fetch("Free Spoken Digit Dataset")
    assert not page.exists()


def test_a_user_without_a_home_can_name_a_folder(monkeypatch):
    def without_home(name):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv(data.FOLDER, raising=False)
    monkeypatch.setattr(data.pooch, "os_cache", without_home)
    with pytest.raises(data.MissingDataError, match=r"no cache: could not .*\n(.*\n)+.*--data DIR"):
        data.fetch("MuseData")


class Server:
    """A server on this machine that breaks off some of its answers, and counts them."""

    def __init__(self, broken):
        self.answers, self.broken = 0, broken
        counter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                counter.answers += 1
                self.send_response(200)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"ri" if counter.answers <= counter.broken else b"right")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.source = data.Source(
            f"http://127.0.0.1:{self.server.server_port}/a.mat",
            hashlib.sha256(b"right").hexdigest(),
            "a.mat",
        )

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache, and no named folder."""
    monkeypatch.delenv(data.FOLDER, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(data.pooch, "os_cache", lambda name: str(tmp_path / "cache"))
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between attempts
    return tmp_path / "cache"


def test_a_file_is_fetched_once_by_all_and_again_after_a_broken_answer(cache, monkeypatch):
    with Server(broken=2) as server:
        monkeypatch.setitem(data.SOURCES, "Nottingham", server.source)
        with ThreadPoolExecutor(8) as threads:
            paths = list(threads.map(data.fetch, ["Nottingham"] * 8))
        assert set(paths) == {cache / "a.mat"}
        assert paths[0].read_bytes() == b"right"
        assert server.answers == 3


def test_a_broken_network_is_said_in_words(cache, monkeypatch):
    with Server(broken=99) as server:
        monkeypatch.setitem(data.SOURCES, "Nottingham", server.source)
        with pytest.raises(data.MissingDataError, match=r"a\.mat cannot be fetched") as stopped:
            data.fetch("Nottingham")
        assert server.answers == 1 + data.RETRIES
    assert "With a network, start again: the file is fetched from" in str(stopped.value)
    assert not (cache / "a.mat").exists()


def test_a_cache_that_cannot_be_written_is_read(cache, monkeypatch):
    source = data.Source("http://localhost:1", hashlib.sha256(b"right").hexdigest(), "a.mat")
    monkeypatch.setitem(data.SOURCES, "Nottingham", source)
    cache.mkdir()
    (cache / "a.mat").write_bytes(b"right")
    monkeypatch.setattr(data, "FileLock", None)
    assert data.fetch("Nottingham") == cache / "a.mat"


@pytest.mark.parametrize("error", data.UNREADABLE)
def test_what_cannot_be_read_is_not_that_file(folder, monkeypatch, error):
    def fail(path):
        raise error("damaged")

    (folder / data.SOURCES["Free Spoken Digit Dataset"].name).write_bytes(b"PK")
    monkeypatch.setattr(data, "members_hash", fail)
    with pytest.raises(data.MissingDataError, match=r"is not that file.*\n.*of its recordings"):
        data.fetch("Free Spoken Digit Dataset")


def test_generated_data_are_not_kept_for_a_run_on_the_published_ones(folder):
    with small.in_use():
        assert len(music.splits("JSB Chorales", 0)["train"]) == small.SEQUENCES["train"]
    with pytest.raises(data.MissingDataError):
        music.splits("JSB Chorales", 0)


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
    assert experiment.run(experiment.smoke, 0, **experiment.cases(experiment.smoke)[0])


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


def repeated(parts, split):
    """How many sequences of a split are also among those for training."""
    known = {sequence.tobytes() for sequence in parts["train"]}
    return sum(sequence.tobytes() in known for sequence in parts[split])


def pages_say(name, text):
    return text in " ".join(experiments.text(name).split())


@pytest.mark.slow
def test_sequences_that_are_also_for_training_are_counted():
    """As the pages say it, of what the experiments use."""
    for name in ("Nottingham", "CoNLL-2000", "pen strokes, test-padded-leading"):
        published(name)
    rolls = data.piano_rolls("Nottingham")
    test, valid = repeated(rolls, "test"), repeated(rolls, "valid")
    assert pages_say("music", f"{test} sequence for testing and {valid} for validation are also")
    words = {
        split: [tuple(token.word for token in sentence) for sentence in part]
        for split, part in data.sentences().items()
    }
    known = set(words["train"])
    both = sum(sentence in known for sentence in words["test"])
    assert pages_say("chunking", f"2,012 sentences for testing, {both} have the words of one")
    inputs = tasks.strokes().inputs
    drawings = {split: [x.numpy() for x in part] for split, part in inputs.items()}
    test, valid = repeated(drawings, "test"), repeated(drawings, "valid")
    said = f"{test} of the 2,000 for testing and {valid} of the 1,000 for validation are also among"
    assert pages_say("odyssey_strokes", said)


def test_the_sentences_are_as_published():
    published("CoNLL-2000")
    found = data.sentences()
    assert {split: len(part) for split, part in found.items()} == {"train": 8936, "test": 2012}
    assert sum(map(len, found["train"])) == 211727
    assert sum(map(len, found["test"])) == 47377
    assert found["train"][0][:2] == [("Confidence", "NN", "B-NP"), ("in", "IN", "B-PP")]
