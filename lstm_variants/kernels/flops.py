"""What [torch.utils.flop_counter.FlopCounterMode][] counts of the operators: matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from lstm_variants.kernels.layer import Layer
from lstm_variants.kernels.schema import Tensors


@register_flop_formula(torch.ops.lstm_variants.layer, get_raw=True)
def forward_flops(x: Tensor, weights: Tensors, *_: Any, out_val: Any = None) -> int:
    """A product of each matrix at each step."""
    T, B, _D = x.shape
    return sum(2 * T * B * weight.numel() for weight in weights if weight.dim() == 2)


@register_flop_formula(torch.ops.lstm_variants.layer_backward, get_raw=True)
def backward_flops(
    x: Tensor,
    weights: Tensors,
    states: Tensors,
    lengths: Tensor | None,
    resets: Tensor | None,
    cell: str,
    backend: str,
    output: Tensor,
    kept: Tensors,
    gradients: Sequence[Tensor | None],
    needs_grad: Sequence[bool],
    out_val: Any = None,
) -> int:
    """At each step two products of each matrix: for its gradient, and for that of its input."""
    layer = Layer(x, weights, states, lengths, resets, cell, backend)
    T, B, _D = x.shape
    of_x, *rest = needs_grad
    of_weights, of_states = rest[: len(weights)], rest[len(weights) :]
    # The first step has no gradient of its state unless that of the initial state is wanted.
    steps = {"weight_ih": T * of_x, "weight_hr": T}
    recurrent = T if any(of_states) else max(T - 1, 0)
    return sum(
        2 * B * weight.numel() * (T * needed + steps.get(name, recurrent))
        for name, weight, needed in zip(
            layer.names * layer.directions, weights, of_weights, strict=True
        )
        if weight.dim() == 2
    )
