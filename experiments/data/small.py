"""Small generated files in the formats of the published data sets, for toy runs and tests.

A toy run then needs neither a network nor the data, and takes seconds. Its numbers mean nothing.
"""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.io

from experiments import data

SEQUENCES = {"train": 12, "valid": 5, "test": 5}
SENTENCES = {"train": 60, "test": 30}
PHRASES = (
    "The DT B-NP|quick JJ I-NP|fox NN I-NP",
    "jumped VBD B-VP|over IN B-PP",
    "it PRP B-NP|has VBZ B-VP|grown VBN I-VP",
    "in IN B-PP|1990 CD B-NP|, , O",
)


def write(folder: Path) -> None:
    """Write a file for each data set."""
    random = np.random.default_rng(0)
    for name, source in data.SOURCES.items():
        if name == "CoNLL-2000":
            write_sentences(folder / source.name, random)
        else:
            write_rolls(folder / source.name, random)


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
