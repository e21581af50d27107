"""What all conversions share: layers from the weights of their directions, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lstm_variants.cells import Cell
from lstm_variants.nn import Recurrent

Arrays = Mapping[str, Any]
"""Arrays of one direction, by their names in another framework."""


def as_tensor(array: Any, name: str, shape: Sequence[int | None]) -> Tensor:
    """An array of any framework as a tensor with memory of its own.

    Args:
        array: The array.
        name: Its name, for the error.
        shape: The shape that it should have; `None` for any size.

    Raises:
        ValueError: If it has another shape.
    """
    # Through NumPy, which all frameworks convert to.
    tensor = torch.from_numpy(np.array(array))
    sizes = zip(tensor.shape, shape, strict=False)
    if tensor.dim() != len(shape) or any(b is not None and a != b for a, b in sizes):
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{name} should have the shape [{expected}], got {list(tensor.shape)}")
    return tensor


def common_dtype(tensors: Mapping[str, Tensor]) -> torch.dtype:
    """The dtype of all parameters of a layer: others would be converted to that of the first.

    Args:
        tensors: The tensors, by their names for the error.

    Raises:
        ValueError: If they have several, or one that is not a real floating-point dtype.
    """
    dtypes = {name: tensor.dtype for name, tensor in tensors.items()}
    found = set(dtypes.values())
    if len(found) != 1 or not all(dtype.is_floating_point for dtype in found):
        listed = ", ".join(f"{str(v).removeprefix('torch.')} {k}" for k, v in dtypes.items())
        raise ValueError(
            f"all arrays should have one real floating-point dtype, got {listed or 'none'}"
        )
    return found.pop()


def make_layer(
    cell: Cell, directions: Sequence[Mapping[str, Tensor]], options: Mapping[str, Any]
) -> Recurrent:
    """One layer with given weights.

    Args:
        cell: The cell.
        directions: The parameters of one or two directions, by their names without `_l0`.
        options: Other arguments of [`Recurrent`][lstm_variants.nn.Recurrent].

    Raises:
        ValueError: If the parameters do not fit together, or the two directions differ in shape.
    """
    first = directions[0]
    layer = Recurrent(
        cell,
        first["weight_ih"].shape[1],
        first["weight_ih"].shape[0] // len(cell.blocks),
        bias="bias_ih" in first,
        bidirectional=len(directions) == 2,
        proj_size=first["weight_hr"].shape[0] if "weight_hr" in first else 0,
        dtype=first["weight_ih"].dtype,
        **options,
    )
    suffixes = ("_l0", "_l0_reverse")
    parameters = {
        name + suffix: tensor
        for weights, suffix in zip(directions, suffixes, strict=False)
        for name, tensor in weights.items()
    }
    try:
        layer.load_state_dict(parameters)
    except RuntimeError as error:
        raise ValueError(f"the arrays do not fit together, as {layer}: {error}") from error
    return layer


def weights_of(layer: Recurrent, k: int) -> Iterator[dict[str, Tensor]]:
    """The parameters of one of the stacked layers, for each direction.

    Raises:
        ValueError: If there is no such layer.
    """
    if not 0 <= k < layer.num_layers:
        raise ValueError(f"k should be from 0 to {layer.num_layers - 1}, got {k}")
    names = layer.cell.parameters(1, 1, bias=layer.bias, proj_size=layer.proj_size)
    for suffix in ("", "_reverse") if layer.bidirectional else ("",):
        yield {name: getattr(layer, f"{name}_l{k}{suffix}").detach().cpu() for name in names}
