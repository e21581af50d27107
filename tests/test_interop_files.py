"""Layers in ONNX models and safetensors files."""

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from safetensors.torch import load_file, save_file

from lstm_variants import VARIANTS, interop
from lstm_variants.cells import GRUCell, LSTMCell, MGUCell
from lstm_variants.nn import GRU, LSTM, Recurrent
from tests.layers import assert_same_layers
from tests.test_onnx import OPERATORS, onnx_model
from tests.test_own_cell import LeakyCell

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


@pytest.mark.parametrize("attributes", [{}, {"activations": ["Sigmoid", "tanh", "Tanh"]}], ids=str)
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
    "its activation functions are Sigmoid, Affine": dict(
        activations=["Sigmoid", "Affine", "Tanh"], activation_alpha=[2.0]
    ),
}


@pytest.mark.parametrize("message", WRONG_NODES)
def test_a_node_that_no_layer_represents(message):
    with pytest.raises(ValueError, match=message):
        interop.from_onnx(node_model(**WRONG_NODES[message]))


def test_a_file_that_is_not_onnx(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"junk")
    with pytest.raises(ValueError, match="should be an ONNX model"):
        interop.from_onnx(tmp_path / "model.onnx")


@pytest.mark.parametrize("name", VARIANTS)
def test_safetensors(name, tmp_path):
    layer = VARIANTS[name].layer(D, H, num_layers=2, bidirectional=True, batch_first=True)
    interop.to_safetensors(layer, tmp_path / "layer.safetensors")
    again = interop.from_safetensors(tmp_path / "layer.safetensors")
    assert_same_layers(again, layer)
    assert again.batch_first
    assert [path.name for path in tmp_path.iterdir()] == ["layer.safetensors"]
    (tmp_path / "other").touch()
    mode = (tmp_path / "other").stat().st_mode
    assert (tmp_path / "layer.safetensors").stat().st_mode == mode  # others may read it, too
    assert load_file(tmp_path / "layer.safetensors").keys() == layer.state_dict().keys()


def test_a_cell_of_ones_own_in_safetensors(tmp_path):
    path, layer = tmp_path / "layer.safetensors", Recurrent(LeakyCell(), D, H)
    interop.to_safetensors(layer, path)
    with pytest.raises(ValueError, match="LeakyCell, which is not one of this package: pass cell="):
        interop.from_safetensors(path)
    assert_same_layers(interop.from_safetensors(path, cell=LeakyCell()), layer)


def test_a_cell_of_ones_own_with_a_name_of_this_package_in_safetensors(tmp_path):
    cell = type("MGUCell", (MGUCell,), {})()
    interop.to_safetensors(Recurrent(cell, D, H), tmp_path / "layer.safetensors")
    with pytest.raises(ValueError, match="MGUCell, which is not one of this package: pass cell="):
        interop.from_safetensors(tmp_path / "layer.safetensors")


def test_wrong_safetensors(tmp_path):
    path = tmp_path / "file.safetensors"
    path.write_bytes(b"junk")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        interop.from_safetensors(path)
    save_file(LSTM(D, H).state_dict(), path)
    with pytest.raises(ValueError, match="should have been written by to_safetensors"):
        interop.from_safetensors(path)
    interop.to_safetensors(LSTM(D, H), path)
    with pytest.raises(ValueError, match=r"has the cell LSTMCell .*not GRUCell"):
        interop.from_safetensors(path, cell=GRUCell())


def test_a_save_that_fails_leaves_the_file_before(tmp_path, monkeypatch):
    path = tmp_path / "layer.safetensors"
    interop.to_safetensors(LSTM(D, H), path)
    before = path.read_bytes()

    def fail(*_, **__):
        raise OSError("no space")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="no space"):
        interop.to_safetensors(GRU(D, H), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
