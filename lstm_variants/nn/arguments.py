"""Argument checks: error types and messages are those of `torch.nn`, where it has such a check."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.parametrize import is_parametrized

from lstm_variants.cells import Cell, ElmanCell, GRUCell

OVERWRITTEN = {"cell", "spec", "backend", "weight_dropout", "recurrent_dropout", "zoneout"}
"""Attributes that the constructor sets, and that of torch's layers does not."""


def check_settings(cell: Cell) -> None:
    """Raise TypeError unless the settings of a cell can be hashed."""
    try:
        hash(cell)
    except TypeError as error:
        name = type(cell).__name__
        raise TypeError(
            f"the settings of {name} should be values that can be hashed: {error}"
        ) from error


def check_reserved_attributes(layer: Any) -> None:
    """Raise TypeError if a subclass has set an attribute that the constructor would overwrite."""
    taken = vars(layer).keys() & OVERWRITTEN
    if taken and not hasattr(layer, "spec"):  # else it is initialised once more
        raise TypeError(
            f"{', '.join(sorted(taken))} of {type(layer).__name__} would be overwritten: the "
            "layers of lstm_variants have attributes with these names, give yours others"
        )


def check_constructor(
    cell: Cell,
    input_size: Any,
    hidden_size: Any,
    num_layers: Any,
    bias: Any,
    batch_first: Any,
    dropout: Any,
    proj_size: Any,
) -> None:
    """Check constructor arguments, with the errors and the warning of `torch.nn.RNNBase`."""
    if not isinstance(cell, Cell):
        raise TypeError(f"cell should be a cell, such as LSTMCell(), got {cell!r}")
    check_settings(cell)
    is_number = isinstance(dropout, Real) and not isinstance(dropout, bool)
    if not is_number or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an "
            f"element being zeroed, got {dropout!r}"
        )
    for name, value in (("bias", bias), ("batch_first", batch_first)):
        if not isinstance(value, bool):
            raise TypeError(f"{name} should be of type bool, got: {type(value).__name__}")
    sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
    for name, value in sizes.items():
        if not isinstance(value, Integral if name == "num_layers" else int):
            raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero, got {value}")
    if not isinstance(proj_size, Integral):
        raise TypeError(f"proj_size should be of type int, got: {type(proj_size).__name__}")
    if proj_size and not cell.projects:
        if isinstance(cell, ElmanCell | GRUCell):
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        raise ValueError(f"proj_size should be 0 for {cell}, whose output cannot be projected")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and num_layers=1",
            stacklevel=4,
        )


def label_of(cell: Cell) -> str:
    """A cell in the metadata of a `state_dict`: its repr without addresses, or its class."""
    try:
        # Without the address of a function that is a setting.
        return re.sub(" at 0x[0-9a-fA-F]+", "", repr(cell))
    except RuntimeError:  # a setting that is a tensor cannot be compared with its default
        return type(cell).__name__


def shown_arguments(layer: Any, base: type) -> str:
    """The arguments of the constructor of a layer that are not the defaults of the base class."""
    parameters = inspect.signature(base.__init__).parameters  # type: ignore[misc]
    defaults = {k: p.default for k, p in parameters.items() if hasattr(layer, k)}
    changed = [
        f"{name}={getattr(layer, name)!r}"
        for name in sorted(defaults, key="proj_size".__ne__)  # which is first, as in torch
        if defaults[name] not in (inspect.Parameter.empty, getattr(layer, name))
    ]
    # In a subclass, the cell follows from the class name, but for one of a parametrisation.
    kind = type(layer).__base__ if is_parametrized(layer) else type(layer)
    cell = [repr(layer.cell)] if kind is base else []
    return ", ".join([*cell, str(layer.input_size), str(layer.hidden_size), *changed])


def check_names(cell: Cell, names: tuple[str, ...], others: tuple[str, ...]) -> None:
    """Raise ValueError if two layers of a stack have parameters with different names."""
    if names != others:
        raise ValueError(
            f"the parameters of {cell} should have the same names for all sizes, got "
            f"{', '.join(names)} and {', '.join(others)} for two layers"
        )


def check_layout(what: str, tensor: Tensor) -> None:
    """Raise TypeError if a tensor is nested or sparse."""
    if tensor.is_nested:
        raise TypeError(
            f"{what} should be a padded batch, got a nested tensor. Pad it: "
            "torch.nested.to_padded_tensor(input, 0.0); a layer takes the lengths of its sequences "
            "as lengths="
        )
    if tensor.layout is not torch.strided:
        raise TypeError(
            f"{what} should be a dense tensor, got layout {tensor.layout}: convert it with "
            "to_dense()"
        )


def check_dtype(x: Tensor, weight: Tensor) -> None:
    """Raise ValueError unless input and weights have the same dtype, or autocast converts both."""
    if x.dtype != weight.dtype and not (is_cast(x) and is_cast(weight)):
        raise ValueError(
            f"RNN input dtype ({x.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({x.dtype})"
        )


def is_cast(tensor: Tensor) -> bool:
    """Whether autocast converts a tensor where it is used."""
    device = tensor.device.type  # some, as meta, have no autocast, and torch raises an error
    return (
        tensor.is_floating_point()
        and tensor.dtype != torch.float64
        and torch.amp.is_autocast_available(device)
        and torch.is_autocast_enabled(device)
    )


def check_state(
    layer: str, hx: Any, names: tuple[str, ...], shapes: tuple[tuple[int, ...], ...], x: Tensor
) -> tuple[Tensor, ...]:
    """Check the initial state, and return it as a tuple of tensors.

    Args:
        layer: Class name of the layer, for error messages.
        hx: The initial state passed by the user.
        names: Names of the cell's state fields.
        shapes: Expected shape of each field.
        x: The input, for its dtype and device.

    Raises:
        TypeError: If `hx` is not a tensor (one state field) or a tuple of tensors (several).
        RuntimeError: If the number of tensors, a shape, a dtype or a device is wrong.
    """
    expected = "(" + ", ".join(f"{name}_0" for name in names) + ")"
    single = len(names) == 1
    if single and not isinstance(hx, Tensor):
        raise TypeError(f"{layer} expects hx as one tensor h_0, got {type(hx).__name__}")
    if not single and isinstance(hx, Tensor):
        raise TypeError(
            f"{layer} expects hx as a tuple of {len(names)} tensors {expected}, "
            f"got one tensor of shape {list(hx.shape)}"
        )
    if not isinstance(hx, Iterable):
        raise TypeError(f"{layer} expects hx as a tuple {expected}, got {type(hx).__name__}")
    state = (hx,) if single else tuple(hx)
    if len(state) != len(names):
        raise RuntimeError(f"{layer} expects hx as {expected}, got {len(state)} tensors")
    for name, tensor in zip(names, state, strict=True):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{layer} expects {name}_0 to be a tensor, got {type(tensor).__name__}")
        check_layout(f"{name}_0", tensor)

    dims = len(shapes[0])
    if any(tensor.dim() != dims for tensor in state):
        kind = "batched 3-D" if dims == 3 else "unbatched 2-D"
        if single:
            raise RuntimeError(
                f"For {kind} input, hx should also be {dims}-D but got {state[0].dim()}-D tensor"
            )
        got = ", ".join(f"{tensor.dim()}-D" for tensor in state)
        states = "hx and cx" if len(names) == 2 else "the states"
        raise RuntimeError(
            f"For {kind} input, {states} should also be {dims}-D but got ({got}) tensors"
        )
    for k, (name, tensor) in enumerate(zip(names, state, strict=True)):
        label = "hidden" if single else f"hidden[{k}]"
        if tuple(tensor.shape) != shapes[k]:
            raise RuntimeError(f"Expected {label} size {shapes[k]}, got {list(tensor.shape)}")
        if tensor.dtype != x.dtype and not (is_cast(tensor) and is_cast(x)):
            raise RuntimeError(
                f"expected {name}_0 ({label}) to have the input's dtype {x.dtype}, "
                f"got {tensor.dtype}: convert it with {name}_0.to({x.dtype})"
            )
        if tensor.device != x.device:
            raise RuntimeError(
                "Input and hidden tensors are not at the same device, found input tensor at "
                f"{x.device} and {name}_0 ({label}) at {tensor.device}: move it with "
                f"{name}_0.to({str(x.device)!r})"
            )
    return state
