"""Variables of TensorFlow 1: `LSTMCell` and `LSTMBlockCell`, with or without peepholes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lstm_variants.cells import LSTMCell, reordered
from lstm_variants.interop.layers import Arrays, as_tensor, check_layer, make_layer, weights_of
from lstm_variants.nn import Recurrent

ORDER = "igfo"
"""Our blocks in the order of the kernel's columns; TensorFlow's name for g is j."""
PEEPHOLES = {k: f"w_{k}_diag" for k in "ifo"}
PROJECTION = "projection/kernel"


def from_tensorflow(*directions: Arrays, forget_bias: float = 1.0, **options: Any) -> Recurrent:
    """Make a layer from the variables of an `LSTMCell` or `LSTMBlockCell` of TensorFlow 1.

    TensorFlow adds `forget_bias` to the forget gate when it runs, and does not save it: here it is
    in `bias_hh`, and the saved bias in `bias_ih`. Clips (`cell_clip`, `proj_clip`) are not saved
    either, and the layer has none. The names of variables are those of other cells of TensorFlow
    too: check the layer's sizes, which are computed as if these were an LSTM's.

    Args:
        *directions: For one or two directions, the variables of the cell by their names, with or
            without a scope: `kernel` `[D + P, 4*H]`, `bias` `[4*H]`, with peepholes `w_i_diag`,
            `w_f_diag` and `w_o_diag` `[H]`, and with a projection `projection/kernel` `[H, P]`.
        forget_bias: That of the cell; 1 is TensorFlow's default.
        **options: Other arguments of [`Recurrent`][lstm_variants.nn.Recurrent].

    Raises:
        TypeError: If an option is passed that the variables determine, such as `proj_size`.
        ValueError: If a variable is missing or unknown, or does not fit, or they are not of one
            floating-point dtype.

    Examples:
        >>> import numpy as np
        >>> from lstm_variants.interop import from_tensorflow
        >>> D, H = 3, 5
        >>> variables = {f"rnn/lstm_cell/w_{k}_diag": np.zeros(H) for k in "ifo"}
        >>> variables["rnn/lstm_cell/kernel"] = np.zeros((D + H, 4 * H))
        >>> variables["rnn/lstm_cell/bias"] = np.zeros(4 * H)
        >>> layer = from_tensorflow(variables)
        >>> layer
        Recurrent(LSTMCell(peephole='current'), 3, 5)
        >>> layer.bias_hh_l0.view(4, H)[:, 0]  # i, f, g, o
        tensor([0., 1., 0., 0.], dtype=torch.float64, grad_fn=<SelectBackward0>)
    """
    if len(directions) not in (1, 2):
        raise ValueError(f"one or two directions are expected, got {len(directions)}")
    parameters = [direction_from(without_scope(variables), forget_bias) for variables in directions]
    cell = LSTMCell(peephole="current" if "weight_ch" in parameters[0] else None)
    return make_layer(cell, parameters, options)


def without_scope(variables: Arrays) -> dict[str, Any]:
    """Variables by the last part of their names, without a number such as `:0`."""
    if not isinstance(variables, Mapping):
        raise ValueError(f"the variables should be a dictionary, got {type(variables).__name__}")
    by_short_name: dict[str, Any] = {}
    for name, array in variables.items():
        path = name.split(":")[0]
        short = PROJECTION if path.endswith(PROJECTION) else path.rsplit("/", 1)[-1]
        if short in by_short_name:
            raise ValueError(
                f"the variables should be those of one cell, without those of its optimizer, got "
                f"a second {short}: {name}"
            )
        by_short_name[short] = array
    expected = {"kernel", "bias"}
    unknown = by_short_name.keys() - expected - {PROJECTION, *PEEPHOLES.values()}
    if missing := sorted(expected - by_short_name.keys()):
        raise ValueError(
            f"the variables should have {', '.join(missing)}, got {', '.join(by_short_name)}"
        )
    if unknown:
        raise ValueError(
            f"an LSTM cell of TensorFlow has no variable {', '.join(sorted(unknown))}; leave out "
            "those of the optimizer"
        )
    return by_short_name


def direction_from(variables: Mapping[str, Any], forget_bias: float) -> dict[str, Tensor]:
    """The parameters of one direction."""
    names = LSTMCell().block_names
    bias = as_tensor(variables["bias"], "the bias", (None,))
    H = len(bias) // 4
    projection = None
    if PROJECTION in variables:
        projection = as_tensor(variables[PROJECTION], PROJECTION, (H, None), bias.dtype)
    P = H if projection is None else projection.shape[1]
    kernel = as_tensor(variables["kernel"], "the kernel", (None, 4 * H), bias.dtype)
    if kernel.shape[0] <= P:
        raise ValueError(
            f"the kernel should have D + {P} rows, for input and output, got {kernel.shape[0]}"
        )
    rows = reordered(kernel.T, ORDER, names)
    added = dict.fromkeys(names, torch.zeros(H, dtype=bias.dtype))
    added["f"] = torch.full((H,), forget_bias, dtype=bias.dtype)
    parameters = {
        "weight_ih": rows[:, :-P],
        "weight_hh": rows[:, -P:],
        "bias_ih": reordered(bias, ORDER, names),
        "bias_hh": torch.cat([added[name] for name in names]),
    }
    if projection is not None:
        parameters["weight_hr"] = projection.T
    given = [name for name in PEEPHOLES.values() if name in variables]
    if given and len(given) < len(PEEPHOLES):
        raise ValueError(f"peepholes should be {', '.join(PEEPHOLES.values())}, got {given}")
    if given:
        vectors = [as_tensor(variables[name], name, (H,), bias.dtype) for name in given]
        parameters["weight_ch"] = torch.cat(vectors)
    return parameters


def to_tensorflow(
    layer: Recurrent, k: int = 0, *, forget_bias: float = 1.0
) -> list[dict[str, Any]]:
    """The weights of a layer as variables of an `LSTMCell` of TensorFlow 1.

    Args:
        layer: A standard LSTM or one with peepholes.
        k: Which of the stacked layers.
        forget_bias: That of the cell in TensorFlow, which is subtracted here.

    Returns:
        For each direction, NumPy arrays by their names in `from_tensorflow`, without a scope.

    Raises:
        TypeError: If `layer` is not a layer of this package, or `k` is not an integer.
        ValueError: If TensorFlow does not have the cell, there is no layer `k`, or it has bfloat16
            or zoneout.

    Examples:
        >>> from lstm_variants.interop import to_tensorflow
        >>> import lstm_variants as lv
        >>> sorted(to_tensorflow(lv.nn.PeepholeLSTM(3, 5))[0])
        ['bias', 'kernel', 'w_f_diag', 'w_i_diag', 'w_o_diag']
    """
    check_layer(layer)
    if layer.cell not in (LSTMCell(), LSTMCell(peephole="current")):
        raise ValueError(
            "TensorFlow has the standard LSTM, and peepholes whose output gate depends on the "
            f"current cell state, not {layer.cell}"
        )
    directions, names = [], layer.cell.block_names
    for w in weights_of(layer, k):
        kernel = torch.cat([w["weight_ih"], w["weight_hh"]], dim=1)
        zeros = torch.zeros_like(kernel[:, 0])
        added = w.get("bias_hh", zeros).clone()
        H = len(added) // 4
        added[H : 2 * H] -= forget_bias
        variables = {
            "kernel": reordered(kernel, names, ORDER).T,
            "bias": reordered(w.get("bias_ih", zeros) + added, names, ORDER),
        }
        if "weight_hr" in w:
            variables[PROJECTION] = w["weight_hr"].T
        if "weight_ch" in w:
            variables |= zip(PEEPHOLES.values(), w["weight_ch"].chunk(3), strict=True)
        directions.append({name: tensor.numpy().copy() for name, tensor in variables.items()})
    return directions
