"""Spoken and drawn digits."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import NamedTuple

import numpy as np
import scipy.io.wavfile
from numpy.typing import NDArray

from experiments.data import fetch


class Recording(NamedTuple):
    """A spoken digit.

    Attributes:
        digit: Which one it is.
        speaker: Who says it.
        number: Counts the recordings of a digit by a speaker.
        samples: The sound, from -1 to 1.
        rate: Samples per second.
    """

    digit: int
    speaker: str
    number: int
    samples: NDArray[np.float32]
    rate: int


def recordings() -> list[Recording]:
    """All recordings of the Free Spoken Digit Dataset, by name of their files."""
    found = []
    with zipfile.ZipFile(fetch("Free Spoken Digit Dataset")) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".wav")):
            digit, speaker, number = name.rpartition("/")[2].removesuffix(".wav").split("_")
            rate, samples = scipy.io.wavfile.read(io.BytesIO(archive.read(name)))
            sound = samples.astype(np.float32) / np.iinfo(samples.dtype).max
            found.append(Recording(int(digit), speaker, int(number), sound, rate))
    return found


class Drawing(NamedTuple):
    """A drawn digit.

    Attributes:
        digit: Which one it is.
        steps: `[T, 4]`: movement of the pen in both directions, in pixels, and whether the stroke,
            and the digit, is at its end.
    """

    digit: int
    steps: NDArray[np.float32]


def drawings(split: str) -> list[Drawing]:
    """The pen strokes of the split `train` or `test`, without their padding."""
    steps = array_in(f"pen strokes, {split}-padded-leading").astype(np.float32)
    digits = array_in(f"pen strokes, {split}-labels").astype(int)
    lengths = steps.shape[1] - steps.any(-1).argmax(1)
    return [
        Drawing(digit, sequence[len(sequence) - length :])
        for digit, sequence, length in zip(digits.tolist(), steps, lengths.tolist(), strict=True)
    ]


def array_in(name: str) -> NDArray[np.float64]:
    """The one array of an archive."""
    with tarfile.open(fetch(name)) as archive:
        [member] = archive.getmembers()
        content = archive.extractfile(member)
        if content is None:
            raise ValueError(f"{name}: expected a file in the archive, got {member.name}")
        array: NDArray[np.float64] = np.load(io.BytesIO(content.read()))
    return array
