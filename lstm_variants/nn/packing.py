"""Conversion between packed sequences and padded batches."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


def unpack(packed: PackedSequence) -> tuple[Tensor, Tensor | None]:
    """Pad a packed batch, in its original order; lengths are `None` if all are equal."""
    x, lengths = pad_packed_sequence(packed)
    if packed.batch_sizes[0] == packed.batch_sizes[-1]:
        return x, None
    return x, lengths


def repack(output: Tensor, like: PackedSequence) -> PackedSequence:
    """Pack a padded batch in the order of another packed sequence."""
    lengths = (torch.arange(int(like.batch_sizes[0]))[:, None] < like.batch_sizes).sum(1)
    if like.sorted_indices is not None:
        output = output.index_select(1, like.sorted_indices)
    data = pack_padded_sequence(output, lengths).data
    return PackedSequence(data, like.batch_sizes, like.sorted_indices, like.unsorted_indices)
