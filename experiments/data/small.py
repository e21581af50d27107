"""Small generated files in the formats of the published data sets, for toy runs and tests.

A toy run then needs neither a network nor the data, and takes seconds. Its numbers mean nothing.
"""

from __future__ import annotations

import contextlib
import io
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import scipy.io
import scipy.io.wavfile

from experiments import data

SEQUENCES = {"train": 12, "valid": 5, "test": 5}
SENTENCES = {"train": 60, "test": 30}
SPEAKERS = ("ann", "bob")
DRAWINGS = 40
PHRASES = (
    "The DT B-NP|quick JJ I-NP|fox NN I-NP",
    "jumped VBD B-VP|over IN B-PP",
    "it PRP B-NP|has VBZ B-VP|grown VBN I-VP",
    "in IN B-PP|1990 CD B-NP|, , O",
)


def write(folder: Path) -> None:
    """Write a file for each data set."""
    random = np.random.default_rng(0)
    for name in ("JSB Chorales", "Nottingham", "MuseData", "Piano-midi"):
        write_rolls(folder / data.SOURCES[name].name, random)
    write_sentences(folder / data.SOURCES["CoNLL-2000"].name, random)
    write_recordings(folder / data.SOURCES["Free Spoken Digit Dataset"].name, random)
    for split in ("train", "test"):
        write_drawings(folder, split, random)


def write_rolls(path: Path, random: np.random.Generator) -> None:
    """Piano rolls `[T, 88]` in which each key is pressed with a probability of 4 %."""
    content = {}
    for split, count in SEQUENCES.items():
        part = np.empty((1, count), dtype=object)
        for k in range(count):
            part[0, k] = (random.random((random.integers(5, 20), 88)) < 0.04).astype(float)
        content[f"{split}data"] = part
    scipy.io.savemat(path, content)


def write_sentences(path: Path, random: np.random.Generator) -> None:
    """Sentences of a few phrases, a line for each word, a blank line after each sentence."""
    with zipfile.ZipFile(path, "w") as archive:
        for split, count in SENTENCES.items():
            sentences = (
                "|".join(random.choice(PHRASES, random.integers(1, 5))) + "|. . O\n|"
                for _ in range(count)
            )
            archive.writestr(f"conll2000/{split}.txt", "".join(sentences).replace("|", "\n"))


def write_recordings(path: Path, random: np.random.Generator) -> None:
    """A tenth of a second of noise for each digit, speaker and number."""
    with zipfile.ZipFile(path, "w") as archive:
        for digit, speaker, number in product(range(10), SPEAKERS, range(12)):
            content = io.BytesIO()
            samples = random.integers(-1000, 1000, 800).astype(np.int16)
            scipy.io.wavfile.write(content, 8000, samples)
            name = f"digits/recordings/{digit}_{speaker}_{number}.wav"
            archive.writestr(name, content.getvalue())


def write_drawings(folder: Path, split: str, random: np.random.Generator) -> None:
    """Strokes of random movements, padded at the front as the published ones are."""
    steps = np.zeros((DRAWINGS, 20, 4))
    for sequence in steps:
        length = random.integers(5, 20)
        sequence[-length:, :2] = random.integers(-1, 2, (length, 2))
        sequence[-1, 2:] = 1
    labels = np.arange(DRAWINGS) % 10
    for part, array in (("padded-leading", steps), ("labels", labels)):
        content = io.BytesIO()
        np.save(content, array)
        member = tarfile.TarInfo(f"{split}-{part}.npy")
        member.size = content.tell()
        content.seek(0)
        with tarfile.open(folder / f"{split}-{part}.tar.gz", "w:gz") as archive:
            archive.addfile(member, content)


@contextlib.contextmanager
def in_use() -> Iterator[None]:
    """Let data sets be read from generated files instead of the published ones."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        token = data.generated.set(Path(folder))
        try:
            yield
        finally:
            data.generated.reset(token)
