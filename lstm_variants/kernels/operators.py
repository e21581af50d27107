"""What the operators compute, on any device, and what tracing needs of them.

Tensors may have any strides, which are unknown while a program is traced: the operators copy what
is not contiguous when they run.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lstm_variants.kernels.layer import Layer, in_layout, rows_in_order
from lstm_variants.kernels.schema import Tensors, library
from lstm_variants.steps import check_length_values
from lstm_variants.torch_internals import is_zero_without_memory


def forward(
    x: Tensor,
    weights: Tensors,
    states: Tensors,
    lengths: Tensor | None,
    resets: Tensor | None,
    cell: str,
    backend: str,
    save_for_backward: bool,
) -> list[Tensor]:
    """The output, the last states, and on demand what the backward pass needs.

    Raises:
        ValueError: If tensors do not fit together, or a length is out of range.
    """
    layer = Layer(*in_layout(x, weights, states, lengths, resets), cell, backend)
    layer.check()
    layer.check_device()
    output, last, kept = layer.empty_results(save_for_backward)
    if layer.has_steps:
        layer.backend.forward(layer, output, last, kept)
    else:
        if lengths is not None:
            check_length_values(lengths, len(x))  # as the library does with time steps
        for new, state in zip(last, states, strict=True):
            new.copy_(state)
    return [output, *last, *kept]


def fake_forward(
    x: Tensor,
    weights: Tensors,
    states: Tensors,
    lengths: Tensor | None,
    resets: Tensor | None,
    cell: str,
    backend: str,
    save_for_backward: bool,
) -> list[Tensor]:
    """What `forward` returns, without values."""
    layer = Layer(x, weights, states, lengths, resets, cell, backend)
    layer.check()
    output, last, kept = layer.empty_results(save_for_backward)
    return [output, *last, *kept]


def backward(
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
) -> list[Tensor]:
    """Gradients of `x`, the weights and the states; empty ones where they are not needed.

    Raises:
        ValueError: If tensors do not fit together, or a length is out of range.
    """
    layer = Layer(*in_layout(x, weights, states, lengths, resets), cell, backend)
    layer.check()
    layer.check_device()
    layer.check_backward(output, kept, gradients, needs_grad)
    # PyTorch resolves neither zeros without memory nor negative bits in optional tensors.
    gradients = [
        None if g is None or is_zero_without_memory(g) else g.resolve_neg() for g in gradients
    ]
    d_output, *d_last = (None if g is None else rows_in_order(g) for g in gradients)
    d_inputs = empty_gradients(x, weights, states, needs_grad)
    if layer.has_steps:
        layer.backend.backward(
            layer,
            output.contiguous(),
            [tensor.contiguous() for tensor in kept],
            d_output,
            [None if gradient is None else gradient.contiguous() for gradient in d_last],
            d_inputs,
        )
        return d_inputs
    for d_input in d_inputs:
        d_input.zero_()
    first = len(d_inputs) - len(states)
    for d_state, needed, given in zip(d_inputs[first:], needs_grad[first:], d_last, strict=True):
        if needed and given is not None:
            d_state.copy_(given)
    return d_inputs


def empty_gradients(
    x: Tensor, weights: Tensors, states: Tensors, needs_grad: Sequence[bool]
) -> list[Tensor]:
    """Memory for gradients; of size zero where they are not needed."""
    flat = zip((x, *weights, *states), needs_grad, strict=True)
    contiguous = torch.contiguous_format
    return [
        torch.empty_like(t, memory_format=contiguous) if needed else t.new_empty(0)
        for t, needed in flat
    ]


def fake_backward(
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
) -> list[Tensor]:
    """What `backward` returns, without values."""
    layer = Layer(x, weights, states, lengths, resets, cell, backend)
    layer.check()
    layer.check_backward(output, kept, gradients, needs_grad)
    return empty_gradients(x, weights, states, needs_grad)


for device in ("CPU", "CUDA"):
    library.impl("layer", forward, device)
    library.impl("layer_backward", backward, device)
torch.library.register_fake("lstm_variants::layer", fake_forward, lib=library)
torch.library.register_fake("lstm_variants::layer_backward", fake_backward, lib=library)
