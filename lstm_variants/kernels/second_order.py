"""Second derivatives for kernels that have only first ones: through the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from lstm_variants.cells import State, Weights
from lstm_variants.kernels.call import Call
from lstm_variants.kernels.reference import Reference

Result = tuple[Tensor, list[State]]


def run_twice_differentiable(compute: Callable[[Call], Result], call: Call) -> Result:
    """Run a kernel whose backward pass cannot be differentiated as if it could be."""
    flat = list(call.tensors())
    if not torch.is_grad_enabled() or not any(tensor.requires_grad for tensor in flat):
        return compute(call)
    output, *states = ThroughReference.apply(compute, call, *flat)  # type: ignore[no-untyped-call]
    n = len(states) // len(call.states)
    parts = [states[k : k + n] for k in range(0, len(states), n)]
    return output, [call.cell.state_type(*part) for part in parts]


class ThroughReference(torch.autograd.Function):
    """The kernel's own gradient, unless a gradient of that is wanted."""

    @staticmethod
    def forward(ctx: Any, compute: Any, call: Call, *flat: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            ctx.leaves = [t.detach().requires_grad_(t.requires_grad) for t in flat]
            ctx.results = flatten(compute(with_tensors(call, ctx.leaves)))
        # Lengths are copied: the caller may change them before the gradient is computed.
        lengths = None if call.lengths is None else call.lengths.clone()
        ctx.call = call._replace(lengths=lengths)
        ctx.save_for_backward(*flat)
        device = call.x.device.type
        ctx.autocast = (
            torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        )
        return tuple(result.detach() for result in ctx.results)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            call = with_tensors(ctx.call, ctx.saved_tensors)
            found = gradients_through_reference(call, gradients, ctx.autocast)
        else:
            found = gradients_of(ctx.results, ctx.leaves, gradients)
        return None, None, *found


def gradients_through_reference(
    call: Call, gradients: Sequence[Tensor | None], autocast: torch.dtype | None = None
) -> list[Tensor | None]:
    """Gradients in the order of `Call.tensors`, differentiable where grad mode is on.

    Args:
        call: What was computed.
        gradients: Gradients of the output and of the last states, `None` for zero.
        autocast: The dtype of autocast in the forward pass, `None` if it was off. The backward pass
            may run in another context.
    """
    create_graph, device = torch.is_grad_enabled(), call.x.device.type
    context = torch.autocast(device, autocast or torch.bfloat16, enabled=autocast is not None)
    with torch.enable_grad(), context:
        # Inputs of a call may depend on one another outside of it, or be one tensor: a gradient
        # with respect to them would include those paths. Each alias is an input of this call only.
        aliases = [t.view_as(t) for t in call.tensors()]
        results = flatten(Reference().run(with_tensors(call, aliases)))
        return gradients_of(results, aliases, gradients, create_graph)


def gradients_of(
    results: Sequence[Tensor],
    leaves: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    create_graph: bool = False,
) -> list[Tensor | None]:
    """`torch.autograd.grad`, with `None` for leaves that need no gradient or got none."""
    needed = [leaf for leaf in leaves if leaf.requires_grad]
    # With nothing but empty sequences, results may depend on some of the leaves only.
    pairs = [
        (r, g) for r, g in zip(results, gradients, strict=True) if r.requires_grad and g is not None
    ]
    found = iter(
        torch.autograd.grad(
            [r for r, _ in pairs],
            needed,
            [g for _, g in pairs],
            create_graph=create_graph,
            retain_graph=True,
            allow_unused=True,
        )
    )
    return [next(found) if leaf.requires_grad else None for leaf in leaves]


def flatten(result: Result) -> list[Tensor]:
    """Outputs, and the states of all directions in a row."""
    output, states = result
    return [output, *(tensor for state in states for tensor in state)]


def with_tensors(call: Call, flat: Sequence[Tensor]) -> Call:
    """The call with other tensors, in the order of `Call.tensors`."""
    new = iter(flat)

    def refill(group: Any) -> Any:
        return type(group)(*(None if tensor is None else next(new) for tensor in group))

    x = next(new)
    weights: tuple[Weights, ...] = tuple(refill(w) for w in call.weights)
    return call._replace(x=x, weights=weights, states=tuple(refill(s) for s in call.states))
