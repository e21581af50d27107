"""Derivatives of the operators: first ones by the kernels, second ones through the reference.

The dispatcher calls these implementations once for each level of `torch.func`, so they work under
its transforms as they do without. A kernel runs before the node of its derivative is made, and not
inside of it, where grad mode is off: an outer level would take the result for a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lstm_variants.kernels import operators
from lstm_variants.kernels.call import Call, is_recorded
from lstm_variants.kernels.layer import Layer
from lstm_variants.kernels.schema import FUSED, Tensors, backward_operator, layer_operator, library
from lstm_variants.kernels.second_order import (
    flatten,
    gradients_through_reference,
    run_reference,
    second_gradients,
)
from lstm_variants.kernels.transforms import in_forward_mode
from lstm_variants.torch_internals import LevelFunction, below_autograd, runs_directly


class Settings(NamedTuple):
    """What the operators take besides tensors that may have gradients.

    Attributes:
        sizes: The number of weights and of states.
        lengths: Valid time steps of each sequence, or `None`.
        resets: Where the state is reset before a step, or `None`.
        cell: The name of the cell.
        backend: The name of the backend.
    """

    sizes: tuple[int, int]
    lengths: Tensor | None
    resets: Tensor | None
    cell: str
    backend: str

    def copied(self) -> Settings:
        """With copies of what the caller may change before the backward pass."""
        lengths, resets = (None if t is None else t.clone() for t in (self.lengths, self.resets))
        return self._replace(lengths=lengths, resets=resets)

    def operands(self, flat: Tensors) -> tuple[Any, ...]:
        """The first arguments of both operators, from the flat list that autograd needs."""
        n, m = self.sizes
        weights, states = flat[1 : 1 + n], flat[1 + n : 1 + n + m]
        return flat[0], weights, states, *self[1:]


def saves_output_without_copy(settings: Settings, flat: Sequence[Tensor]) -> bool:
    """Whether a change of the output in place is an error in the backward pass.

    As in torch.nn, it is for an LSTM in one direction, in float32 and without projection. The same
    holds for the other cells with more states than h.
    """
    n, m = settings.sizes
    signature = FUSED[settings.backend].signature(settings.cell)
    if signature is None or len(signature.fields) == 1 or m > len(signature.fields):
        return False
    h, c, *_ = flat[1 + n : 1 + n + m]
    return h.shape == c.shape and h.dtype == torch.float32


class LayerFunction(LevelFunction):
    """The derivative of the results of `layer`, which are given."""

    @staticmethod
    def forward(
        ctx: Any,
        results: Tensors,
        settings: Settings,
        *flat: Tensor,
    ) -> tuple[Tensor, ...]:
        kept = results[1 + settings.sizes[1] :]
        ctx.settings = settings.copied()
        output = results[0] if saves_output_without_copy(settings, flat) else results[0].clone()
        ctx.save_for_backward(*flat, output, *kept)
        ctx.mark_non_differentiable(*kept)
        ctx.set_materialize_grads(False)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        n, m = ctx.settings.sizes
        saved = ctx.saved_tensors
        operands = ctx.settings.operands(saved)
        output, kept = saved[1 + n + m], saved[2 + n + m :]
        gradients, needs_grad = gradients[: 1 + m], ctx.needs_input_grad[2:]
        given = (gradient for gradient in gradients if gradient is not None)
        found: Sequence[Tensor | None]
        if in_forward_mode((*given, *saved)):
            found = gradients_through_reference(Layer(*operands).call, gradients, needs_grad)
        elif torch.is_grad_enabled():
            found = backward_operator(*operands, output, kept, gradients, needs_grad)
        else:
            direct = runs_directly((*saved, *(g for g in gradients if g is not None)))
            compute: Any = operators.backward if direct else backward_operator
            with below_autograd():
                found = compute(*operands, output, kept, gradients, needs_grad)
        found = [g if needed else None for g, needed in zip(found, needs_grad, strict=True)]
        return None, None, *found


class BackwardFunction(LevelFunction):
    """The derivative of the results of `layer_backward`, which are given.

    All that the kernel takes from the forward pass depends on the other arguments, and so has no
    gradient of its own.
    """

    @staticmethod
    def forward(
        ctx: Any,
        results: Tensors,
        settings: Settings,
        needs_grad: Sequence[bool],
        is_given: Sequence[bool],
        *flat: Tensor,
    ) -> tuple[Tensor, ...]:
        ctx.settings, ctx.is_given = settings.copied(), is_given
        ctx.save_for_backward(*flat)
        pairs = zip(results, needs_grad, strict=True)
        ctx.mark_non_differentiable(*(result for result, needed in pairs if not needed))
        ctx.set_materialize_grads(False)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *second: Tensor | None) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        call: Call = Layer(*ctx.settings.operands(saved)).call
        given = iter(saved[1 + sum(ctx.settings.sizes) :])
        gradients = [next(given) if is_given else None for is_given in ctx.is_given]
        return *(None,) * 4, *second_gradients(call, gradients, second, ctx.needs_input_grad[4:])


def run_layer(x: Tensor, weights: Tensors, states: Tensors, *others: Any) -> list[Tensor]:
    """The output and the last states of `layer`, from its arguments without the last one.

    An operator goes through the dispatcher twice, which takes a part of the time of a small layer.
    So it is called only where something besides autograd and the kernel may take part.
    """
    lengths, resets, cell, backend = others
    arguments = x, weights, states, lengths, resets, cell, backend, False
    flat = (x, *weights, *states)
    steps = tuple(t for t in (lengths, resets) if t is not None)
    if not runs_directly(flat + steps):
        results: list[Tensor] = layer_operator(*arguments)
        return results
    if is_recorded(flat) or in_forward_mode(flat):
        return differentiable_layer(*arguments, compute=operators.forward)
    return operators.forward(*arguments)


def differentiable_layer(
    x: Tensor,
    weights: Tensors,
    states: Tensors,
    lengths: Tensor | None,
    resets: Tensor | None,
    cell: str,
    backend: str,
    save_for_backward: bool,
    compute: Callable[..., list[Tensor]] = layer_operator,
) -> list[Tensor]:
    """`layer` under autograd.

    `compute` gives its results: the operator, or its kernel.

    Raises:
        NotImplementedError: If forward-mode derivatives are asked of what is saved.
    """
    flat = (x, *weights, *states)
    # Layers ask before: this is for programs that were traced without such derivatives.
    if in_forward_mode(flat):
        if save_for_backward:
            raise NotImplementedError(
                "a program that was traced for training has no forward-mode derivatives: trace the "
                "layer with backend='reference', or compute them without tracing"
            )
        call = Layer(x, weights, states, lengths, resets, cell, backend).call
        return flatten(run_reference(call))
    needed = is_recorded(flat)
    with below_autograd():
        results = compute(
            x, weights, states, lengths, resets, cell, backend, needed or save_for_backward
        )
    if needed:
        settings = Settings((len(weights), len(states)), lengths, resets, cell, backend)
        results = list(LayerFunction.apply_at_this_level(results, settings, *flat))
    return results if save_for_backward else results[: 1 + len(states)]


def differentiable_backward(
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
    """`layer_backward` under autograd."""
    given = (gradient for gradient in gradients if gradient is not None)
    if in_forward_mode((x, *weights, *states, *given)):
        call = Layer(x, weights, states, lengths, resets, cell, backend).call
        found = gradients_through_reference(call, gradients, needs_grad)
        pairs = zip(call.tensors(), found, needs_grad, strict=True)
        return [
            (torch.zeros_like(t) if g is None else g) if needed else t.new_empty(0)
            for t, g, needed in pairs
        ]
    with below_autograd():
        results: list[Tensor] = backward_operator(
            x, weights, states, lengths, resets, cell, backend, output, kept, gradients, needs_grad
        )
    flat = (x, *weights, *states, *(g for g in gradients if g is not None))
    if not is_recorded(flat):
        return results
    settings = Settings((len(weights), len(states)), lengths, resets, cell, backend)
    is_given = [gradient is not None for gradient in gradients]
    return list(
        BackwardFunction.apply_at_this_level(results, settings, needs_grad, is_given, *flat)
    )


library.impl("layer", differentiable_layer, "Autograd")
library.impl("layer_backward", differentiable_backward, "Autograd")
