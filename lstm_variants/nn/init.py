"""Biases for gates to start with. As in `torch.nn.init`, a trailing underscore changes in place."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lstm_variants.nn.recurrent import Recurrent

__all__ = ["chrono_", "gate_bias_"]


@torch.no_grad()
def gate_bias_(layer: Recurrent, gates: str, bias: float | Tensor) -> None:
    """Give some gates a bias, in every layer and direction.

    A layer has two biases for each gate, which are added in all gates but the candidate of a GRU:
    the bias of the input gets the value, that of the recurrence becomes zero.

    Args:
        layer: A layer of `lstm_variants.nn`.
        gates: Letters of the gates; those that the layer does not have are passed over, so that
            `"fz"` are the gates that keep the memory, of an LSTM or of a GRU.
        bias: One value, or one for each unit, `[H]`.

    Raises:
        ValueError: If the layer was made with `bias=False`.

    Examples:
        The forget bias of 1 that Jozefowicz, Zaremba & Sutskever 2015 recommend:

        >>> import torch
        >>> from lstm_variants import nn
        >>> layer = nn.LSTM(8, 2)
        >>> nn.init.gate_bias_(layer, "f", 1.0)
        >>> (layer.bias_ih_l0 + layer.bias_hh_l0).chunk(4)[1]
        tensor([1., 1.], grad_fn=<SplitBackward0>)
    """
    for suffix in suffixes(layer):
        put(layer, suffix, gates, bias)


@torch.no_grad()
def chrono_(layer: Recurrent, longest: float) -> None:
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

    Raises:
        ValueError: If `longest` is below 2 or infinite, if the layer was made with `bias=False`, or
            if no gate of the layer keeps or lets in.

    Examples:
        >>> import torch
        >>> from lstm_variants import nn
        >>> layer = nn.GRU(8, 32)
        >>> nn.init.chrono_(layer, longest=1000)
        >>> keeps = torch.sigmoid((layer.bias_ih_l0 + layer.bias_hh_l0).chunk(3)[1])
        >>> bool(keeps.min() >= 1 / 2), bool(keeps.max() <= 999 / 1000)
        (True, True)
    """
    if not 2 <= longest < math.inf:
        raise ValueError(f"longest should be a finite number of steps, 2 or more, got {longest}")
    if not set("ifz") & set(layer.cell.gates):
        raise ValueError(
            f"{layer.cell} has no gate that keeps its memory or lets something in: "
            "the chrono initialisation is for gated cells"
        )
    for suffix in suffixes(layer):
        like = layer.get_parameter(f"bias_ih{suffix}")
        bias = like.new_empty(layer.hidden_size).uniform_(1, longest - 1).log()
        put(layer, suffix, "fz", bias)
        put(layer, suffix, "i", -bias)


def suffixes(layer: Recurrent) -> list[str]:
    """What the parameters of each layer and direction end with, if there are biases."""
    if not layer.bias:
        raise ValueError(f"{layer} has no biases: make it with bias=True")
    names = (name for name, _ in layer.named_parameters())
    return [name.removeprefix("bias_ih") for name in names if name.startswith("bias_ih")]


def put(layer: Recurrent, suffix: str, gates: str, bias: float | Tensor) -> None:
    """Give some gates of one layer and direction a bias."""
    H = layer.hidden_size
    for k, gate in enumerate(layer.cell.gates):
        if gate in gates:
            rows = slice(k * H, (k + 1) * H)
            layer.get_parameter(f"bias_ih{suffix}")[rows] = bias
            layer.get_parameter(f"bias_hh{suffix}")[rows] = 0
