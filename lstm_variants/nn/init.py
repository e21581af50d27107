"""Initialisation of gate biases, in place, as in `torch.nn.init`."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TypeVar

import torch
from torch import Tensor, nn

from lstm_variants.cells import Block, Cell, Parameter
from lstm_variants.names import suggestion
from lstm_variants.nn.recurrent import Recurrent

__all__ = ["chrono_", "gate_bias_"]

AnyLayer = TypeVar("AnyLayer", bound=Recurrent)


@torch.no_grad()
def gate_bias_(
    layer: AnyLayer, blocks: str | Sequence[str], bias: float | Sequence[float] | Tensor
) -> AnyLayer:
    """Set the bias of gates or other blocks, in every layer and direction.

    A block has an input bias and a recurrent bias, which are added, or an input bias only.
    Exceptions are the candidate of a GRU with `reset_after=True`, where the reset gate is applied
    to the recurrent bias, and m of a multiplicative LSTM, where both are in different factors. The
    input bias is set to the value, the recurrent bias to zero.

    Args:
        layer: A layer of `lstm_variants.nn`.
        blocks: The blocks to set: a role, the name of a block of the layer's cell, or a sequence of
            them. The role `"keep"` is the forget gate of an LSTM and the update gate of a GRU. A
            coupled LSTM, an MGU and a minGRU have no such gate: 1 minus their gate `"write"` keeps
            the state, so that its bias has the opposite sign. See
            [`Block`][lstm_variants.cells.cell.Block].
        bias: A number, or one for each hidden unit, `[H]`.

    Returns:
        The layer.

    Raises:
        TypeError: If `layer` is not a layer of this package, or `bias` is not a number.
        ValueError: If the layer's cell has no block with such a role or name, or no bias for it, if
            `bias` has another shape, if the layer has `bias=False`, or if a bias is computed from
            other parameters.

    Examples:
        A forget gate bias of 1, as recommended by Jozefowicz, Zaremba & Sutskever 2015:

        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.init.gate_bias_(lv.nn.LSTM(8, 2), "keep", 1.0)
        >>> (layer.bias_ih_l0 + layer.bias_hh_l0).chunk(4)[1]
        tensor([1., 1.], grad_fn=<SplitBackward0>)
    """
    all_biases = get_biases(layer)
    names = (blocks,) if isinstance(blocks, str) else tuple(blocks)
    cell_blocks = layer.cell.blocks
    roles = {block.role for block in cell_blocks if block.role}
    valid = {block.name for block in cell_blocks} | roles
    if not names or not valid.issuperset(names):
        suggestions = "".join(suggestion(name, valid) for name in names if name not in valid)
        listed = ", ".join(f"{b.name} ({b.role})" if b.role else b.name for b in cell_blocks)
        raise ValueError(
            f"blocks should be roles or names of the blocks of {layer.cell}, {listed}, "
            f"got {blocks!r}{suggestions}"
        )
    try:
        # Not on the default device, which may be the meta device.
        value = torch.as_tensor(bias, device=None if isinstance(bias, Tensor) else "cpu")
        if not hasattr(bias, "dtype") and value.is_floating_point():
            value = torch.as_tensor(bias, dtype=torch.float64, device="cpu")  # as exact as it is
        value = value.clone()  # it may be a part of the biases that are set
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"bias should be a number or a tensor, got {bias!r}") from error
    if value.is_complex():
        raise TypeError(f"bias should be real, got {bias!r}")
    if value.shape not in ((), (layer.hidden_size,)):
        raise ValueError(
            f"bias should be a number or have shape [{layer.hidden_size}], one for each hidden "
            f"unit, got shape {list(value.shape)}"
        )
    chosen = [block for block in cell_blocks if {block.name, block.role} & {*names}]
    check_rows(layer.cell, all_biases[0], chosen)
    for biases in all_biases:
        for block in chosen:
            set_block_bias(biases, block, value)
    return layer


@torch.no_grad()
def chrono_(layer: AnyLayer, t_max: float) -> AnyLayer:
    r"""Initialise gate biases for time lags of up to `t_max` time steps (chrono initialisation).

    For each hidden unit, $u$ is drawn uniformly from 1 to `t_max` - 1. The bias of blocks with the
    role `"keep"` is set to $\log u$, that of blocks with the role `"write"` to $-\log u$; see
    [`Block`][lstm_variants.cells.cell.Block]. With a pre-activation equal to the bias, a unit keeps
    $u / (1 + u)$ of its state at each time step and adds $1 / (1 + u)$ of the candidate (a JANET
    with $\beta = 1$ adds $e / (u + e)$): a time constant of about $u$ time steps. In an sLSTM, this
    holds only after about $u$ time steps, because its normaliser starts at zero. Without a forget
    gate, the whole state is kept; without an input gate, the whole candidate is added. Each layer
    and direction has its own draws. All other parameters are unchanged.

    Paper: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?".

    Args:
        layer: A layer of `lstm_variants.nn`.
        t_max: The longest expected time lag, in time steps, T_max in the paper; at least 2.

    Returns:
        The layer.

    Raises:
        TypeError: If `layer` is not a layer of this package, or `t_max` is not a number.
        ValueError: If `t_max` is below 2, or infinite in float32, if no block of the cell has the
            role `"keep"` or `"write"`, or one has no bias, if the layer has `bias=False`, or if a
            bias is computed from other parameters.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.init.chrono_(lv.nn.GRU(8, 32), t_max=1000)
        >>> z = torch.sigmoid((layer.bias_ih_l0 + layer.bias_hh_l0).chunk(3)[1])
        >>> bool(z.min() >= 1 / 2), bool(z.max() <= 999 / 1000)
        (True, True)
    """
    all_biases = get_biases(layer)
    is_number = t_max.numel() == 1 if isinstance(t_max, Tensor) else isinstance(t_max, Real)
    if not is_number:
        raise TypeError(f"t_max should be a number of time steps, got {t_max!r}")
    if not 2 <= t_max <= torch.finfo(torch.float32).max:
        raise ValueError(f"t_max should be finite and at least 2 time steps, got {t_max}")
    t_max = float(t_max)
    signs = {"keep": 1, "write": -1}
    gates = [block for block in layer.cell.blocks if block.role in signs]
    if not gates:
        raise ValueError(
            f"chrono_ requires a cell with a block of role 'keep' or 'write', got {layer.cell}"
        )
    check_rows(layer.cell, all_biases[0], gates)
    for biases in all_biases:
        device = biases[0][1].device
        u = torch.empty(layer.hidden_size, dtype=torch.float32, device=device)
        bias = u.uniform_(1, t_max - 1).log()  # float32: a large u overflows in float16
        for block in gates:
            assert block.role is not None
            set_block_bias(biases, block, signs[block.role] * bias)
    return layer


def get_biases(layer: Recurrent) -> list[list[tuple[Parameter, Tensor]]]:
    """Return the bias tensors of each layer and direction, each with the cell's description of it.

    Raises:
        TypeError: If `layer` is not a layer of this package.
        ValueError: If there are no biases, or a bias is not a plain parameter of the layer.
    """
    if not isinstance(layer, Recurrent):
        raise TypeError(
            f"layer should be a layer of lstm_variants.nn, got {type(layer).__name__}; "
            "for a model, pass its layer, for example model.lstm"
        )
    specs = layer.parameters_of_cell()  # but for their shapes, those of every layer
    if not any(kind.startswith("bias") for kind in specs):
        raise ValueError(
            "layer should have biases, parameters whose names begin with bias, "
            f"got {layer}: create it with bias=True"
        )
    named = layer.named_parameters(recurse=False, remove_duplicate=False)
    plain = {name for name, _ in named}
    all_biases: list[list[tuple[Parameter, Tensor]]] = []
    for names in layer.spec.names:
        biases: list[tuple[Parameter, Tensor]] = []
        for (kind, spec), name in zip(specs.items(), names, strict=True):
            if not kind.startswith("bias"):
                continue
            if name not in plain:
                raise ValueError(
                    f"{name} is computed from other parameters: initialise it before it is "
                    "parametrised or pruned"
                )
            biases.append((spec, layer.get_parameter(name)))
        all_biases.append(biases)
    return all_biases


def check_rows(
    cell: Cell, biases: Sequence[tuple[Parameter, Tensor]], blocks: Sequence[Block]
) -> None:
    """Raise ValueError if a block has no bias."""
    for block in blocks:
        if not any(block.name in spec.blocks for spec, _ in biases):
            raise ValueError(
                f"{cell} should have a bias with rows for its block {block.name}: of a cell of "
                "your own, parameters() states them, Parameter(shape, letter, blocks)"
            )


def set_block_bias(
    biases: Sequence[tuple[Parameter, Tensor]], block: Block, bias: float | Tensor
) -> None:
    """Set the sum of a block's biases: the first to `bias`, any other to zero.

    Where the first is tied to others, each has its part.
    """
    own = [(spec, tensor) for spec, tensor in biases if block.name in spec.blocks]
    tied = [is_tied(tensor, own[0][1]) for _, tensor in own]
    for (spec, tensor), is_first in zip(own, tied, strict=True):
        value = bias / sum(tied) if is_first else 0.0
        tensor.chunk(len(spec.blocks))[spec.blocks.index(block.name)][:] = value


def is_tied(tensor: Tensor, other: Tensor) -> bool:
    """Whether two parameters are one, or share their memory.

    For tensors without memory, on the meta device, and parts of a sharded one, this is not known.
    """
    if tensor is other:
        return True
    kind: type = type(tensor)
    return kind is nn.Parameter and not tensor.is_meta and tensor.is_set_to(other)
