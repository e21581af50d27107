"""What the networks of several experiments share."""

from __future__ import annotations

import torch

from lstm_variants.nn import Recurrent


@torch.no_grad()
def keep_memory(layer: Recurrent, bias: float) -> None:
    """Give a bias to the gates that keep what there is: f, and z of a GRU. Others have none."""
    H, gates = layer.hidden_size, layer.cell.gates
    for k, gate in enumerate(gates):
        if gate in ("f", "z"):
            layer.get_parameter("bias_ih_l0")[k * H : (k + 1) * H] = bias
