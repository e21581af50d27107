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


@pytest.mark.filterwarnings("ignore", "error:::lstm_variants")  # the exporter's own
@pytest.mark.parametrize("name", ["NIAF", "NOAF", "NP"])
def test_exported_ablations_come_back(name):
    layer = VARIANTS[name].layer(D, H)
    program = torch.onnx.export(
        layer.eval(), (torch.randn(T, B, D),), dynamo=True, verbose=False
    ).model_proto
    assert_same_layers(interop.from_onnx(program), layer)


@pytest.mark.filterwarnings("ignore", "error:::lstm_variants")  # the exporter's own
@pytest.mark.parametrize("layer", [VARIANTS["BiLSTM"].layer(D, 64), torch.nn.LSTM(D, 64)], ids=str)
def test_weights_that_the_exporter_leaves_to_be_computed(layer):
    """It computes in advance what has at most 8192 elements."""
    program = torch.onnx.export(
        layer.eval(), (torch.randn(T, B, D),), dynamo=True, verbose=False
    ).model_proto
    [node] = [node for node in program.graph.node if node.op_type == "LSTM"]
    assert node.input[2] not in {tensor.name for tensor in program.graph.initializer}
    found = interop.from_onnx(program)
    assert found.bidirectional == layer.bidirectional
    for name, tensor in layer.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor), name


def computed(*nodes, stored=()):
    """A GRU whose W is computed by nodes, from a value `w` that is not zero."""
    rnn = helper.make_node("RNN", ["x", "W", "R"], ["y"], hidden_size=H)
    weights = {"w": np.full((1, H, D), 0.5, "f4"), "R": np.zeros((1, H, H), "f4")}
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph([*nodes, rnn], "graph", [], [], [*tensors, *stored])
    return helper.make_model(graph)


def test_weights_that_follow_from_constants():
    nodes = (
        helper.make_node("Constant", [], ["two"], value_float=2.0),
        helper.make_node("Identity", ["w"], ["v"]),
        helper.make_node("Mul", ["v", "two"], ["W"]),
    )
    layer = interop.from_onnx(computed(*nodes))
    assert torch.equal(layer.weight_ih_l0, torch.ones(H, D))


NOT_CONSTANT = {
    "an input": [helper.make_node("Add", ["w", "x"], ["W"])],
    "random": [helper.make_node("RandomNormal", [], ["W"], shape=[1, H, D])],
    "a graph": [
        helper.make_node(
            "If", ["w"], ["W"], **dict.fromkeys(("then_branch", "else_branch"), computed().graph)
        )
    ],
}


@pytest.mark.parametrize("nodes", NOT_CONSTANT.values(), ids=NOT_CONSTANT)
def test_weights_that_do_not_follow_from_constants(nodes):
    with pytest.raises(ValueError, match="'W' depends on an input or is random"):
        interop.from_onnx(computed(*nodes))


def test_weights_that_cannot_be_evaluated():
    node = helper.make_node("Unknown", ["w"], ["W"], domain="somewhere")
    with pytest.raises(ValueError, match="'W' of the model cannot be evaluated"):
        interop.from_onnx(computed(node))


def test_values_in_a_file_that_was_not_loaded(tmp_path):
    large = dict(save_as_external_data=True, size_threshold=0, location="values.bin")
    onnx.save(node_model(), tmp_path / "model.onnx", **large)
    assert interop.from_onnx(tmp_path / "model.onnx").hidden_size == H
    model = onnx.load(tmp_path / "model.onnx", load_external_data=False)
    with pytest.raises(ValueError, match=r"the values of 'W' are in another file: load it with o"):
        interop.from_onnx(model)


def test_what_is_no_model():
    with pytest.raises(
        TypeError, match=r"a ModelProto or its file, got bytes; bytes are read by o"
    ):
        interop.from_onnx(node_model().SerializeToString())


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
