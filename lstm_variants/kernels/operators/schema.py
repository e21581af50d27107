"""The operators for fused backends: a layer with all of its directions, and its gradient.

A schema has no type for cells or calls. A cell is given by a name, such as
`"LSTMCell(peephole='current')"`, and weights are given as a flat list, one direction after the
other, without those that are `None`. This is the only form besides `Call`, and only the modules of
this package use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lstm_variants.kernels.call import Call
from lstm_variants.kernels.passes import FUSED, Passes, Signature
from lstm_variants.steps import Masks

Tensors = Sequence[Tensor]

# Not torch.library.custom_op, whose handling of lists in autograd takes 100 us a call.
try:
    library: Any = torch.library.Library("lstm_variants", "DEF")
except RuntimeError as error:
    raise ImportError(
        "lstm_variants was imported before in this process, and its operators cannot be registered "
        "again: start a new process"
    ) from error
_arguments = (
    "Tensor x, Tensor[] weights, Tensor[] states, Tensor? lengths, Tensor? resets, "
    "Tensor[]? masks, float[]? shares, str cell, str backend"
)
library.define(f"layer({_arguments}, bool save_for_backward) -> Tensor[]")
library.define(
    f"layer_backward({_arguments}, Tensor output, Tensor[] saved, Tensor?[] gradients, "
    "bool[] needs_grad) -> Tensor[]"
)
layer_operator = torch.ops.lstm_variants.layer.default
backward_operator = torch.ops.lstm_variants.layer_backward.default


def arguments_of(call: Call, backend: Passes) -> tuple[Any, ...]:
    """The arguments that both operators begin with."""
    weights = [t for group in call.weights for t in group if t is not None]
    cell = backend.kernel_name(call.cell)
    given = call.x, weights, list(call.states), call.lengths, call.resets
    return *given, *flat_masks(call.masks), cell, backend.name


MASK = -1.0
"""In the place of a share: there is a tensor."""


def flat_masks(
    masks: tuple[Masks, ...] | None,
) -> tuple[list[Tensor], list[float]] | tuple[None, None]:
    """The masks of a call: their tensors, and what there is; both `None` without masks.

    Each direction has a number for the factors of dropout and one for each field of the state: 0
    for nothing, `MASK` for a tensor, or the share of the field's old value.
    """
    # Not empty lists: a packaged program passes None in their place.
    if masks is None:
        return None, None
    tensors: list[Tensor] = []
    shares: list[float] = []
    for factors, zoneout in masks:
        for mask in (factors, *zoneout):
            if isinstance(mask, Tensor):
                tensors.append(mask)
                shares.append(MASK)
            else:
                shares.append(0.0 if mask is None else mask)
    return tensors, shares


def masks_of(
    masks: Tensors | None, shares: Sequence[float] | None, directions: int, fields: int
) -> tuple[Masks, ...] | None:
    """The masks of a call, from the result of `flat_masks`.

    Raises:
        ValueError: If there are too few or too many.
    """
    masks, shares = masks or (), shares or ()
    if not masks and not shares:
        return None
    sizes = directions * (1 + fields), sum(share < 0 for share in shares)
    if sizes != (len(shares), len(masks)):
        raise ValueError(
            f"shares should be {1 + fields} numbers of each of {directions} direction(s), and "
            f"masks as many tensors as are negative of them, or both None, got {len(shares)} and "
            f"{len(masks)}"
        )
    tensors = iter(masks)
    given = [next(tensors) if share < 0 else share or None for share in shares]
    found = []
    for k in range(directions):
        factors, *zoneout = given[k * (1 + fields) : (k + 1) * (1 + fields)]
        if isinstance(factors, float):
            raise ValueError("the first share of a direction should be 0 or -1, for its factors")
        found.append(Masks(factors, tuple(zoneout)))
    return tuple(found)


def call_of(
    x: Tensor,
    weights: Tensors,
    states: Tensors,
    lengths: Tensor | None,
    resets: Tensor | None,
    masks: Tensors | None,
    shares: Sequence[float] | None,
    cell: str,
    backend: str,
) -> tuple[Call, Passes]:
    """The call and the backend, from the arguments that both operators begin with.

    Raises:
        ValueError: If there is no such backend or cell, or there are too few or too many tensors.
    """
    if backend not in FUSED:
        names = ", ".join(map(repr, FUSED))
        raise ValueError(f"backend should be one of {names}, got {backend!r}")
    passes = FUSED[backend]
    signature = find_signature(passes, cell, weights, states)
    known, directions = signature.cell, len(states[0])
    n = len(weights) // directions
    groups = (
        dict(zip(signature.weights[n], weights[k * n :], strict=False)) for k in range(directions)
    )
    call = Call(
        known,
        x,
        tuple([known.weights_type(**group) for group in groups]),
        known.state_type(*states),
        lengths,
        resets,
        masks_of(masks, shares, directions, len(states)),
    )
    return call, passes


def find_signature(backend: Passes, cell: str, weights: Tensors, states: Tensors) -> Signature:
    """The tensors of a cell, if the numbers of weights and states fit it.

    Raises:
        ValueError: If the backend has no such cell, or there are too few or too many tensors.
    """
    signature = backend.signature(cell)
    if signature is None:
        raise ValueError(
            f"there is no kernel for {cell!r} in the backend {backend.name!r}; a cell is given as "
            "its repr"
        )
    fields = signature.fields
    if len(states) != len(fields) or states[0].dim() != 3 or len(states[0]) not in (1, 2):
        raise ValueError(
            f"states should be {', '.join(fields)}, [directions, B, H] with one or two directions, "
            f"got {[list(state.shape) for state in states]}"
        )
    directions = len(states[0])
    if len(weights) % directions or len(weights) // directions not in signature.weights:
        names = ", ".join(signature.weights[max(signature.weights)])
        raise ValueError(
            f"weights should be {names} of each direction, as far as the layer has "
            f"them, got {len(weights)} tensors for {directions} direction(s)"
        )
    return signature
