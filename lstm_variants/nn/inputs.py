"""The arguments of a layer in every layout as a padded batch, and results in that layout."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from lstm_variants.cells import Cell, State
from lstm_variants.kernels import initial_states
from lstm_variants.kernels.call import packed_rows
from lstm_variants.kernels.dispatch import is_observed
from lstm_variants.nn.arguments import (
    check_dtype,
    check_layout,
    check_state,
)
from lstm_variants.nn.spec import Configured
from lstm_variants.steps import check_lengths, check_resets
from lstm_variants.torch_internals import is_traced, jit_is_tracing, plain_parameters


class Batch(NamedTuple):
    """A batch of sequences, padded or packed.

    Attributes:
        x: Input, `[T, B, D]`; packed, `[N, D]`.
        lengths: Valid time steps of each sequence, `[B]`; all if `None`.
        resets: Where the state is reset before a time step, `[T, B]`; nowhere if `None`.
        batched: Whether the caller's input has a batch dimension, or is one sequence.
        packed: The caller's input, if it is packed and remains so.
    """

    x: Tensor
    lengths: Tensor | None
    resets: Tensor | None
    batched: bool
    packed: PackedSequence | None = None


def as_batch(layer: Configured, given: Any, lengths: Any, resets: Any) -> Batch:
    """The arguments of a layer's `forward`, checked.

    Raises:
        TypeError: If an argument has a wrong type.
        ValueError: If a dtype is wrong, the input is not 2-D or 3-D, or lengths or resets do not
            fit.
        RuntimeError: If a shape of the input is wrong.
    """
    if not isinstance(given, Tensor):
        if not isinstance(given, PackedSequence):
            name = type(layer).__name__
            raise TypeError(f"{name} expects a tensor or a packed sequence, got {type(given)}")
        if lengths is not None:
            raise ValueError("lengths should be None for a packed sequence, which has its own")
        if resets is not None:
            raise ValueError(
                "resets should be None for a packed sequence: call the layer with a padded batch "
                "and lengths instead"
            )
        if given.data.dim() != 2:
            raise RuntimeError(f"input must have 2 dimensions, got {given.data.dim()}")
        check_values(layer, given.data)
        if remains_packed(layer):
            return Batch(given.data, None, None, batched=True, packed=given)
        return Batch(*unpack(given), None, batched=True)

    if given.is_nested or given.layout is not torch.strided:
        check_layout(f"the input of {type(layer).__name__}", given)
    dims = given.dim()
    if dims not in (2, 3):
        name = type(layer).__name__
        raise ValueError(f"{name}: Expected input to be 2D or 3D, got {dims}D instead")
    check_values(layer, given)
    batched = dims == 3
    x = given if batched else given.unsqueeze(1)
    if resets is not None:
        resets = check_resets(resets, given.shape[:-1])
        resets = resets if batched else resets.unsqueeze(1)
    if batched and layer.batch_first:
        x = x.transpose(0, 1)
        resets = None if resets is None else resets.transpose(0, 1)
    if lengths is not None:
        lengths = check_lengths(lengths, x.shape[0], x.shape[1])
    return Batch(x, lengths, resets, batched)


def check_step_input(layer: Configured, given: Any) -> None:
    """Check the input of a layer's `step`.

    Raises:
        TypeError: If it has a wrong type.
        ValueError: If it is not 1-D or 2-D.
        RuntimeError: If the layer has two directions.
    """
    name = type(layer).__name__
    if not isinstance(given, Tensor):
        raise TypeError(f"{name}.step expects a tensor, got {type(given)}")
    check_layout(f"the input of {name}.step", given)
    if given.dim() not in (1, 2):
        raise ValueError(f"{name}.step: Expected input to be 1D or 2D, got {given.dim()}D")
    if layer.bidirectional:
        raise RuntimeError(f"{name}.step requires one direction, got bidirectional=True")


def in_layout_of(given: Any, output: Tensor, batch: Batch, *, batch_first: bool) -> Any:
    """The output of a batch in the layout of the input that was given."""
    if batch.packed is not None:
        return given._replace(data=output)
    if isinstance(given, PackedSequence):
        return repack(output, given)
    if given.dim() == 2:
        return output.squeeze(1)
    return output.transpose(0, 1) if batch_first else output


def check_values(layer: Configured, x: Tensor) -> None:
    """Raise an error unless the input has dtype and device of the weights, and the input size.

    The same if settings were changed that the weights do not follow, a weight was removed, or
    `cell` was set to something else.
    """
    spec = layer.spec
    if layer.cell is not spec.cell and not isinstance(layer.cell, Cell):
        raise TypeError(
            f"cell of {type(layer).__name__} should be a cell of lstm_variants, got "
            f"{type(layer.cell).__name__}: give an attribute of your own another name"
        )
    if (
        layer.num_layers != spec.num_layers
        or layer.bias != spec.bias
        or layer.bidirectional != spec.bidirectional
    ):
        changed = {name: getattr(layer, name) for name in spec.settings}
        raise RuntimeError(
            f"the layer was created with {spec.settings}, got {changed}: create a new one, these "
            "settings cannot be changed"
        )
    weight = some_weight(layer)
    if x.dtype != weight.dtype:
        check_dtype(x, weight)
    if x.device != weight.device:
        raise RuntimeError(
            "Input and parameter tensors are not at the same device, found input tensor at "
            f"{x.device} and parameter tensor at {weight.device}"
        )
    if x.shape[-1] != layer.input_size:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {layer.input_size}, got "
            f"{x.shape[-1]}"
        )


def some_weight(layer: Configured) -> Tensor:
    """A parameter of a layer, for dtype and device; raise TypeError if one of them is `None`."""
    names, plain = layer.spec.names, plain_parameters(layer)
    for name, parameter in plain.items():
        if parameter is None and any(name in group for group in names):
            raise TypeError(f"{name} should be a parameter, got None (without biases: bias=False)")
    # A parametrised weight is computed at each access: another parameter has the same dtype. The
    # replicas of DataParallel have no parameters.
    weight = next((plain[name] for name in names[0] if name in plain), None)
    if weight is None:
        weight = next(layer.parameters(), None)
    if weight is None:
        weight = getattr(layer, names[0][0])
    found: Tensor = weight
    return found


def first_states(layer: Configured, batch: Batch, hx: Any) -> State:
    """The state before the first step, of all layers and directions, `[layers * directions, B, H]`.

    Args:
        layer: The module.
        batch: Its input.
        hx: The initial state passed by the user, or `None`.

    Raises:
        TypeError: If `hx` is not a tensor (one state field) or a tuple of tensors (several).
        RuntimeError: If the number of tensors, a shape, a dtype or a device is wrong.
    """
    x, cell, count = batch.x, layer.cell, len(layer.spec.names)
    B = x.shape[1] if batch.packed is None else int(batch.packed.batch_sizes[0])
    if hx is None:
        return initial_states(cell, x, count, layer.hidden_size, layer.proj_size, B)
    sizes = (count, B) if batch.batched else (count,)
    output, others = (*sizes, layer.proj_size or layer.hidden_size), (*sizes, layer.hidden_size)
    names = cell.state_type._fields
    shapes = (output, *(others,) * (len(names) - 1))
    given = check_state(type(layer).__name__, hx, names, shapes, x)
    if not batch.batched:
        given = tuple(tensor.unsqueeze(1) for tensor in given)
    if batch.packed is not None and batch.packed.sorted_indices is not None:
        given = tuple(t.index_select(1, batch.packed.sorted_indices) for t in given)
    state: State = cell.state_type(*given)
    return state


def last_states(states: list[State], batch: Batch) -> Any:
    """The last states of all layers in the layout of `hx`."""
    fields = tuple(states[0])
    if len(states) > 1:
        fields = tuple(torch.cat(field) for field in zip(*states, strict=True))
    if not batch.batched:
        fields = tuple(tensor.squeeze(1) for tensor in fields)
    if batch.packed is not None and batch.packed.unsorted_indices is not None:
        fields = tuple(t.index_select(1, batch.packed.unsorted_indices) for t in fields)
    return fields if len(fields) > 1 else fields[0]


def remains_packed(layer: Configured) -> bool:
    """Whether a packed sequence is computed as it is, and not padded first.

    Masks, traced programs and what observes a layer have the padded form, in the original order.
    """
    return not (layer.recurrent_dropout or layer.zoneout or is_observed() or is_traced())


def unpack(packed: PackedSequence) -> tuple[Tensor, Tensor | None]:
    """Pad a packed batch, in its original order; lengths are `None` if all are equal."""
    x, lengths = pad_packed_sequence(packed)
    # A trace has to be valid for other lengths.
    if not jit_is_tracing() and packed.batch_sizes[0] == packed.batch_sizes[-1]:
        return x, None
    return x, lengths


def repack(output: Tensor, like: PackedSequence) -> PackedSequence:
    """Pack a padded batch in the order of another packed sequence."""
    if like.sorted_indices is not None:
        output = output.index_select(1, like.sorted_indices)
    return like._replace(data=packed_rows(output, like.batch_sizes))
