"""Derivatives that kernels do not have, in particular second ones, through the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from lstm_variants.cells import State
from lstm_variants.kernels.call import Call, in_dtype, is_recorded
from lstm_variants.kernels.reference import Reference
from lstm_variants.torch_internals import graph_is_kept

Result = tuple[Tensor, State]


def run_twice_differentiable(compute: Callable[[Call], Result], call: Call) -> Result:
    """Run a kernel without second derivatives; these are computed through the reference."""
    flat = call.flatten()
    if not is_recorded(flat):
        return compute(call)
    output, *last = ThroughReference.apply(compute, call, *flat)  # type: ignore[no-untyped-call]
    return output, call.cell.state_type(*last)


class ThroughReference(torch.autograd.Function):
    """The kernel's own gradient, or the reference's where that is differentiated again."""

    @staticmethod
    def forward(ctx: Any, compute: Any, call: Call, *flat: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            ctx.leaves = [t.detach().requires_grad_(t.requires_grad) for t in flat]
            ctx.results = flatten(compute(call.unflatten(ctx.leaves)))
        # Copied: the caller may change them before the gradient is computed.
        lengths, resets = (None if t is None else t.clone() for t in (call.lengths, call.resets))
        # Without its tensors, which autograd keeps, and frees.
        nothing = [flat[0].new_empty(0)] * len(flat)
        ctx.call = call._replace(lengths=lengths, resets=resets).unflatten(nothing)
        ctx.save_for_backward(*flat)
        device = call.x.device.type
        ctx.autocast = (
            torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        )
        return tuple(result.detach() for result in ctx.results)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        needed = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            call = ctx.call.unflatten(ctx.saved_tensors)
            input_gradients = gradients_through_reference(call, gradients, needed, ctx.autocast)
        else:
            if ctx.results is None:
                raise RuntimeError(
                    "Trying to backward through the graph of a recurrent layer a second time: its "
                    "memory has been freed. Use retain_graph=True for the first backward pass."
                )
            is_kept = graph_is_kept()
            input_gradients = autograd(ctx.results, ctx.leaves, gradients, needed)
            if not is_kept:  # autograd frees only what is saved by save_for_backward
                ctx.results = ctx.leaves = None
        return None, None, *input_gradients


def run_reference(call: Call) -> Result:
    """The reference, in float32 for a call in half precision: what kernels compute."""
    dtype = call.x.dtype
    if dtype not in (torch.bfloat16, torch.float16):
        return Reference().run(call)
    return in_dtype(call, dtype, torch.float32, Reference().run)


def gradients_through_reference(
    call: Call,
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
    autocast: torch.dtype | None = None,
) -> list[Tensor | None]:
    """Gradients in the order of `Call.flatten`, differentiable where grad mode is on.

    Args:
        call: What was computed.
        gradients: Gradients of the output and of the last states, `None` for zero.
        needed: Which gradients are needed; the others are `None`.
        autocast: The dtype of autocast in the forward pass, `None` if it was off. The backward pass
            may run in another context.
    """

    def compute(*flat: Tensor) -> tuple[Tensor, ...]:
        return tuple(flatten(run_reference(call.unflatten(flat))))

    with autocast_of_forward(call, autocast):
        return gradients_of(compute, call.flatten(), gradients, needed)


def second_gradients(
    call: Call,
    gradients: Sequence[Tensor | None],
    second: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """Gradients of what `gradients_through_reference` returns, differentiable as that is.

    Args:
        call: What was computed, without autocast.
        gradients: As for `gradients_through_reference`.
        second: Gradients of the first gradients, in the order of `Call.flatten`, `None` for zero.
        needed: Which gradients are needed, of those with respect to `Call.flatten` and to the
            gradients that are not `None`; the others are `None`.
    """
    count = len(second)
    first_needed = [gradient is not None for gradient in second]

    def compute(*flat: Tensor) -> tuple[Tensor, ...]:
        rest = iter(flat[count:])
        given = [None if gradient is None else next(rest) for gradient in gradients]
        first = gradients_through_reference(call.unflatten(flat), given, first_needed)
        return tuple(
            torch.zeros_like(tensor) if gradient is None else gradient
            for tensor, gradient in zip(flat[:count], first, strict=True)
        )

    inputs = [*call.flatten(), *(g for g in gradients if g is not None)]
    with autocast_of_forward(call, None):
        return gradients_of(compute, inputs, second, needed)


def autocast_of_forward(call: Call, dtype: torch.dtype | None) -> torch.autocast:
    """Autocast as it was in the forward pass, whatever it is now."""
    device = call.x.device.type
    return torch.autocast(device, dtype or torch.bfloat16, enabled=dtype is not None)


def gradients_of(
    compute: Callable[..., tuple[Tensor, ...]],
    inputs: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """Gradients of a function with respect to its inputs, differentiable where grad mode is on.

    Args:
        compute: The function.
        inputs: Its inputs.
        gradients: Gradients of its results, `None` for zero.
        needed: Which gradients are needed; the others are `None`.
    """
    if not any(needed) or all(gradient is None for gradient in gradients):
        return [None] * len(inputs)
    create_graph = torch.is_grad_enabled()
    with torch.enable_grad():
        # Inputs of a call may depend on one another outside of it, or be one tensor: a gradient
        # with respect to them would include those paths. Each alias is an input of this call only.
        aliases = [tensor.view_as(tensor) for tensor in inputs]
        if all(a.requires_grad for a, is_needed in zip(aliases, needed, strict=True) if is_needed):
            return autograd(compute(*aliases), aliases, gradients, needed, create_graph)
    # Inputs were recorded at a level of torch.func that has ended, or one level differentiates with
    # respect to some of them and another level to the others: a level of its own has them all.
    results, pullback = torch.func.vjp(compute, *aliases)[:2]
    pairs = zip(results, gradients, strict=True)
    pulled = pullback(tuple(torch.zeros_like(r) if g is None else g for r, g in pairs))
    return [g if is_needed else None for g, is_needed in zip(pulled, needed, strict=True)]


def autograd(
    results: Sequence[Tensor],
    leaves: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
    create_graph: bool = False,
) -> list[Tensor | None]:
    """`torch.autograd.grad`, with `None` for leaves that need no gradient or got none."""
    # With nothing but empty sequences, results may depend on some of the leaves only.
    pairs = [
        (r, g) for r, g in zip(results, gradients, strict=True) if r.requires_grad and g is not None
    ]
    if not pairs:
        return [None] * len(leaves)
    computed = iter(
        torch.autograd.grad(
            [r for r, _ in pairs],
            [leaf for leaf, is_needed in zip(leaves, needed, strict=True) if is_needed],
            [g for _, g in pairs],
            create_graph=create_graph,
            retain_graph=True,
            allow_unused=True,
        )
    )
    return [next(computed) if is_needed else None for is_needed in needed]


def flatten(result: Result) -> list[Tensor]:
    """The output and the fields of the state in a row."""
    output, last = result
    return [output, *last]
