"""Initialisers of gate biases. As in `torch.nn.init`, a trailing underscore changes in place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lstm_variants.cells import Block, Parameter
from lstm_variants.nn.recurrent import Recurrent

__all__ = ["chrono_", "gate_bias_"]


@torch.no_grad()
def gate_bias_(layer: Recurrent, gates: str | Sequence[str], bias: float | Tensor) -> Recurrent:
    """Set the bias of some gates, in every layer and direction.

    A layer has two biases for each block, which are added, in all but the candidate of a GRU whose
    reset gate acts between them. The input bias gets the value, the recurrent bias becomes zero.

    Args:
        layer: A layer of `lstm_variants.nn`.
        gates: What to set: a role, or the name of a block of the layer's cell, or several of them.
            The role `"keep"` is the forget gate of an LSTM and the update gate of a GRU; see
            [`Block`][lstm_variants.cells.cell.Block].
        bias: One value, or one for each unit, `[H]`.

    Returns:
        The layer.

    Raises:
        TypeError: If `layer` is no layer of this package.
        ValueError: If the layer's cell has no block of such a role or name, if it was made with
            `bias=False`, or if a bias is computed from other parameters.

    Examples:
        The forget bias of 1 that Jozefowicz, Zaremba & Sutskever 2015 recommend:

        >>> import torch
        >>> from lstm_variants import nn
        >>> layer = nn.init.gate_bias_(nn.LSTM(8, 2), "keep", 1.0)
        >>> (layer.bias_ih_l0 + layer.bias_hh_l0).chunk(4)[1]
        tensor([1., 1.], grad_fn=<SplitBackward0>)
    """
    all_biases = biases_of(layer)
    blocks = layer.cell.blocks
    names = (gates,) if isinstance(gates, str) else tuple(gates)
    known = {block.name for block in blocks} | {block.role for block in blocks if block.role}
    if not names or not known.issuperset(names):
        described = ", ".join(f"{b.name} ({b.role})" if b.role else b.name for b in blocks)
        raise ValueError(
            f"gates should be roles or names of the blocks of {layer.cell}, {described}, "
            f"got {gates!r}"
        )
    for biases in all_biases:
        for block in blocks:
            if block.name in names or block.role in names:
                set_bias(biases, block, bias)
    return layer


@torch.no_grad()
def chrono_(layer: Recurrent, t_max: float) -> Recurrent:
    r"""The chrono initialisation of Tallec & Ollivier 2018, for time lags of up to `t_max` steps.

    With u drawn for each unit, uniform in 1 to `t_max` - 1, the bias of a gate that keeps the state
    is $\log u$, and the bias of a gate that writes is $-\log u$: at first, a unit keeps
    $u / (1 + u)$ of its state at each step, adds $1 / (1 + u)$ of what is new, and so has a time
    constant of about u steps. Which gates those are is stated by the cell, as the roles of its
    [blocks][lstm_variants.cells.cell.Block]. Each layer and direction has its own draws. All other
    parameters stay as they are.

    Paper: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?".

    Args:
        layer: A layer of `lstm_variants.nn`.
        t_max: The longest time lag that is expected, in steps, T_max in the paper; at least 2.

    Returns:
        The layer.

    Raises:
        TypeError: If `layer` is no layer of this package.
        ValueError: If `t_max` is below 2 or infinite, if no gate of the layer keeps or writes, if
            it was made with `bias=False`, or if a bias is computed from other parameters.

    Examples:
        >>> import torch
        >>> from lstm_variants import nn
        >>> layer = nn.init.chrono_(nn.GRU(8, 32), t_max=1000)
        >>> keeps = torch.sigmoid((layer.bias_ih_l0 + layer.bias_hh_l0).chunk(3)[1])
        >>> bool(keeps.min() >= 1 / 2), bool(keeps.max() <= 999 / 1000)
        (True, True)
    """
    all_biases = biases_of(layer)
    if not 2 <= t_max < math.inf:
        raise ValueError(f"t_max should be a finite number of steps, 2 or more, got {t_max}")
    signs = {"keep": 1, "write": -1}
    gates = [block for block in layer.cell.blocks if block.role in signs]
    if not gates:
        raise ValueError(
            f"{layer.cell} has no gate that keeps its state or writes to it: "
            "the chrono initialisation is for gated cells"
        )
    for biases in all_biases:
        device = biases[0][1].device
        u = torch.empty(layer.hidden_size, dtype=torch.float32, device=device)
        bias = u.uniform_(1, t_max - 1).log()  # in half precision, a large u would overflow
        for block in gates:
            assert block.role is not None
            set_bias(biases, block, signs[block.role] * bias)
    return layer


def biases_of(layer: Recurrent) -> list[list[tuple[Parameter, Tensor]]]:
    """The biases of each layer and direction with their descriptions, if they can be set."""
    if not isinstance(layer, Recurrent):
        raise TypeError(
            f"layer should be one of lstm_variants.nn, got {type(layer).__name__}; "
            "of a model, its layer: model.lstm"
        )
    described = layer.cell.parameters(1, 1, bias=layer.bias, proj_size=layer.proj_size)
    if not any(kind.startswith("bias") for kind in described):
        raise ValueError(f"{layer} has no biases: make it with bias=True")
    plain = {name for name, _ in layer.named_parameters(recurse=False)}
    found: list[list[tuple[Parameter, Tensor]]] = []
    for names in layer._all_weights:
        biases: list[tuple[Parameter, Tensor]] = []
        for (kind, parameter), name in zip(described.items(), names, strict=True):
            if not kind.startswith("bias"):
                continue
            if name not in plain:
                raise ValueError(f"{name} is computed from other parameters: set it before that")
            biases.append((parameter, layer.get_parameter(name)))
        found.append(biases)
    return found


def set_bias(
    biases: Sequence[tuple[Parameter, Tensor]], block: Block, bias: float | Tensor
) -> None:
    """Set the sum of a block's biases: the first one gets the value, others become zero."""
    value: float | Tensor = bias
    for parameter, tensor in biases:
        if block.name in parameter.blocks:
            tensor.chunk(len(parameter.blocks))[parameter.blocks.index(block.name)][:] = value
            value = 0.0
