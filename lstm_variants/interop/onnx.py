"""Layers from the operators `LSTM`, `GRU` and `RNN` of ONNX.

In the other direction, `torch.onnx.export` needs nothing from here: see
[Compile, export and save](../howto/export.md#onnx).
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import ModelProto, NodeProto, helper
from torch import Tensor

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell, reordered
from lstm_variants.interop.layers import as_tensor, make_layer
from lstm_variants.interop.onnx_values import value_of
from lstm_variants.kernels.onnx import OnnxNode, onnx_node
from lstm_variants.nn import Recurrent

OPERATORS = ("LSTM", "GRU", "RNN")
DEFAULTS = {
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "GRU": ("Sigmoid", "Tanh"),
    "RNN": ("Tanh",),
}
"""ONNX' activation functions of one direction, if none are given."""
INPUTS = ("X", "W", "R", "B", "lens", "h", "c", "P")
DIRECTIONS = {"forward": 1, "bidirectional": 2}
"""The directions that layers have, and how many rows of arrays each has."""


def from_onnx(
    model: ModelProto | str | os.PathLike[str], name: str | None = None, **options: Any
) -> Recurrent:
    """Make a layer from an `LSTM`, `GRU` or `RNN` node of an ONNX model.

    Initial states and lengths are inputs of the node, and not part of the layer: pass them as `hx`
    and `lengths`. A warning names those that the model stores as constants.

    Args:
        model: The model or its file.
        name: The name of the node, or of one of its outputs. Not needed if there is one such node.
        **options: Other arguments of [`Recurrent`][lstm_variants.nn.Recurrent]; `batch_first` is
            that of the node's `layout` by default.

    Raises:
        TypeError: If `model` is neither, or an option is passed that the arrays determine, such as
            `bidirectional`.
        ValueError: If there is no such node, or a layer cannot represent it: a clip, another
            activation function, the reverse direction alone, weights that are missing or depend on
            an input, or arrays whose shapes or dtypes do not fit together. If values are in another
            file that was not loaded.

    Warns:
        UserWarning: If the model stores an initial state other than zero, or lengths.

    Examples:
        >>> import numpy as np
        >>> from onnx import helper, numpy_helper
        >>> from lstm_variants.interop import from_onnx
        >>> D, H = 3, 5
        >>> w, r = np.zeros((1, 3 * H, D), "f4"), np.zeros((1, 3 * H, H), "f4")
        >>> weights = [numpy_helper.from_array(w, "W"), numpy_helper.from_array(r, "R")]
        >>> node = helper.make_node("GRU", ["x", "W", "R"], ["y"], hidden_size=H)
        >>> model = helper.make_model(helper.make_graph([node], "graph", [], [], weights))
        >>> from_onnx(model)
        Recurrent(GRUCell(reset_after=False), 3, 5, bias=False)
    """
    if not isinstance(model, ModelProto | str | os.PathLike):
        raise TypeError(
            f"model should be a ModelProto or its file, got {type(model).__name__}; bytes are read "
            "by onnx.load_from_string"
        )
    if not isinstance(model, ModelProto):
        try:
            model = onnx.load(model)
        except DecodeError as error:
            raise ValueError(f"{model} should be an ONNX model, and is not: {error}") from error
    node = find_node(model, name)
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    cell, onnx_cell = find_cell(node, attributes)
    weights = weights_of(model, node, onnx_cell, attributes)
    warn_of_constants(model, node)
    groups = [{kind: w[k] for kind, w in weights.items()} for k in range(len(weights["W"]))]
    if attributes.get("layout"):
        options = {"batch_first": True, **options}
    return make_layer(cell, [direction_from(cell, onnx_cell, group) for group in groups], options)


def weights_of(
    model: ModelProto, node: NodeProto, cell: OnnxNode, attributes: dict[str, Any]
) -> dict[str, Tensor]:
    """The weights of a node, each `[directions, ...]`.

    Raises:
        ValueError: If some are missing or computed, or have a shape or dtype that does not fit.
    """
    given = dict(zip(INPUTS, node.input, strict=False))
    n, G = DIRECTIONS[direction_of(attributes)], len(cell.order)

    def read(kind: str, shape: Sequence[int | None], dtype: torch.dtype | None = None) -> Tensor:
        where, name = f"{kind} of the node {label(node)}", given.get(kind)
        if not name:
            raise ValueError(f"{where} is missing: it should be a constant of the model")
        value = value_of(model, name)
        if value is None:
            raise ValueError(
                f"{where} should be a constant of the model, and {name!r} depends on an input or "
                "is random"
            )
        return as_tensor(value, where, (n, *shape), dtype)

    H = attributes.get("hidden_size")  # ONNX lets a node leave it out
    W = read("W", (None if H is None else G * H, None))
    rows = W.shape[1]
    shapes = {"R": (rows, rows // G), "B": (2 * rows,), "P": (len(cell.peepholes) * (rows // G),)}
    others = {
        kind: read(kind, shape, W.dtype)
        for kind, shape in shapes.items()
        if kind == "R" or given.get(kind)
    }
    return {"W": W, **others}


def warn_of_constants(model: ModelProto, node: NodeProto) -> None:
    """Warn of initial states and lengths that the model stores, and a layer does not."""
    arguments = {"lens": "lengths", "h": "hx", "c": "hx"}
    for kind, name in zip(INPUTS, node.input, strict=False):
        values = None
        if name and kind in arguments:
            with contextlib.suppress(ValueError):  # what cannot be evaluated is no reason to fail
                values = value_of(model, name)
        if values is not None and (kind == "lens" or values.any()):
            warnings.warn(
                f"the model stores {name!r}, an input of the node {label(node)}, and the layer "
                f"does not have it: pass it as {arguments[kind]}=",
                stacklevel=3,
            )


def direction_of(attributes: dict[str, Any]) -> str:
    """The direction of a node."""
    direction: str = attributes.get("direction", b"forward").decode()
    return direction


def label(node: NodeProto) -> str:
    """The name of a node, or else of its first output that has one."""
    return repr(node.name or next((output for output in node.output if output), ""))


def find_node(model: ModelProto, name: str | None) -> NodeProto:
    """The node of that name, or the only one."""
    nodes = [node for node in model.graph.node if node.op_type in OPERATORS]
    matching = [node for node in nodes if name is None or name in (node.name, *node.output)]
    if len(matching) != 1:
        wanted = "one LSTM, GRU or RNN node" if name is None else f"one such node named {name!r}"
        names = ", ".join(map(label, nodes)) or "none"
        raise ValueError(f"the model should have {wanted}; it has {names}: pass the name of one")
    node: NodeProto = matching[0]
    return node


def find_cell(node: NodeProto, attributes: dict[str, Any]) -> tuple[Cell, OnnxNode]:
    """The cell of a node.

    Raises:
        ValueError: If there is none.
    """
    where = f"the node {label(node)} cannot become a layer"
    direction = direction_of(attributes)
    if direction not in DIRECTIONS:
        raise ValueError(
            f"{where}: its direction is {direction}; {' or '.join(DIRECTIONS)} is expected"
        )
    if attributes.get("clip"):
        raise ValueError(f"{where}: its clip is {attributes['clip']:g}; layers do not clip gates")
    default, n = DEFAULTS[node.op_type], DIRECTIONS[direction]
    given = tuple(f.decode().capitalize() for f in attributes.get("activations", ())) or default * n
    peepholes = len(node.input) > 7 and bool(node.input[7])
    pairs = [(cell, onnx_node(cell)) for cell in cells()]
    similar = [
        (cell, known)
        for cell, known in pairs
        if known is not None
        and known.operator == node.op_type
        and known.activations * n == given
        and bool(known.peepholes) == peepholes
    ]
    if not similar:
        raise ValueError(
            f"{where}: its activation functions are {', '.join(given)}; {', '.join(default)} for "
            "each direction are expected (RNN: or Relu; LSTM: or Affine, but for the gates)"
        )
    alpha = attributes.get("activation_alpha", ())
    beta = attributes.get("activation_beta", ())
    affine = given.count("Affine")
    # Without alpha, ONNX Runtime takes 0.
    if affine and (len(alpha) < affine or {*alpha} != {1} or {*beta} - {0}):
        raise ValueError(
            f"{where}: for each Affine, an activation_alpha of 1 and an activation_beta of 0 are "
            f"expected, got {list(alpha)} and {list(beta)}"
        )
    for cell, known in similar:
        if all(attributes.get(name, 0) == value for name, value in known.options):
            return cell, known
    names = dict.fromkeys(name for _, known in similar for name, _ in known.options)
    listed = ", ".join(f"{name} is {attributes.get(name, 0)}" for name in names)
    raise ValueError(f"{where}: {listed}; 0 or 1 is expected")


def cells() -> Iterator[Cell]:
    """All cells that ONNX has."""
    yield from (ElmanCell(), ElmanCell("relu"), GRUCell(), GRUCell(reset_after=False))
    for peephole, coupled, at_input, at_output in product(
        (None, "current"), (False, True), (True, False), (True, False)
    ):
        yield LSTMCell(
            peephole,  # type: ignore[arg-type]
            coupled,
            input_activation=at_input,
            output_activation=at_output,
        )


def direction_from(cell: Cell, node: OnnxNode, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The parameters of one direction."""
    names = cell.block_names
    parameters = {
        "weight_ih": reordered(weights["W"], node.order, names),
        "weight_hh": reordered(weights["R"], node.order, names),
    }
    if "B" in weights:
        for name, half in zip(("bias_ih", "bias_hh"), weights["B"].chunk(2), strict=True):
            parameters[name] = reordered(half, node.order, names)
    if "P" in weights:
        parameters["weight_ch"] = reordered(weights["P"], node.peepholes, cell.peepholes)
    return parameters
