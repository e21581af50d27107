"""What the networks of several experiments share."""

from __future__ import annotations

import torch

from lstm_variants.nn import Recurrent


@torch.no_grad()
def give_bias(layer: Recurrent, gates: str, bias: float) -> None:
    """Give a bias to those of some gates that a layer has: `"fz"` are the ones that keep memory."""
    H = layer.hidden_size
    for k, gate in enumerate(layer.cell.gates):
        if gate in gates:
            layer.get_parameter("bias_ih_l0")[k * H : (k + 1) * H] = bias
