"""Derivatives of the operators: first ones by the kernels, second ones through the reference.

The dispatcher calls these implementations once for each level of `torch.func`, so they work under
its transforms as they do without. A kernel runs before the node of its derivative is made, and not
inside of it, where grad mode is off: an outer level would take the result for a constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any

import torch
from torch import Tensor

from lstm_variants.cells import State
from lstm_variants.kernels.call import Call, is_recorded
from lstm_variants.kernels.operators.eager import compute, compute_gradients
from lstm_variants.kernels.operators.schema import (
    Tensors,
    arguments_of,
    backward_operator,
    call_of,
    flat_masks,
    layer_operator,
    library,
)
from lstm_variants.kernels.passes import Passes
from lstm_variants.kernels.second_order import (
    flatten,
    gradients_through_reference,
    run_reference,
    second_gradients,
)
from lstm_variants.kernels.transforms import in_forward_mode
from lstm_variants.torch_internals import LevelFunction, below_autograd, runs_directly

NO_TENSOR = torch.empty(0)


def saved_call(call: Call) -> Call:
    """A call as a node keeps it: without tensors that autograd saves, frees and checks.

    Lengths, resets and batch sizes are copied: the caller may change them before the backward pass.
    """
    call = call.unflatten(repeat(NO_TENSOR))
    steps = call.lengths, call.resets, call.batch_sizes
    if all(tensor is None for tensor in steps):
        return call
    lengths, resets, batch_sizes = [None if t is None else t.clone() for t in steps]
    return call._replace(lengths=lengths, resets=resets, batch_sizes=batch_sizes)


def saves_output_without_copy(call: Call) -> bool:
    """Whether a change of the output in place is an error in the backward pass.

    As in torch.nn, it is for an LSTM in one direction, in float32 and without projection. The same
    holds for the other cells with more states than h.
    """
    state = call.states
    if call.directions > 1 or len(state) == 1:
        return False
    return state[0].shape == state[1].shape and state[0].dtype == torch.float32


class LayerFunction(LevelFunction):
    """The derivative of the output and the last state of `layer`, which are given."""

    @staticmethod
    def forward(
        ctx: Any, results: Tensors, saved: Tensors, call: Call, backend: Passes, *flat: Tensor
    ) -> tuple[Tensor, ...]:
        output = results[0] if saves_output_without_copy(call) else results[0].clone()
        ctx.call, ctx.backend = saved_call(call), backend
        ctx.save_for_backward(output, *saved, *flat)
        ctx.set_materialize_grads(False)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        tensors, needs_grad = ctx.saved_tensors, ctx.needs_input_grad[4:]
        n = len(tensors) - len(needs_grad)
        output, saved, flat = tensors[0], tensors[1:n], tensors[n:]
        given = [gradient for gradient in gradients if gradient is not None]
        d_flat: Sequence[Tensor | None] | None
        direct = not torch.is_grad_enabled() and runs_directly((*tensors, *given))
        if direct and not in_forward_mode((*given, *tensors)):
            with below_autograd():
                d_flat = ctx.backend.backward_directly(
                    ctx.call, [*flat], output, saved, gradients, needs_grad
                )
            if d_flat is not None:
                return None, None, None, None, *d_flat
        call = ctx.call.unflatten(flat)
        is_packed = call.batch_sizes is not None  # which the operators do not take
        if in_forward_mode((*given, *tensors)) or (is_packed and not direct):
            d_flat = gradients_through_reference(call, gradients, needs_grad)
        elif direct:
            with below_autograd():
                d_flat = compute_gradients(call, ctx.backend, output, saved, gradients, needs_grad)
            return None, None, None, None, *d_flat
        else:
            arguments = (*arguments_of(call, ctx.backend), output, saved, gradients, needs_grad)
            if torch.is_grad_enabled():
                d_flat = backward_operator(*arguments)
            else:
                with below_autograd():
                    d_flat = backward_operator(*arguments)
        d_flat = [g if needed else None for g, needed in zip(d_flat, needs_grad, strict=True)]
        return None, None, None, None, *d_flat


class BackwardFunction(LevelFunction):
    """The derivative of the results of `layer_backward`, which are given.

    All that the kernel takes from the forward pass depends on the other arguments, and so has no
    gradient of its own.
    """

    @staticmethod
    def forward(
        ctx: Any,
        results: Tensors,
        call: Call,
        needs_grad: Sequence[bool],
        is_given: Sequence[bool],
        *flat: Tensor,
    ) -> tuple[Tensor, ...]:
        ctx.call, ctx.is_given = saved_call(call), is_given
        ctx.save_for_backward(*flat)
        pairs = zip(results, needs_grad, strict=True)
        ctx.mark_non_differentiable(*(result for result, needed in pairs if not needed))
        ctx.set_materialize_grads(False)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *second: Tensor | None) -> tuple[Tensor | None, ...]:
        tensors, n = ctx.saved_tensors, len(second)
        given = iter(tensors[n:])
        gradients = [next(given) if is_given else None for is_given in ctx.is_given]
        call = ctx.call.unflatten(tensors[:n])
        return *(None,) * 4, *second_gradients(call, gradients, second, ctx.needs_input_grad[4:])


def run(call: Call, backend: Passes) -> tuple[Tensor, State]:
    """Compute a call with a fused backend: the output and the last state.

    An operator goes through the dispatcher twice, which takes a part of the time of a small layer.
    So it is called only where something besides autograd and the kernel may take part.
    """
    flat = call.flatten()
    if not call.is_direct:
        others = (call.lengths, call.resets, *(flat_masks(call.masks)[0] or ()))
        steps = [t for t in others if t is not None]
        if not runs_directly((*flat, *steps)):
            output, *fields = layer_operator(*arguments_of(call, backend), False)
            return output, call.cell.state_type(*fields)
        if in_forward_mode(flat):
            return run_reference(call)
    if not is_recorded(flat):
        output, last, _ = compute(call, backend, flat, save_for_backward=False)
        return output, last
    with below_autograd():
        output, last, saved = compute(call, backend, flat, save_for_backward=True)
    output, *fields = LayerFunction.apply((output, *last), saved, call, backend, *flat)
    return output, call.cell.state_type._make(fields)


def differentiable_layer(*arguments: Any) -> list[Tensor]:
    """`layer` under autograd.

    Raises:
        NotImplementedError: If forward-mode derivatives of what is saved are requested.
    """
    *operands, save_for_backward = arguments
    call, backend = call_of(*operands)
    flat = call.flatten()
    # Dispatch excludes these already. Programs that were traced without them reach this.
    if in_forward_mode(flat):
        if save_for_backward:
            raise NotImplementedError(
                "a program that was traced for training has no forward-mode derivatives: trace the "
                "layer with backend='reference', or compute them without tracing"
            )
        return flatten(run_reference(call))
    needed = is_recorded(flat)
    with below_autograd():
        results: list[Tensor] = layer_operator(*operands, needed or save_for_backward)
    if needed:
        n = 1 + len(call.states)
        results, saved = results[:n], results[n:]
        results = [*LayerFunction.apply_at_this_level(results, saved, call, backend, *flat), *saved]
    return results if save_for_backward else results[: 1 + len(call.states)]


def differentiable_backward(*arguments: Any) -> list[Tensor]:
    """`layer_backward` under autograd."""
    *operands, _output, _saved, gradients, needs_grad = arguments
    call, _ = call_of(*operands)
    given = [gradient for gradient in gradients if gradient is not None]
    flat = call.flatten()
    if in_forward_mode((*flat, *given)):
        found = gradients_through_reference(call, gradients, needs_grad)
        return [
            (torch.zeros_like(t) if g is None else g) if needed else t.new_empty(0)
            for t, g, needed in zip(flat, found, needs_grad, strict=True)
        ]
    with below_autograd():
        results: list[Tensor] = backward_operator(*arguments)
    if not is_recorded((*flat, *given)):
        return results
    is_given = [gradient is not None for gradient in gradients]
    return list(
        BackwardFunction.apply_at_this_level(results, call, needs_grad, is_given, *flat, *given)
    )


library.impl("layer", differentiable_layer, "Autograd")
library.impl("layer_backward", differentiable_backward, "Autograd")
