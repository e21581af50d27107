"""States between the layout of `hx`, all layers in one tensor, and that of each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lstm_variants.cells import State
from lstm_variants.nn.arguments import check_state

if TYPE_CHECKING:
    from lstm_variants.nn.recurrent import Recurrent


def initial_states(layer: Recurrent, x: Tensor, hx: Any, *, batched: bool) -> list[State]:
    """The initial state of each layer and direction.

    Args:
        layer: The module.
        x: Its input, `[T, B, D]`.
        hx: The initial state passed by the user, or `None`.
        batched: Whether `hx` has a batch dimension.

    Raises:
        TypeError: If `hx` is not a tensor (one state field) or a tuple of tensors (several).
        RuntimeError: If the number of tensors, a shape, a dtype or a device is wrong.
    """
    B, count, names = x.shape[1], len(layer._weight_names), layer.cell.state_type._fields
    if hx is None:
        like = x.new_empty(B, 0)
        return [layer.cell.initial_state(like, layer.hidden_size, layer.proj_size)] * count
    batch = (B,) if batched else ()
    sizes = dict.fromkeys(names, (count, *batch, layer.hidden_size))
    sizes[names[0]] = (count, *batch, layer.proj_size or layer.hidden_size)
    given = check_state(type(layer).__name__, hx, names, sizes, x)
    if not batched:
        given = tuple(tensor.unsqueeze(1) for tensor in given)
    fields = (tensor.unbind() for tensor in given)
    return [layer.cell.state_type(*parts) for parts in zip(*fields, strict=True)]


def stack_states(states: list[State], *, batched: bool) -> Any:
    """The states of all layers and directions, in the layout of `hx`."""
    # Copies, also of a single layer: a view could not be detached or written to in place.
    hidden = tuple(torch.stack(field) for field in zip(*states, strict=True))
    if not batched:
        hidden = tuple(tensor.squeeze(1) for tensor in hidden)
    return hidden if len(hidden) > 1 else hidden[0]
