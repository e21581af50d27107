"""Random batches of sequences of similar length."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def batches(lengths: Sequence[int], size: int, source: torch.Generator) -> list[list[int]]:
    """The indices of all sequences in random batches, each of sequences about as long."""
    found = []
    for pool in torch.randperm(len(lengths), generator=source).split(10 * size):
        ordered = sorted(pool.tolist(), key=lengths.__getitem__)
        found += [ordered[at : at + size] for at in range(0, len(pool), size)]
    return [found[k] for k in torch.randperm(len(found), generator=source)]
