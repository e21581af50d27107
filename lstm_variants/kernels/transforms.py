"""Whether torch looks through a call with more than autograd, which no fused kernel survives."""

from __future__ import annotations

import torch
from torch.autograd import forward_ad

from lstm_variants.kernels.call import Call


def is_transformed(call: Call) -> bool:
    """Whether this runs under `torch.func` or along a forward-mode derivative."""
    if torch._C._functorch.peek_interpreter_stack() is not None:
        return True
    if forward_ad._current_level < 0:  # asked first, since asking every tensor takes its time
        return False
    duals = (forward_ad.unpack_dual(t) for t in call.tensors())
    return any(dual.tangent is not None for dual in duals)
