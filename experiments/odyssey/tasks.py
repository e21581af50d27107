"""The data sets of the study, as sequences with what a network has to say about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.nn.utils.rnn import pad_sequence

from experiments.data import cached, piano_rolls
from experiments.data.digits import drawings, recordings

KEYS, DIGITS = 88, 10
SPLITS = ("train", "valid", "test")
Sequences = dict[str, list[Tensor]]


@dataclass(frozen=True)
class Task:
    """A data set with a loss.

    Attributes:
        name: Its name.
        inputs: For each split, sequences `[T, D]`.
        targets: For each split, a digit for each sequence; for music, the next frames `[T, 88]`.
        every_step: Whether there is a target for each step, or one for each sequence.
        chance: The loss of an answer that does not depend on the input, in the task's unit.
    """

    name: str
    inputs: Sequences
    targets: Sequences
    every_step: bool
    chance: float

    @property
    def outputs(self) -> int:
        """The number of outputs of a network."""
        return KEYS if self.every_step else DIGITS

    def losses(self, logits: Tensor, picks: Sequence[int], split: str) -> Tensor:
        """Losses in nats: of each frame of some sequences, or of each sequence.

        Args:
            logits: `[T, B, outputs]`, or `[B, outputs]`.
            picks: Which sequences.
            split: Of which split.
        """
        targets = [self.targets[split][k] for k in picks]
        if not self.every_step:
            return cross_entropy(logits, torch.stack(targets), reduction="none")
        lengths = torch.tensor([len(t) for t in targets])
        valid = torch.arange(len(logits))[:, None] < lengths
        losses = binary_cross_entropy_with_logits(logits, pad_sequence(targets), reduction="none")
        return losses.sum(-1)[valid]

    def errors(self, logits: Tensor, picks: Sequence[int], split: str) -> Tensor:
        """For each of some sequences, 1 if the most probable digit is wrong, otherwise 0."""
        targets = torch.stack([self.targets[split][k] for k in picks])
        return (logits.argmax(-1) != targets).float()


def standardised(inputs: Sequences) -> Sequences:
    """Sequences whose features have mean 0 and standard deviation 1 over the training set."""
    frames = torch.cat(inputs["train"])
    mean, scale = frames.mean(0), frames.std(0).clamp(min=1e-6)
    return {split: [(x - mean) / scale for x in part] for split, part in inputs.items()}


def digits(name: str, parts: dict[str, list[tuple[NDArray[np.float32], int]]]) -> Task:
    """A task of digits, from the sequences and digits of each split."""
    inputs = {split: [torch.from_numpy(x) for x, _ in part] for split, part in parts.items()}
    targets = {split: [torch.tensor(digit) for _, digit in part] for split, part in parts.items()}
    chance = float(np.log(DIGITS))
    return Task(name, standardised(inputs), targets, every_step=False, chance=chance)


@cached
def speech() -> Task:
    """Spoken digits: 13 mel-frequency cepstral coefficients each 20 ms, of windows of 25 ms.

    The data set's own split: recordings 0 to 4 of each digit and speaker are the test set. Of the
    others, 5 to 9 are the validation set.
    """
    from librosa.feature import mfcc

    parts: dict[str, list[tuple[NDArray[np.float32], int]]] = {split: [] for split in SPLITS}
    for sound in recordings():
        window, hop = sound.rate // 40, sound.rate // 50
        features = mfcc(
            y=sound.samples, sr=sound.rate, n_mfcc=13, n_fft=window, hop_length=hop, n_mels=26
        )
        split = "test" if sound.number < 5 else "valid" if sound.number < 10 else "train"
        parts[split].append((np.ascontiguousarray(features.T), sound.digit))
    return digits("speech", parts)


@cached
def strokes(train: int = 2000, valid: int = 1000, test: int = 2000) -> Task:
    """Drawn digits: the steps of a pen; the first ones of the published training and test set."""
    drawn = [(drawing.steps, drawing.digit) for drawing in drawings("train")[: train + valid]]
    tested = [(drawing.steps, drawing.digit) for drawing in drawings("test")[:test]]
    cut = len(drawn) * train // (train + valid)
    return digits("strokes", {"train": drawn[:cut], "valid": drawn[cut:], "test": tested})


@cached
def music() -> Task:
    """JSB Chorales: the next frame of a piano roll, in nats per frame over the 88 keys."""
    rolls = {
        split: [torch.from_numpy(roll) for roll in part]
        for split, part in piano_rolls("JSB Chorales").items()
    }
    share = torch.cat(rolls["train"]).mean(0).clamp(1e-6, 1 - 1e-6).logit()
    frames = torch.cat([x[1:] for x in rolls["test"]])
    chance = float(binary_cross_entropy_with_logits(share.expand_as(frames), frames)) * KEYS
    return Task(
        "music",
        {split: [x[:-1] for x in part] for split, part in rolls.items()},
        {split: [x[1:] for x in part] for split, part in rolls.items()},
        every_step=True,
        chance=chance,
    )


TASKS: dict[str, Callable[[], Task]] = {"speech": speech, "strokes": strokes, "music": music}
