"""Weights of Keras 3: what `get_weights()` of an `LSTM`, `GRU` or `SimpleRNN` returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell, reordered
from lstm_variants.interop.layers import as_tensor, check_layer, make_layer, weights_of
from lstm_variants.names import suggestion
from lstm_variants.nn import Recurrent

ORDERS = {"LSTM": "ifgo", "GRU": "zrn", "SimpleRNN": "h"}
"""Keras' classes, and our blocks in the order of their columns."""


def from_keras(
    kind: Literal["LSTM", "GRU", "SimpleRNN"],
    weights: Sequence[Any],
    *,
    reset_after: bool = True,
    **options: Any,
) -> Recurrent:
    """Make a layer from the weights of a layer of Keras.

    Activations have to be Keras' defaults, tanh and sigmoid. Keras has `[B, T, D]`: pass
    `batch_first=True` for the same layout. The outputs of two directions are side by side, as with
    `merge_mode="concat"`. With `return_sequences=False`, the output of Keras is the last hidden
    state of each direction, `h_n` here. Convert stacked layers one by one: two with arrays of the
    same shapes cannot be distinguished from a `Bidirectional`.

    Args:
        kind: The class of the layer in Keras.
        weights: What `get_weights()` returns: kernel, recurrent kernel and bias if there is one; of
            a `Bidirectional`, those of the forward layer and then those of the backward layer.
        reset_after: That of a GRU without biases; with biases, it follows from their shape.
        **options: Other arguments of [`Recurrent`][lstm_variants.nn.Recurrent].

    Raises:
        TypeError: If `weights` is not a list or tuple, or an option is passed that the arrays
            determine, such as `bias`.
        ValueError: If there is no such class, or arrays do not fit together or are not of one
            floating-point dtype.

    Examples:
        >>> import numpy as np
        >>> from lstm_variants.interop import from_keras
        >>> D, H = 3, 5
        >>> weights = [np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H)]
        >>> from_keras("LSTM", weights, batch_first=True)
        Recurrent(LSTMCell(), 3, 5, batch_first=True)
    """
    if kind not in ORDERS:
        raise ValueError(
            f"kind should be one of {', '.join(ORDERS)}, got {kind!r}{suggestion(kind, ORDERS)}"
        )
    if not isinstance(weights, list | tuple):
        raise TypeError(f"weights should be a list of arrays, got {type(weights).__name__}")
    if len(weights) not in (2, 3, 4, 6):
        raise ValueError(
            "weights should be kernel, recurrent kernel and perhaps bias of one or two directions, "
            f"got {len(weights)} arrays"
        )
    n = len(weights) // 2 if len(weights) in (4, 6) else len(weights)
    if kind == "GRU" and n == 3:
        reset_after = np.ndim(weights[2]) == 2
    cell: Cell = {"LSTM": LSTMCell(), "GRU": GRUCell(reset_after), "SimpleRNN": ElmanCell()}[kind]
    groups = (weights[k : k + n] for k in range(0, len(weights), n))
    return make_layer(cell, [direction_from(kind, cell, group) for group in groups], options)


def direction_from(kind: str, cell: Cell, arrays: Sequence[Any]) -> dict[str, Tensor]:
    """The parameters of one direction."""
    kernel = as_tensor(arrays[0], "the kernel", (None, None))
    rows = kernel.shape[1]
    H = rows // len(cell.blocks)
    recurrent = as_tensor(
        arrays[1], "the recurrent kernel", (H, H * len(cell.blocks)), kernel.dtype
    )
    parameters = {"weight_ih": kernel.T, "weight_hh": recurrent.T}
    if len(arrays) == 3:
        two = cell == GRUCell()
        bias = as_tensor(arrays[2], "the bias", (2, rows) if two else (rows,), kernel.dtype)
        parameters["bias_ih"], parameters["bias_hh"] = (
            bias if two else (bias, torch.zeros_like(bias))
        )
    return {name: reordered(t, ORDERS[kind], cell.block_names) for name, t in parameters.items()}


def to_keras(layer: Recurrent, k: int = 0) -> list[NDArray[Any]]:
    """The weights of a layer in Keras' order, for `set_weights()`.

    Args:
        layer: A layer with the cell of Keras' `LSTM`, `GRU` or `SimpleRNN` (tanh).
        k: Which of the stacked layers.

    Returns:
        As for `from_keras`. Where Keras has one bias, it is the sum of the two.

    Raises:
        TypeError: If `layer` is not a layer of this package, or `k` is not an integer.
        ValueError: If Keras does not have the cell, there is no layer `k`, or it has bfloat16 or
            zoneout.

    Examples:
        >>> from lstm_variants.interop import to_keras
        >>> import lstm_variants as lv
        >>> [array.shape for array in to_keras(lv.nn.LSTM(3, 5))]
        [(3, 20), (5, 20), (20,)]
    """
    check_layer(layer)
    cells: dict[Cell, str] = {
        LSTMCell(): "LSTM",
        GRUCell(): "GRU",
        GRUCell(reset_after=False): "GRU",
        ElmanCell(): "SimpleRNN",
    }
    if layer.cell not in cells or layer.proj_size:
        raise ValueError(
            f"Keras has LSTM, GRU and SimpleRNN without projection, not {layer.cell}"
            + (f" with proj_size={layer.proj_size}" if layer.proj_size else "")
        )
    order, arrays = ORDERS[cells[layer.cell]], []
    for weights in weights_of(layer, k):
        w = {name: reordered(t, layer.cell.block_names, order) for name, t in weights.items()}
        arrays += [w["weight_ih"].T, w["weight_hh"].T]
        if layer.bias:
            both = torch.stack([w["bias_ih"], w["bias_hh"]])
            arrays.append(both if layer.cell == GRUCell() else both.sum(0))
    return [array.numpy().copy() for array in arrays]
