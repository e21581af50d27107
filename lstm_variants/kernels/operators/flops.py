"""What [torch.utils.flop_counter.FlopCounterMode][] counts of the operators: matrix products."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from lstm_variants.kernels.operators.schema import Tensors, call_of


@register_flop_formula(torch.ops.lstm_variants.layer, get_raw=True)
def forward_flops(x: Tensor, weights: Tensors, *_: Any, out_val: Any = None) -> int:
    """A product of each matrix at each step."""
    T, B, _D = x.shape
    return sum(2 * T * B * weight.numel() for weight in weights if weight.dim() == 2)


@register_flop_formula(torch.ops.lstm_variants.layer_backward, get_raw=True)
def backward_flops(*arguments: Any, out_val: Any = None) -> int:
    """At each step two products of each matrix: for its gradient, and for that of its input."""
    *operands, _output, _saved, _gradients, needs_grad = arguments
    call, _ = call_of(*operands)
    T, B, _D = call.x.shape
    names = call.weight_names * call.directions
    count = len(names)
    of_x, of_weights, of_states = needs_grad[0], needs_grad[1 : count + 1], needs_grad[count + 1 :]
    # The first step has no gradient of its state unless that of the initial state is wanted.
    steps = {"weight_ih": T * of_x, "weight_hr": T}
    recurrent = T if any(of_states) else max(T - 1, 0)
    return sum(
        2 * B * weight.numel() * (T * needed + steps.get(name, recurrent))
        for name, weight, needed in zip(
            names, call.flatten()[1 : count + 1], of_weights, strict=True
        )
        if weight.dim() == 2
    )
