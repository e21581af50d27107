"""The order of row blocks, which differs between frameworks."""

from __future__ import annotations

import torch
from torch import Tensor


def reordered(rows: Tensor, have: str | tuple[str, ...], want: str | tuple[str, ...]) -> Tensor:
    """Row blocks in another order, for another framework.

    Args:
        rows: A parameter, `[G*H, ...]`.
        have: The letters of its blocks in order.
        want: The letters of the result in order; one that is not there becomes zeros.

    Raises:
        ValueError: If the rows are not as many blocks.
    """
    # Slices, and not chunk: the exporter computes them in advance, and the program has the result.
    H, rest = divmod(rows.shape[0], len(have))
    if rest:
        raise ValueError(f"{len(rows)} rows or columns cannot be divided into {len(have)} blocks")
    absent = rows.new_zeros(H, *rows.shape[1:])
    blocks = {name: rows[k * H : (k + 1) * H] for k, name in enumerate(have)}
    return torch.cat([blocks.get(name, absent) for name in want])
