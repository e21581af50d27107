"""What the operators compute, on any device, and what tracing needs of them.

Tensors may have any strides, which are unknown while a program is traced: the operators copy what
is not contiguous when they run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lstm_variants.kernels.call import Call, Shape, contiguous_rows, mismatch
from lstm_variants.kernels.operators.schema import Tensors, call_of, library
from lstm_variants.kernels.passes import Passes, Results
from lstm_variants.steps import check_length_values
from lstm_variants.torch_internals import is_zero_without_memory


def compute(call: Call, backend: Passes, flat: list[Tensor], save_for_backward: bool) -> Results:
    """Run the forward pass of a backend.

    Args:
        call: The call.
        backend: The backend.
        flat: The result of `Call.flatten`.
        save_for_backward: Whether to keep what the backward pass needs.

    Raises:
        ValueError: If tensors do not fit together, or a length is out of range.
    """
    if call.is_direct:
        results = backend.forward_directly(call, flat, save_for_backward)
        if results is not None:
            return results
    check(call, backend, flat)
    call = call.contiguous(flat)
    output, last, saved = results = empty_results(call, backend, save_for_backward)
    if call.has_steps:
        backend.forward(call, output, last, saved)
        return results
    if call.lengths is not None:
        check_length_values(call.lengths, len(call.x))  # as the library does with time steps
    for new, state in zip(last, call.states, strict=True):
        new.copy_(state)
    return results


def compute_gradients(
    call: Call,
    backend: Passes,
    output: Tensor,
    saved: Tensors,
    gradients: Sequence[Tensor | None],
    needs_grad: Sequence[bool],
) -> list[Tensor | None]:
    """Run the backward pass of a backend.

    Args:
        call: As in the forward pass.
        backend: The backend.
        output: The output of the forward pass.
        saved: What the forward pass saved.
        gradients: Gradients of the output and of the last states; `None` for zeros.
        needs_grad: Which gradients are needed, in the order of `Call.flatten`.

    Returns:
        Gradients in the order of `Call.flatten`; `None` where they are not needed.

    Raises:
        ValueError: If tensors do not fit together, or a length is out of range.
    """
    check(call, backend, inputs := call.flatten())
    call = call.contiguous(inputs)
    check_backward(call, backend, output, saved, gradients, needs_grad)
    # PyTorch resolves neither zeros without memory nor negative bits in optional tensors.
    d_output, *d_last = [
        None if g is None or is_zero_without_memory(g) else contiguous_rows(g.resolve_neg())
        for g in gradients
    ]
    contiguous = torch.contiguous_format
    found = [
        torch.empty_like(t, memory_format=contiguous) if needed else None
        for t, needed in zip(inputs, needs_grad, strict=True)
    ]
    if call.has_steps:
        backend.backward(
            call,
            output if output.is_contiguous() else output.contiguous(),
            [t if t.is_contiguous() else t.contiguous() for t in saved],
            d_output,
            call.cell.state_type._make([None if g is None else g.contiguous() for g in d_last]),
            call.unflatten(found),
        )
        return found
    for gradient in found:
        if gradient is not None:
            gradient.zero_()
    for gradient, given in zip(found[len(found) - len(d_last) :], d_last, strict=True):
        if gradient is not None and given is not None:
            gradient.copy_(given)
    return found


def check(call: Call, backend: Passes, flat: Tensors, *, is_traced: bool = False) -> None:
    """Check what both passes have.

    Args:
        call: The call.
        backend: The backend.
        flat: The tensors of the call.
        is_traced: Whether tensors have no values, and may be on another device.

    Raises:
        ValueError: If tensors do not fit together, or the backend does not have their dtype or
            their device.
    """
    if call.x.dtype not in backend.dtypes:
        raise ValueError(f"x should be {' or '.join(map(str, backend.dtypes))}, got {call.x.dtype}")
    call.check(flat)
    if not (is_traced or call.is_direct) and call.x.device.type != backend.device:
        raise ValueError(
            f"the backend {backend.name!r} is made for {backend.device}, and the "
            f"input is on {call.x.device}"
        )


def check_backward(
    call: Call,
    backend: Passes,
    output: Tensor,
    saved: Tensors,
    gradients: Sequence[Tensor | None],
    needs_grad: Sequence[bool],
) -> None:
    """Check what only the backward pass has.

    Raises:
        ValueError: If there are too few or too many tensors, or one does not fit.
    """
    saved_shapes = backend.saved_shapes(call)
    results = [call.output_shape, *[state.shape for state in call.states]]
    for name, found, number in (
        ("saved", saved, len(saved_shapes)),
        ("gradients", gradients, len(results)),
        ("needs_grad", needs_grad, len(call.flatten())),
    ):
        if len(found) != number:
            raise ValueError(f"{name} should have {number} elements, got {len(found)}")
    x = call.x
    compare("output", output, results[0], x)
    for tensor, shape in zip(saved, saved_shapes, strict=True):
        compare("saved", tensor, shape, x, backend.saved_dtype(x.dtype))
    for gradient, shape in zip(gradients, results, strict=True):
        if gradient is not None:
            compare("a gradient", gradient, shape, x)


def compare(
    name: str, tensor: Tensor, shape: Shape, like: Tensor, dtype: torch.dtype | None = None
) -> None:
    """Raise ValueError if a tensor has another shape, dtype or device than it should have."""
    if (
        tensor.shape != shape
        or tensor.dtype != (dtype or like.dtype)
        or tensor.device != like.device
    ):
        raise ValueError(mismatch(name, tensor, shape, like, dtype))


def empty_results(call: Call, backend: Passes, save_for_backward: bool) -> Results:
    """Memory for the output, the last state, and what is saved for the backward pass."""
    new, contiguous = call.x.new_empty, torch.contiguous_format
    last = [torch.empty_like(state, memory_format=contiguous) for state in call.states]
    saved = []
    if save_for_backward:
        dtype = backend.saved_dtype(call.x.dtype)
        saved = [new(shape, dtype=dtype) for shape in backend.saved_shapes(call)]
    return new(*call.output_shape), call.cell.state_type(*last), saved


def flattened(results: Results) -> list[Tensor]:
    """Results as the operator returns them."""
    output, last, saved = results
    return [output, *last, *saved]


def forward(*arguments: Any) -> list[Tensor]:
    """`layer`."""
    *operands, save_for_backward = arguments
    call, backend = call_of(*operands)
    flat = call.flatten()
    results = backend.forward_directly(call, flat, save_for_backward)
    return flattened(results or compute(call, backend, flat, save_for_backward))


def fake_forward(*arguments: Any) -> list[Tensor]:
    """What `forward` returns, without values."""
    *operands, save_for_backward = arguments
    call, backend = call_of(*operands)
    check(call, backend, call.flatten(), is_traced=True)
    return flattened(empty_results(call, backend, save_for_backward))


def backward(*arguments: Any) -> list[Tensor]:
    """`layer_backward`. A gradient that is not needed has no elements."""
    *operands, output, saved, gradients, needs_grad = arguments
    call, backend = call_of(*operands)
    flat = call.flatten()
    d_flat: Sequence[Tensor | None] | None = None
    # PyTorch does not resolve negative bits in optional tensors.
    if not any(g is not None and g.is_neg() for g in gradients):
        given = output, tuple(saved), tuple(gradients), tuple(needs_grad)
        d_flat = backend.backward_directly(call, flat, *given)
    if d_flat is None:
        d_flat = compute_gradients(call, backend, output, saved, gradients, needs_grad)
    pairs = zip(d_flat, flat, strict=True)
    return [like.new_empty(0) if gradient is None else gradient for gradient, like in pairs]


def fake_backward(*arguments: Any) -> list[Tensor]:
    """What `backward` returns, without values."""
    *operands, output, saved, gradients, needs_grad = arguments
    call, backend = call_of(*operands)
    check(call, backend, flat := call.flatten(), is_traced=True)
    check_backward(call, backend, output, saved, gradients, needs_grad)
    contiguous = torch.contiguous_format
    return [
        torch.empty_like(t, memory_format=contiguous) if needed else t.new_empty(0)
        for t, needed in zip(flat, needs_grad, strict=True)
    ]


for device in ("CPU", "CUDA"):
    library.impl("layer", forward, device)
    library.impl("layer_backward", backward, device)
torch.library.register_fake("lstm_variants::layer", fake_forward, lib=library)
torch.library.register_fake("lstm_variants::layer_backward", fake_backward, lib=library)
