"""Parameters of Flax: the trees of `OptimizedLSTMCell`, `LSTMCell`, `GRUCell` and `SimpleCell`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell
from lstm_variants.interop.layers import as_tensor, check_layer, make_layer, weights_of
from lstm_variants.nn import Recurrent

CELLS: dict[Cell, tuple[dict[str, str], dict[str, str], set[str]]] = {
    LSTMCell(): (
        {k: f"i{k}" for k in "ifgo"},
        {k: f"h{k}" for k in "ifgo"},
        {"hi", "hf", "hg", "ho"},
    ),
    GRUCell(): ({k: f"i{k}" for k in "rzn"}, {k: f"h{k}" for k in "rzn"}, {"ir", "iz", "in", "hn"}),
    ElmanCell(): ({"h": "i"}, {"h": "h"}, {"i"}),
}
"""For each cell, Flax' names of its input and recurrent blocks, and which of them have biases."""


def from_flax(*directions: Mapping[str, Any], **options: Any) -> Recurrent:
    """Make a layer from the parameters of a cell of Flax.

    Activations have to be Flax' defaults, and a `SimpleCell` one without `residual`: this does not
    follow from the parameters.

    Args:
        *directions: The tree of the cell, `{"ii": {"kernel": ...}, ...}`; for a bidirectional
            layer also that of the backward cell.
        **options: Other arguments of [`Recurrent`][lstm_variants.nn.Recurrent].

    Raises:
        TypeError: If an option is passed that the arrays determine, such as `bidirectional`.
        ValueError: If the tree is not that of one of these cells, or arrays do not fit together or
            are not of one floating-point dtype.

    Examples:
        >>> from lstm_variants.interop import from_flax, to_flax
        >>> import lstm_variants as lv
        >>> from_flax(*to_flax(lv.nn.GRU(3, 5, bidirectional=True)))
        Recurrent(GRUCell(), 3, 5, bidirectional=True)
    """
    if len(directions) not in (1, 2):
        raise ValueError(f"one or two directions are expected, got {len(directions)}")
    for cell, (inputs, recurrent, _) in CELLS.items():
        names = {*inputs.values(), *recurrent.values()}
        if all(isinstance(tree, Mapping) and set(tree) == names for tree in directions):
            return make_layer(cell, [direction_from(cell, tree) for tree in directions], options)
    known = "; ".join(
        f"{', '.join([*inputs.values(), *recurrent.values()])}"
        for inputs, recurrent, _ in CELLS.values()
    )
    raise ValueError(
        f"the keys of a cell's parameters should be one of: {known}; got "
        f"{' and '.join(map(keys_of, directions))}"
    )


def keys_of(tree: Any) -> str:
    """The keys of a tree, or that it is none, for an error."""
    if not isinstance(tree, Mapping):
        return f"an object of type {type(tree).__name__}"
    return ", ".join(map(str, tree)) or "nothing"


def direction_from(cell: Cell, tree: Mapping[str, Any]) -> dict[str, Tensor]:
    """The parameters of one direction.

    Raises:
        ValueError: If a block is not a kernel and perhaps a bias, or an array does not fit.
    """
    inputs, recurrent, _ = CELLS[cell]
    for name, dense in tree.items():
        # Without this check, a leaf that the cell does not have, as a scale, would be left out.
        if not isinstance(dense, Mapping) or not {"kernel"} <= dense.keys() <= {"kernel", "bias"}:
            raise ValueError(
                f"{name} should have a kernel and perhaps a bias, got {keys_of(dense)}"
            )
    first = as_tensor(tree[inputs[cell.block_names[0]]]["kernel"], "a kernel", (None, None))
    D, H = first.shape
    parameters = {}
    for kind, names, size in (("ih", inputs, D), ("hh", recurrent, H)):
        kernels, biases = [], []
        for block in cell.block_names:
            dense, name = tree[names[block]], names[block]
            kernel = as_tensor(dense["kernel"], f"the kernel of {name}", (size, H), first.dtype)
            kernels.append(kernel.T)
            if "bias" in dense:
                bias = as_tensor(dense["bias"], f"the bias of {name}", (H,), first.dtype)
            else:
                bias = first.new_zeros(H)
            biases.append(bias)
        parameters[f"weight_{kind}"] = torch.cat(kernels)
        parameters[f"bias_{kind}"] = torch.cat(biases)
    return parameters


def to_flax(layer: Recurrent, k: int = 0) -> list[dict[str, dict[str, Any]]]:
    """The weights of a layer as the trees of Flax' cells, NumPy arrays, one for each direction.

    Args:
        layer: A layer with the cell of `OptimizedLSTMCell`, `GRUCell` or `SimpleCell`.
        k: Which of the stacked layers.

    Returns:
        Trees as for `from_flax`. Where Flax has one bias, it is the sum of the two.

    Raises:
        TypeError: If `layer` is not a layer of this package, or `k` is not an integer.
        ValueError: If Flax does not have the cell, there is no layer `k`, or it has bfloat16 or
            zoneout.

    Examples:
        >>> from lstm_variants.interop import to_flax
        >>> import lstm_variants as lv
        >>> sorted(to_flax(lv.nn.GRU(3, 5))[0])
        ['hn', 'hr', 'hz', 'in', 'ir', 'iz']
    """
    check_layer(layer)
    if layer.cell not in CELLS or layer.proj_size:
        raise ValueError(
            "Flax has LSTM, GRU (reset_after=True) and SimpleCell without projection, not "
            f"{layer.cell}" + (f" with proj_size={layer.proj_size}" if layer.proj_size else "")
        )
    cell = layer.cell
    inputs, recurrent, biased = CELLS[cell]
    trees = []
    for weights in weights_of(layer, k):
        w = {
            name: dict(zip(cell.block_names, rows.chunk(len(cell.blocks)), strict=True))
            for name, rows in weights.items()
        }
        tree: dict[str, dict[str, Any]] = {}
        for block in cell.block_names:
            dense_i = tree.setdefault(inputs[block], {})
            dense_h = tree.setdefault(recurrent[block], {})
            dense_i["kernel"] = w["weight_ih"][block].T.numpy().copy()
            dense_h["kernel"] = w["weight_hh"][block].T.numpy().copy()
            zeros = torch.zeros_like(w["weight_ih"][block][:, 0])
            pair = [(dense_i, inputs[block], "bias_ih"), (dense_h, recurrent[block], "bias_hh")]
            biases = [w[name][block] if layer.bias else zeros for *_, name in pair]
            having = [dense for dense, name, _ in pair if name in biased]
            values = biases if len(having) == 2 else [sum(biases, zeros)]
            for dense, bias in zip(having, values, strict=True):
                dense["bias"] = bias.clone().numpy()
        trees.append(tree)
    return trees
