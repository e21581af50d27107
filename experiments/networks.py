"""What the networks of several experiments share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lstm_variants.nn import Recurrent


@torch.no_grad()
def give_bias(layer: Recurrent, gates: str, bias: float | Tensor) -> None:
    """Give a bias to those of some gates that a layer has: `"fz"` are the ones that keep memory.

    The layer has two biases for each gate; the other one becomes zero.
    """
    H = layer.hidden_size
    for k, gate in enumerate(layer.cell.gates):
        if gate in gates:
            layer.get_parameter("bias_ih_l0")[k * H : (k + 1) * H] = bias
            layer.get_parameter("bias_hh_l0")[k * H : (k + 1) * H] = 0


def chrono(layer: Recurrent, longest: int) -> None:
    """The chrono initialisation of Tallec & Ollivier 2018: memories of 1 to `longest` steps.

    With u uniform in 1 to `longest` - 1, a unit keeps $u / (1 + u)$ of its memory at each step and
    lets $1 / (1 + u)$ of what is new in. A GRU has one gate for both.
    """
    bias = torch.empty(layer.hidden_size).uniform_(1, longest - 1).log()
    give_bias(layer, "fz", bias)
    give_bias(layer, "i", -bias)


def batches(lengths: Sequence[int], size: int, source: torch.Generator) -> list[list[int]]:
    """The indices of all sequences in random batches, each of sequences about as long."""
    found = []
    for pool in torch.randperm(len(lengths), generator=source).split(10 * size):
        ordered = sorted(pool.tolist(), key=lengths.__getitem__)
        found += [ordered[at : at + size] for at in range(0, len(pool), size)]
    return [found[k] for k in torch.randperm(len(found), generator=source)]
