"""Whether a call runs under a transform of torch.func, which fused kernels do not support."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import forward_ad

from lstm_variants.kernels.call import Call
from lstm_variants.kernels.tracing import constant_while_tracing


# Dynamo wraps the result of peek_interpreter_stack, which is then never None. The function is
# called while tracing instead; guards of dynamo's own trace again under another transform.
@constant_while_tracing
def in_functional_transform() -> bool:
    """Whether a transform of `torch.func` is active."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def is_batched(tensor: Tensor | None) -> bool:
    """Whether a tensor stands for many under `vmap`, as with `is_grads_batched=True`."""
    functorch = torch._C._functorch
    return tensor is not None and (
        functorch.is_legacy_batchedtensor(tensor) or functorch.is_functorch_wrapped_tensor(tensor)
    )


def is_transformed(call: Call) -> bool:
    """Whether this runs under `torch.func` or along a forward-mode derivative."""
    if in_functional_transform():
        return True
    if forward_ad._current_level < 0:  # asked first, since asking every tensor takes its time
        return False
    duals = (forward_ad.unpack_dual(t) for t in call.tensors())
    return any(dual.tangent is not None for dual in duals)
