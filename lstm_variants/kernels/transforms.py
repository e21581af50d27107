"""Transforms, forward-mode differentiation and exports: which of them a call runs under."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.autograd import forward_ad

from lstm_variants.kernels.call import Call
from lstm_variants.torch_internals import (
    active_transforms,
    constant_while_tracing,
    forward_mode_is_active,
    is_compiling,
    is_vmapped,
    transform_is_active,
)

# Dynamo wraps the result of peek_interpreter_stack, which is then never None. The function is
# called while tracing instead; guards of dynamo's own trace again under another transform.
in_functional_transform = constant_while_tracing(transform_is_active)
"""Whether a transform of `torch.func` is active."""


@constant_while_tracing
def is_in_onnx_export() -> bool:
    """Whether `torch.onnx.export` is running in some thread."""
    return torch.onnx.is_in_onnx_export()


def exporting_to_onnx() -> bool:
    """Whether this thread is tracing a program for `torch.onnx.export`."""
    return is_compiling() and is_in_onnx_export()


def in_forward_mode(tensors: Iterable[Tensor]) -> bool:
    """Whether tensors may have forward-mode derivatives."""
    if not forward_mode_is_active():  # cheap check first
        return False
    if is_compiling():  # tensors have values and derivatives when the program runs
        return True
    # A level of torch.func hides the derivatives of the levels below it.
    return in_functional_transform() or any(
        forward_ad.unpack_dual(tensor).tangent is not None for tensor in tensors
    )


def unsupported_transform(call: Call, *, vmap: bool) -> str | None:
    """What fused kernels do not support of the transforms that a call runs under; `None` if none.

    Args:
        call: The call.
        vmap: Whether `vmap` over input and states is supported. Over weights it is not.
    """
    if in_functional_transform():
        if is_compiling():
            return "torch.func in a compiled function"
        kinds = active_transforms()
        if "Vmap" in kinds:
            if any(is_vmapped(t) for w in call.weights for t in w if t is not None):
                return "vmap over the weights"
            if not vmap and any(map(is_vmapped, call.flatten())):
                return "vmap"
        if "Functionalize" in kinds:
            return "torch.func.functionalize"
    if forward_mode_is_active() and in_forward_mode(call.flatten()):
        return "forward-mode differentiation"
    return None
