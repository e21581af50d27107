"""Layers from the operators `LSTM`, `GRU` and `RNN` of ONNX.

In the other direction, `torch.onnx.export` needs nothing from here: see
[Compile, export and save](../howto/export.md#onnx).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from typing import Any

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import ModelProto, NodeProto, helper, numpy_helper
from torch import Tensor

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell, reordered
from lstm_variants.interop.layers import make_layer
from lstm_variants.kernels.onnx_nodes import OnnxNode, onnx_node
from lstm_variants.nn import Recurrent

OPERATORS = ("LSTM", "GRU", "RNN")
DEFAULTS = {
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "GRU": ("Sigmoid", "Tanh"),
    "RNN": ("Tanh",),
}
"""ONNX' activation functions of one direction, if none are given."""


def from_onnx(
    model: ModelProto | str | os.PathLike[str], name: str | None = None, **options: Any
) -> Recurrent:
    """Make a layer from an `LSTM`, `GRU` or `RNN` node of an ONNX model.

    Initial states and lengths are inputs of the node, and not part of the layer: pass them as `hx`
    and `lengths`.

    Args:
        model: The model or its file.
        name: The name of the node, or of one of its outputs. Not needed if there is one such node.
        **options: Other arguments of [`Recurrent`][lstm_variants.nn.Recurrent].

    Raises:
        ValueError: If there is no such node, or a layer cannot represent it: a clip, another
            activation function, the reverse direction alone, or weights that are computed.

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
    if not isinstance(model, ModelProto):
        try:
            model = onnx.load(model)
        except DecodeError as error:
            raise ValueError(f"{model} should be an ONNX model, and is not: {error}") from error
    node = find_node(model, name)
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    cell, onnx_cell = find_cell(node, attributes)
    arrays = dict(zip(("X", "W", "R", "B", "lens", "h", "c", "P"), node.input, strict=False))
    constants = dict(constants_of(model))
    weights = {}
    for kind in "WRBP":
        given = arrays.get(kind)
        if not given:
            continue
        if given not in constants:
            raise ValueError(
                f"{kind} of the node {label(node)} should be a constant of the model, "
                f"and {given!r} is computed or an input"
            )
        weights[kind] = constants[given]
    groups = [{kind: w[k] for kind, w in weights.items()} for k in range(len(weights["W"]))]
    if attributes.get("layout"):
        options = {"batch_first": True, **options}
    return make_layer(cell, [direction_from(cell, onnx_cell, group) for group in groups], options)


def label(node: NodeProto) -> str:
    """The name of a node, or else of its first output that has one."""
    return repr(node.name or next((output for output in node.output if output), ""))


def find_node(model: ModelProto, name: str | None) -> NodeProto:
    """The node of that name, or the only one."""
    nodes = [node for node in model.graph.node if node.op_type in OPERATORS]
    found = [node for node in nodes if name is None or name in (node.name, *node.output)]
    if len(found) != 1:
        wanted = "one LSTM, GRU or RNN node" if name is None else f"one such node named {name!r}"
        names = ", ".join(map(label, nodes)) or "none"
        raise ValueError(f"the model should have {wanted}; it has {names}: pass the name of one")
    node: NodeProto = found[0]
    return node


def find_cell(node: NodeProto, attributes: dict[str, Any]) -> tuple[Cell, OnnxNode]:
    """The cell of a node.

    Raises:
        ValueError: If there is none.
    """
    where = f"the node {label(node)} cannot become a layer"
    direction = attributes.get("direction", b"forward").decode()
    if direction == "reverse":
        raise ValueError(f"{where}: its direction is reverse; forward or bidirectional is expected")
    if attributes.get("clip"):
        raise ValueError(f"{where}: its clip is {attributes['clip']:g}; layers do not clip gates")
    default, n = DEFAULTS[node.op_type], 2 if direction == "bidirectional" else 1
    given = tuple(f.decode().capitalize() for f in attributes.get("activations", ())) or default * n
    peepholes = len(node.input) > 7 and bool(node.input[7])
    for cell in cells():
        found = onnx_node(cell)
        assert found is not None
        if (
            found.operator == node.op_type
            and found.activations * n == given
            and bool(found.peepholes) == peepholes
            and all(attributes.get(name, 0) == value for name, value in found.options)
            and is_identity(attributes)
        ):
            return cell, found
    raise ValueError(
        f"{where}: its activation functions are {', '.join(given)}; {', '.join(default)} for each "
        "direction are expected (RNN: or Relu; LSTM: or Affine with alpha 1 and beta 0, but for "
        "the gates)"
    )


def is_identity(attributes: dict[str, Any]) -> bool:
    """Whether the parameters of activation functions are those of the identity."""
    alpha, beta = attributes.get("activation_alpha", ()), attributes.get("activation_beta", ())
    return all(a == 1 for a in alpha) and all(b == 0 for b in beta)


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


def constants_of(model: ModelProto) -> Iterator[tuple[str, Tensor]]:
    """All tensors that a model stores, by name."""
    for initializer in model.graph.initializer:
        yield initializer.name, as_tensor(initializer)
    for node in model.graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    yield node.output[0], as_tensor(attribute.t)


def as_tensor(array: Any) -> Tensor:
    """A tensor of ONNX."""
    return torch.from_numpy(numpy_helper.to_array(array).copy())


def direction_from(cell: Cell, node: OnnxNode, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The parameters of one direction."""
    names = cell.block_names
    found = {
        "weight_ih": reordered(weights["W"], node.order, names),
        "weight_hh": reordered(weights["R"], node.order, names),
    }
    if "B" in weights:
        for name, half in zip(("bias_ih", "bias_hh"), weights["B"].chunk(2), strict=True):
            found[name] = reordered(half, node.order, names)
    if "P" in weights:
        found["weight_ch"] = reordered(weights["P"], node.peepholes, cell.peepholes)
    return found
