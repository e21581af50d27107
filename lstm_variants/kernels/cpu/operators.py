"""The kernels as operators of torch, with what tracing needs of them.

There are two, a layer (all of its directions) and its gradient. A schema has no type for cells: a
cell is given as its repr, `"LSTMCell(peephole='current')"`, and weights and states as flat lists,
one direction after the other, without those that are `None`. Tensors may have any strides, which
are unknown while a program is traced: the operators copy what the library cannot read in place.
Autograd and `vmap` are in files of their own, `autograd.py` and `batching.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lstm_variants.kernels.cpu.layer import Layer, in_layout, rows_in_order
from lstm_variants.kernels.cpu.native import kernels
from lstm_variants.scan import check_length_values

Tensors = Sequence[Tensor]

# Not torch.library.custom_op, whose handling of lists in autograd takes 100 us a call.
library: Any = torch.library.Library("lstm_variants", "DEF")
_arguments = "Tensor x, Tensor[] weights, Tensor[] states, Tensor? lengths, str cell"
library.define(f"layer({_arguments}, bool save_for_backward) -> Tensor[]")
library.define(
    f"layer_backward({_arguments}, Tensor output, Tensor[] kept, Tensor?[] gradients, "
    "bool[] needs_grad) -> Tensor[]"
)
layer_operator = torch.ops.lstm_variants.layer.default
backward_operator = torch.ops.lstm_variants.layer_backward.default


def forward(
    x: Tensor,
    weights: Tensors,
    states: Tensors,
    lengths: Tensor | None,
    cell: str,
    save_for_backward: bool,
) -> list[Tensor]:
    """The output, the last states, and on demand what the gradient needs.

    Raises:
        ValueError: If tensors do not belong together, or a length is out of range.
    """
    layer = Layer(*in_layout(x, weights, states, lengths), cell)
    layer.check()
    output, last, kept = layer.empty_results(save_for_backward)
    if layer.has_steps:
        results = (layer.state_names("{}_n"), last), (layer.kernel.kept, kept)
        run(layer, layer.describe(output, *results))
    else:
        for new, state in zip(last, states, strict=True):
            new.copy_(state)
    return [output, *last, *kept]


def run(layer: Layer, described: bytes, *, backward: bool = False) -> None:
    """Call the library.

    Raises:
        ValueError: If a length is out of range.
    """
    try:
        kernels().run(described, backward=backward)
    except IndexError:
        assert layer.lengths is not None
        check_length_values(layer.lengths, len(layer.x))  # names the lengths that are wrong
        raise


def fake_forward(
    x: Tensor,
    weights: Tensors,
    states: Tensors,
    lengths: Tensor | None,
    cell: str,
    save_for_backward: bool,
) -> list[Tensor]:
    """What `forward` returns, without values."""
    layer = Layer(x, weights, states, lengths, cell)
    layer.check()
    output, last, kept = layer.empty_results(save_for_backward)
    return [output, *last, *kept]


def backward(
    x: Tensor,
    weights: Tensors,
    states: Tensors,
    lengths: Tensor | None,
    cell: str,
    output: Tensor,
    kept: Tensors,
    gradients: Sequence[Tensor | None],
    needs_grad: Sequence[bool],
) -> list[Tensor]:
    """Gradients of `x`, the weights and the states; empty ones where they are not needed.

    Raises:
        ValueError: If tensors do not belong together, or a length is out of range.
    """
    layer = Layer(*in_layout(x, weights, states, lengths), cell)
    layer.check()
    layer.check_backward(output, kept, gradients, needs_grad)
    # Copies have names: the library reads their memory, which must not be free by then.
    output = output.contiguous()
    kept = [tensor.contiguous() for tensor in kept]
    nothing = x.new_empty(0)
    d_output = None if gradients[0] is None else rows_in_order(gradients[0])
    d_last = [nothing if g is None else g.contiguous() for g in gradients[1:]]
    found = empty_gradients(x, weights, states, needs_grad)
    if not layer.has_steps:
        for gradient in found:
            gradient.zero_()
        first = len(found) - len(states)
        for gradient, needed, given in zip(
            found[first:], needs_grad[first:], gradients[1:], strict=True
        ):
            if needed and given is not None:
                gradient.copy_(given)
        return found
    # Both directions work at the same time, so each needs a place of its own.
    d_x = [found[0], *(torch.empty_like(found[0]) for _ in range(1, layer.directions))]
    described = layer.describe(
        output,
        (layer.kernel.kept, kept),
        (layer.state_names("d_{}_n"), d_last),
        (["d_x"], d_x),
        ([f"d_{name}" for name in layer.names], found[1 : 1 + len(weights)]),
        (layer.state_names("d_{}_0"), found[1 + len(weights) :]),
        d_output=d_output,
    )
    run(layer, described, backward=True)
    for other in d_x[1:]:
        found[0] += other
    return found


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
    cell: str,
    output: Tensor,
    kept: Tensors,
    gradients: Sequence[Tensor | None],
    needs_grad: Sequence[bool],
) -> list[Tensor]:
    """What `backward` returns, without values."""
    return empty_gradients(x, weights, states, needs_grad)


library.impl("layer", forward, "CPU")
library.impl("layer_backward", backward, "CPU")
torch.library.register_fake("lstm_variants::layer", fake_forward, lib=library)
torch.library.register_fake("lstm_variants::layer_backward", fake_backward, lib=library)
