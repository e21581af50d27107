"""`vmap` over the operators: one call for all samples where it can be, else one for each.

Samples have the same weights, as a rule: V samples of a batch of B sequences are then a batch of
V * B sequences. Gradients of weights, which such a call would sum over samples, take a call for
each sample, and so do weights that are not the same. With lengths, backends may save rows in an
order of the whole batch for the backward pass, so that samples cannot be joined or divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lstm_variants.kernels.operators.schema import (
    Tensors,
    backward_operator,
    layer_operator,
    library,
)
from lstm_variants.torch_internals import is_batched_gradient, join_gradients, split_gradients

Dims = Sequence[int | None]
Results = tuple[list[Tensor], list[int | None]]


def fold(tensor: Tensor, dim: int | None, V: int, batch: int) -> Tensor:
    """V samples `[..., B, ...]` along one dimension, or the same for all, as `[..., V * B, ...]`.

    Args:
        tensor: The samples.
        dim: The dimension of the samples; `None` if there is one for all.
        V: How many samples there are.
        batch: The place of B in a sample.
    """
    if dim is None:
        sizes = tensor.shape
        tensor = tensor.unsqueeze(batch).expand(*sizes[:batch], V, *sizes[batch:])
    else:
        tensor = tensor.movedim(dim, batch)
    return tensor.flatten(batch, batch + 1)


def fold_all(tensors: Tensors, dims: Dims, V: int, batch: int) -> list[Tensor]:
    """`fold` for each tensor of a list."""
    return [fold(t, dim, V, batch) for t, dim in zip(tensors, dims, strict=True)]


def fold_masks(masks: Tensors | None, dims: Dims | None, V: int) -> list[Tensor] | None:
    """`fold` for factors of dropout, `[B, P]`, and masks of zoneout, `[T, B, ...]`."""
    if masks is None:
        return None
    return [
        fold(mask, dim, V, batch=mask.dim() - (dim is not None) - 2)
        for mask, dim in zip(masks, dims or [None] * len(masks), strict=True)
    ]


def unfold(tensors: Tensors, batches: Sequence[int | None], sizes: tuple[int, int]) -> Results:
    """The opposite of `fold`: tensors, and the dimensions of their samples.

    Args:
        tensors: The tensors.
        batches: Places of V * B; `None` where there is none.
        sizes: V and B.
    """
    pairs = zip(tensors, batches, strict=True)
    return [t if dim is None else t.unflatten(dim, sizes) for t, dim in pairs], list(batches)


def batch_size(x: Tensor, dim: int | None) -> int:
    """B of samples `[T, B, D]`."""
    return [size for k, size in enumerate(x.shape) if k != dim][1]


def sample(argument: Any, dim: Any, k: int | None) -> Any:
    """An argument of an operator for one sample; for the sum of all of them if `k` is `None`."""
    if isinstance(dim, list | tuple):
        return [sample(part, d, k) for part, d in zip(argument, dim, strict=True)]
    if dim is None:
        return argument
    return argument.sum(dim, dtype=argument.dtype) if k is None else argument.select(dim, k)


def run_each(operator: Any, V: int, dims: Sequence[Any], arguments: Sequence[Any]) -> Results:
    """Call an operator once for each sample."""

    def run(k: int | None) -> list[Tensor]:
        found: list[Tensor] = operator(
            *(sample(argument, dim, k) for argument, dim in zip(arguments, dims, strict=True))
        )
        return found

    if V:
        stacked = [torch.stack(parts) for parts in zip(*map(run, range(V)), strict=True)]
    else:  # the sum of no samples, zeros, has the shapes of the results
        stacked = [result.new_empty(0, *result.shape) for result in run(None)]
    return stacked, [0] * len(stacked)


def batched_layer(V: int, dims: Sequence[Any], *arguments: Any) -> Results:
    """`layer` for V samples, along the dimensions that `dims` gives."""
    x, weights, states, lengths, resets, masks, shares, cell, backend, save_for_backward = arguments
    x_dim, weight_dims, state_dims, lengths_dim, resets_dim, mask_dims, *_ = dims
    divides_saved = save_for_backward and lengths is not None
    if divides_saved or any(dim is not None for dim in weight_dims):
        return run_each(layer_operator, V, dims, arguments)
    results = layer_operator(
        fold(x, x_dim, V, batch=1),
        weights,
        fold_all(states, state_dims, V, batch=1),
        None if lengths is None else fold(lengths, lengths_dim, V, batch=0),
        None if resets is None else fold(resets, resets_dim, V, batch=1),
        fold_masks(masks, mask_dims, V),
        shares,
        cell,
        backend,
        save_for_backward,
    )
    return unfold(results, [1] * len(results), (V, batch_size(x, x_dim)))


def batched_backward(V: int, dims: Sequence[Any], *arguments: Any) -> Results:
    """`layer_backward` for V samples, along the dimensions that `dims` gives."""
    x, weights, states, lengths, resets, masks, shares, cell, backend, *others = arguments
    x_dim, weight_dims, state_dims, lengths_dim, resets_dim, mask_dims, _, _, _, *other_dims = dims
    output, saved, gradients, needs_grad = others
    output_dim, saved_dims, gradient_dims, _ = other_dims
    n = len(weights)
    many_weights = any(dim is not None for dim in weight_dims)
    if lengths is not None or many_weights or any(needs_grad[1 : 1 + n]):
        return run_each(backward_operator, V, dims, arguments)
    results = backward_operator(
        fold(x, x_dim, V, batch=1),
        weights,
        fold_all(states, state_dims, V, batch=1),
        None if lengths is None else fold(lengths, lengths_dim, V, batch=0),
        None if resets is None else fold(resets, resets_dim, V, batch=1),
        fold_masks(masks, mask_dims, V),
        shares,
        cell,
        backend,
        fold(output, output_dim, V, batch=1),
        fold_all(saved, saved_dims, V, batch=1),
        [
            None if gradient is None else fold(gradient, dim, V, batch=1)
            for gradient, dim in zip(gradients, gradient_dims, strict=True)
        ],
        needs_grad,
    )
    # Weights have no samples here, and need no gradients.
    batches = [1 if needed else None for needed in needs_grad]
    return unfold(results, batches, (V, batch_size(x, x_dim)))


def backward_of_batched_gradients(*arguments: Any) -> list[Tensor]:
    """`layer_backward` where gradients stand for many, with `is_grads_batched=True`."""
    *others, gradients, needs_grad = arguments
    many = [gradient is not None and is_batched_gradient(gradient) for gradient in gradients]
    pairs = zip(gradients, many, strict=True)
    gradients = [split_gradients(g) if is_many else g for g, is_many in pairs]
    V = next(len(g) for g, is_many in zip(gradients, many, strict=True) if is_many)
    dims: list[Any] = [[None] * len(a) if isinstance(a, list | tuple) else None for a in others]
    dims += [[0 if is_many else None for is_many in many], None]
    found, found_dims = batched_backward(V, dims, *others, gradients, needs_grad)
    return [
        g if dim is None else join_gradients(g.movedim(dim, 0))
        for g, dim in zip(found, found_dims, strict=True)
    ]


def layer_rule(info: Any, dims: Sequence[Any], *arguments: Any) -> Results:
    """`batched_layer` as `torch.library.register_vmap` calls it."""
    return batched_layer(info.batch_size, dims, *arguments)


def backward_rule(info: Any, dims: Sequence[Any], *arguments: Any) -> Results:
    """`batched_backward` as `torch.library.register_vmap` calls it."""
    return batched_backward(info.batch_size, dims, *arguments)


torch.library.register_vmap("lstm_variants::layer", layer_rule, lib=library)
torch.library.register_vmap("lstm_variants::layer_backward", backward_rule, lib=library)
library.impl("layer_backward", backward_of_batched_gradients, "Batched")
