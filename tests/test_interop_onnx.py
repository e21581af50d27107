"""Layers in ONNX models."""

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

from lstm_variants import VARIANTS, interop
from lstm_variants.cells import LSTMCell
from tests.layers import assert_same_layers
from tests.test_onnx import OPERATORS, onnx_model

T, B, D, H = 6, 3, 4, 5


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
def test_from_onnx(name, bidirectional, tmp_path):
    """Weights that ONNX Runtime computes with come back bit for bit, but for the two biases."""
    layer = VARIANTS[name].layer(D, H, num_layers=2, bidirectional=bidirectional)
    model = onnx_model(name, layer)
    for k, node in enumerate(n for n in model.graph.node if n.op_type in ("LSTM", "GRU", "RNN")):
        node.name = f"layer {k}"
    onnx.save(model, tmp_path / "model.onnx")
    found = interop.from_onnx(tmp_path / "model.onnx", "layer 1")
    assert found.cell == layer.cell
    for key, tensor in layer.state_dict().items():
        if "_l1" in key:
            assert torch.equal(found.state_dict()[key.replace("_l1", "_l0")], tensor), key
    with pytest.raises(ValueError, match="one LSTM, GRU or RNN node; it has 'layer 0', 'layer 1'"):
        interop.from_onnx(model)


def node_model(operator="LSTM", inputs=("x", "W", "R"), stored=True, **attributes):
    blocks = {"LSTM": 4, "GRU": 3, "RNN": 1}[operator]
    node = helper.make_node(operator, inputs, ["y"], hidden_size=H, **attributes)
    n = 2 if attributes.get("direction") == "bidirectional" else 1
    weights = [
        numpy_helper.from_array(np.zeros((n, blocks * H, columns), "f4"), name)
        for name, columns in (("W", D), ("R", H))
    ]
    return helper.make_model(helper.make_graph([node], "graph", [], [], weights if stored else []))


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"activations": ["Sigmoid", "tanh", "Tanh"]},
        {"activation_alpha": [0.0, 0.0, 0.0]},  # sigmoid and tanh have none
    ],
    ids=str,
)
def test_defaults_of_onnx(attributes):
    assert interop.from_onnx(node_model(**attributes)).cell == LSTMCell()


@pytest.mark.filterwarnings("ignore")  # the exporter's own
@pytest.mark.parametrize("name", ["NIAF", "NOAF", "NP"])
def test_exported_ablations_come_back(name):
    layer = VARIANTS[name].layer(D, H)
    program = torch.onnx.export(
        layer.eval(), (torch.randn(T, B, D),), dynamo=True, verbose=False
    ).model_proto
    assert_same_layers(interop.from_onnx(program), layer)


WRONG_NODES = {
    "its clip is 3": dict(clip=3.0),
    "its activation functions are Hardsigmoid": dict(activations=["HardSigmoid", "Tanh", "Tanh"]),
    "its direction is reverse": dict(direction="reverse"),
    "W of the node 'y' should be a constant": dict(stored=False),
    r"an activation_alpha of 1 and .* got \[2.0\] and \[\]": dict(
        activations=["Sigmoid", "Affine", "Tanh"], activation_alpha=[2.0]
    ),
    r"an activation_alpha of 1 and .* got \[\] and \[\]": dict(  # ONNX Runtime takes 0
        activations=["Sigmoid", "Affine", "Tanh"]
    ),
    r"an activation_alpha of 1 and .* got \[1.0\] and \[\]": dict(
        activations=["Sigmoid", "Affine", "Tanh"] * 2,
        activation_alpha=[1.0],
        direction="bidirectional",
    ),
    r"an activation_alpha of 1 and .* got \[1.0\] and \[0.5\]": dict(
        activations=["Sigmoid", "Tanh", "Affine"], activation_alpha=[1.0], activation_beta=[0.5]
    ),
    "its activation functions are Affine, Tanh, Tanh": dict(
        activations=["Affine", "Tanh", "Tanh"], activation_alpha=[1.0]
    ),
    "cannot become a layer: input_forget is 2; 0 or 1 is expected": dict(input_forget=2),
}


@pytest.mark.parametrize("message", WRONG_NODES)
def test_a_node_that_no_layer_represents(message):
    with pytest.raises(ValueError, match=message):
        interop.from_onnx(node_model(**WRONG_NODES[message]))


def test_a_file_that_is_not_onnx(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"junk")
    with pytest.raises(ValueError, match="should be an ONNX model"):
        interop.from_onnx(tmp_path / "model.onnx")
