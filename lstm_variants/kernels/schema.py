"""The operators for fused backends: a layer with all of its directions, and its gradient.

A schema has no type for cells: a cell is given by a name, `"LSTMCell(peephole='current')"`, and
weights and states as flat lists, one direction after the other, without those that are `None`. What
the operators compute is in `operators.py`, and how autograd and `vmap` treat them in `autograd.py`
and `batching.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from lstm_variants.kernels.fused import FusedBackend

Tensors = Sequence[Tensor]

FUSED: dict[str, FusedBackend] = {}
"""The fused backends by name; the operators look them up."""

# Not torch.library.custom_op, whose handling of lists in autograd takes 100 us a call.
try:
    library: Any = torch.library.Library("lstm_variants", "DEF")
except RuntimeError as error:
    raise ImportError(
        "lstm_variants was imported before in this process, and its operators cannot be registered "
        "again: start a new process"
    ) from error
_arguments = (
    "Tensor x, Tensor[] weights, Tensor[] states, Tensor? lengths, Tensor? resets, "
    "str cell, str backend"
)
library.define(f"layer({_arguments}, bool save_for_backward) -> Tensor[]")
library.define(
    f"layer_backward({_arguments}, Tensor output, Tensor[] kept, Tensor?[] gradients, "
    "bool[] needs_grad) -> Tensor[]"
)
layer_operator = torch.ops.lstm_variants.layer.default
backward_operator = torch.ops.lstm_variants.layer_backward.default
