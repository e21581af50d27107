"""What all conversions share: layers from the weights of their directions, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.parametrize import is_parametrized

from lstm_variants.cells import Cell
from lstm_variants.nn import Recurrent

Arrays = Mapping[str, Any]
"""Arrays of one direction, by their names in another framework."""


DTYPES = ("float16", "bfloat16", "float32", "float64")
"""The dtypes of NumPy's and other arrays that layers can have."""


def as_tensor(
    array: Any, name: str, shape: Sequence[int | None], dtype: torch.dtype | None = None
) -> Tensor:
    """An array of any framework as a tensor with memory of its own.

    Args:
        array: The array.
        name: Its name, for the error.
        shape: The shape that it should have; `None` for any size.
        dtype: The dtype of the arrays before it, which it should have; `None` for any floating one.

    Raises:
        ValueError: If it has another shape or dtype.
    """
    # Through NumPy, which all frameworks convert to; but it has no bfloat16 of torch.
    values: Any = array.detach().clone().cpu() if isinstance(array, Tensor) else np.array(array)
    if isinstance(values, np.ndarray) and not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    expected = DTYPES if dtype is None else (str(dtype).removeprefix("torch."),)
    given = str(values.dtype).removeprefix("torch.")
    if given not in expected:
        raise ValueError(
            f"{name} should be {' or '.join(expected)}, got {given}: all arrays should have one "
            "floating-point dtype"
        )
    # NumPy has no bfloat16: it is that of the package ml_dtypes, which torch does not convert.
    if given == "bfloat16" and not isinstance(values, Tensor):
        values = torch.from_numpy(values.view(np.int16)).view(torch.bfloat16)
    tensor = torch.as_tensor(values, device="cpu")  # and not the default device
    sizes = zip(tensor.shape, shape, strict=False)
    if tensor.dim() != len(shape) or any(b is not None and a != b for a, b in sizes):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{name} should have the shape [{wanted}], got {list(tensor.shape)}")
    return tensor


def common_dtype(tensors: Mapping[str, Tensor]) -> torch.dtype:
    """The dtype of all parameters of a layer: others would be converted to that of the first.

    Args:
        tensors: The tensors, by their names for the error.

    Raises:
        ValueError: If they have several, or one that is not a real floating-point dtype.
    """
    examples: dict[torch.dtype, str] = {}
    for name, tensor in tensors.items():
        examples.setdefault(tensor.dtype, name)
    if len(examples) != 1 or not all(dtype.is_floating_point for dtype in examples):
        listed = ", ".join(f"{str(v).removeprefix('torch.')} {k}" for v, k in examples.items())
        raise ValueError(
            f"all arrays should have one real floating-point dtype, got {listed or 'none'}"
        )
    return next(iter(examples))


def make_layer(
    cell: Cell, directions: Sequence[Mapping[str, Tensor]], options: Mapping[str, Any]
) -> Recurrent:
    """One layer with given weights.

    Args:
        cell: The cell.
        directions: The parameters of one or two directions, by their names without `_l0`.
        options: Other arguments of [`Recurrent`][lstm_variants.nn.Recurrent].

    Raises:
        TypeError: If an option follows from the arrays.
        ValueError: If the parameters do not fit together, or the two directions differ in shape or
            dtype.
    """
    first = directions[0]
    suffixes = ("_l0", "_l0_reverse")
    parameters = {
        name + suffix: tensor
        for weights, suffix in zip(directions, suffixes, strict=False)
        for name, tensor in weights.items()
    }
    following: dict[str, Any] = {
        "cell": cell,
        "input_size": first["weight_ih"].shape[1],
        "hidden_size": first["weight_ih"].shape[0] // len(cell.blocks),
        "bias": "bias_ih" in first,
        "bidirectional": len(directions) == 2,
        "proj_size": first["weight_hr"].shape[0] if "weight_hr" in first else 0,
        "dtype": common_dtype(parameters),
    }
    if given := sorted(options.keys() & following.keys()):
        raise TypeError(
            f"{', '.join(given)} follows from the arrays: leave it out; for another dtype, convert "
            "the layer with layer.to(...)"
        )
    layer = Recurrent(**following, **options)
    try:
        layer.load_state_dict(parameters)
    except RuntimeError as error:
        raise ValueError(f"the arrays do not fit together, as {layer}: {error}") from error
    return layer


def check_layer(layer: Any) -> None:
    """Check what is to be converted.

    Raises:
        TypeError: If it is not a layer of this package.
    """
    if not isinstance(layer, Recurrent):
        kind = type(layer)
        raise TypeError(
            f"layer should be a layer of lstm_variants.nn, got {kind.__module__}."
            f"{kind.__qualname__}; for a model, pass its layer, for example model.lstm; for a "
            "layer of torch, load its state_dict into the layer of that name here"
        )


def weights_of(layer: Recurrent, k: int) -> Iterator[dict[str, Tensor]]:
    """The parameters of one of the stacked layers, for each direction.

    Raises:
        TypeError: If `k` is no integer.
        ValueError: If there is no such layer, its dtype is bfloat16, it has zoneout, which other
            frameworks do not have in inference, or a parameter is computed by a hook.
    """
    if isinstance(k, bool) or not isinstance(k, Integral):
        raise TypeError(f"k should be an integer, got {k!r}")
    if not 0 <= k < layer.num_layers:
        raise ValueError(f"k should be from 0 to {layer.num_layers - 1}, got {k}")
    if np.any(layer.zoneout):
        raise ValueError(
            f"zoneout should be 0, got {layer.zoneout}: it changes the outputs in inference too, "
            "and is not stored in the weights. Set layer.zoneout = 0 to convert the weights alone"
        )
    stored = dict(layer.named_parameters(remove_duplicate=False))
    for suffix in ("", "_reverse") if layer.bidirectional else ("",):
        names = {kind: f"{kind}_l{k}{suffix}" for kind in layer.spec.kinds}
        for name in names.values():
            if name not in stored and not is_parametrized(layer, name):
                raise ValueError(
                    f"{name} is computed when the layer is called (by pruning, or by the older "
                    "weight_norm), and may be out of date: remove that first, by "
                    f"torch.nn.utils.prune.remove(layer, {name!r}) or remove_weight_norm"
                )
        weights = {kind: getattr(layer, name).detach().cpu() for kind, name in names.items()}
        if any(tensor.dtype == torch.bfloat16 for tensor in weights.values()):
            raise ValueError("NumPy has no bfloat16: convert with layer.float()")
        yield weights
