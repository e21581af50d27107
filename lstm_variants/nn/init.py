"""Biases for gates to start with. As in `torch.nn.init`, a trailing underscore changes in place."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lstm_variants.cells import ElmanCell, GRUCell, LSTMCell
from lstm_variants.nn.recurrent import Recurrent

KNOWN = (ElmanCell, GRUCell, LSTMCell)
"""Cells whose letters have the meaning that is assumed here: f and z keep, i writes."""

__all__ = ["chrono_", "gate_bias_"]


@torch.no_grad()
def gate_bias_(layer: Recurrent, gates: str, bias: float | Tensor) -> Recurrent:
    """Give some gates a bias, in every layer and direction.

    A layer has two biases for each gate, which are added, in all but the candidate of a GRU whose
    reset gate acts between them. The bias of the input gets the value, that of the recurrence
    becomes zero.

    Args:
        layer: A layer of `lstm_variants.nn`.
        gates: Letters of gates that the layer has, as its cell's `gates` names them: `"f"` is what
            keeps the memory of an LSTM, `"z"` that of a GRU.
        bias: One value, or one for each unit, `[H]`.

    Returns:
        The layer.

    Raises:
        TypeError: If `layer` is no layer of this package.
        ValueError: If the layer does not have such a gate, if its cell is not one of this package,
            if it was made with `bias=False`, or if a bias is computed from other parameters.

    Examples:
        The forget bias of 1 that Jozefowicz, Zaremba & Sutskever 2015 recommend:

        >>> import torch
        >>> from lstm_variants import nn
        >>> layer = nn.init.gate_bias_(nn.LSTM(8, 2), "f", 1.0)
        >>> (layer.bias_ih_l0 + layer.bias_hh_l0).chunk(4)[1]
        tensor([1., 1.], grad_fn=<SplitBackward0>)
    """
    endings = suffixes(layer)
    if not gates or not set(gates) <= set(layer.cell.gates):
        raise ValueError(
            f"gates should be letters of {', '.join(layer.cell.gates)}, the gates of "
            f"{layer.cell}, got {gates!r}"
        )
    for suffix in endings:
        put(layer, suffix, gates, bias)
    return layer


@torch.no_grad()
def chrono_(layer: Recurrent, longest: float) -> Recurrent:
    r"""The chrono initialisation of Tallec & Ollivier 2018: memories of 1 to `longest` steps.

    With u drawn for each unit, uniform in 1 to `longest` - 1, the gate that keeps the memory gets
    the bias $\log u$ and the input gate $-\log u$: at first a unit keeps $u / (1 + u)$ of its
    memory at each step, lets in $1 / (1 + u)$ of what is new, and remembers for about u steps. A
    GRU's update gate is both at once, and so is the input gate of coupled gates; where there is no
    forget gate, only the input gate is set. Each layer and direction draws its own. All other
    parameters stay as they are.

    Paper: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?".

    Args:
        layer: A layer of `lstm_variants.nn`.
        longest: The longest time that something is to be remembered for, in steps; at least 2.

    Returns:
        The layer.

    Raises:
        TypeError: If `layer` is no layer of this package.
        ValueError: If `longest` is below 2 or infinite, if no gate of the layer keeps or lets in,
            if its cell is not one of this package, if it was made with `bias=False`, or if a bias
            is computed from other parameters.

    Examples:
        >>> import torch
        >>> from lstm_variants import nn
        >>> layer = nn.init.chrono_(nn.GRU(8, 32), longest=1000)
        >>> keeps = torch.sigmoid((layer.bias_ih_l0 + layer.bias_hh_l0).chunk(3)[1])
        >>> bool(keeps.min() >= 1 / 2), bool(keeps.max() <= 999 / 1000)
        (True, True)
    """
    endings = suffixes(layer)
    if not 2 <= longest < math.inf:
        raise ValueError(f"longest should be a finite number of steps, 2 or more, got {longest}")
    if not set("ifz") & set(layer.cell.gates):
        raise ValueError(
            f"{layer.cell} has no gate that keeps its memory or lets something in: "
            "the chrono initialisation is for gated cells"
        )
    for suffix in endings:
        device = layer.get_parameter(f"bias_ih{suffix}").device
        u = torch.empty(layer.hidden_size, dtype=torch.float32, device=device)
        bias = u.uniform_(1, longest - 1).log()  # half precision has no room for a large u
        put(layer, suffix, "fz", bias)
        put(layer, suffix, "i", -bias)
    return layer


def suffixes(layer: Recurrent) -> list[str]:
    """What the parameters of each layer and direction end with, if their biases can be set."""
    if not isinstance(layer, Recurrent):
        raise TypeError(
            f"layer should be one of lstm_variants.nn, got {type(layer).__name__}; "
            "of a model, its layer: model.lstm"
        )
    if type(layer.cell) not in KNOWN:
        raise ValueError(
            f"the meaning of the gates {', '.join(layer.cell.gates)} of {layer.cell} is not known "
            f"here; cells should be one of {', '.join(cell.__name__ for cell in KNOWN)}. "
            "Set the biases of the layer by hand"
        )
    if not layer.bias:
        raise ValueError(f"{layer} has no biases: make it with bias=True")
    biases = [name for names in layer._all_weights for name in names if name.startswith("bias")]
    plain = {name for name, _ in layer.named_parameters(recurse=False)}
    for name in biases:
        if name not in plain:
            raise ValueError(f"{name} is computed from other parameters: set it before that")
    return [name.removeprefix("bias_ih") for name in biases if name.startswith("bias_ih")]


def put(layer: Recurrent, suffix: str, gates: str, bias: float | Tensor) -> None:
    """Give some gates of one layer and direction a bias."""
    H = layer.hidden_size
    for k, gate in enumerate(layer.cell.gates):
        if gate in gates:
            rows = slice(k * H, (k + 1) * H)
            layer.get_parameter(f"bias_ih{suffix}")[rows] = bias
            layer.get_parameter(f"bias_hh{suffix}")[rows] = 0
