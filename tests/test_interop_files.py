"""Layers in ONNX models and safetensors files."""

import json
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from safetensors.torch import load_file, save_file
from torch.nn.utils import parametrizations, prune

from lstm_variants import VARIANTS, interop
from lstm_variants.cells import GRUCell, LSTMCell, MGUCell
from lstm_variants.nn import GRU, LSTM, Recurrent
from tests.layers import assert_same_layers
from tests.test_onnx import OPERATORS, onnx_model
from tests.test_own_cell import LeakyCell

T, B, D, H = 6, 3, 4, 5


def test_without_the_extra_the_error_names_it():
    code = "import sys; sys.modules['safetensors'] = None; import lstm_variants.interop"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ModuleNotFoundError: lstm_variants.interop needs safetensors: install" in done.stderr
    assert '[interop]"' in done.stderr


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


@dataclass(frozen=True, repr=False)
class SettableCell(LeakyCell):
    """A cell of one's own with a setting."""

    rate: float = 0.1


OTHER_CELLS = {
    r"GRUCell with .'reset_after': False.*not GRUCell with .'reset_after': True": (
        Recurrent(GRUCell(reset_after=False), D, H),
        GRUCell(),
    ),
    r"SettableCell with .'rate': 0.9.*not SettableCell with .'rate': 0.1": (
        Recurrent(SettableCell(0.9), D, H),
        SettableCell(0.1),
    ),
    "LSTMCell .*not GRUCell": (LSTM(D, H), GRUCell()),
}


@pytest.mark.parametrize("message", OTHER_CELLS)
def test_a_cell_that_is_not_that_of_the_file(message, tmp_path):
    layer, cell = OTHER_CELLS[message]
    interop.to_safetensors(layer, tmp_path / "file")
    with pytest.raises(ValueError, match=message):
        interop.from_safetensors(tmp_path / "file", cell=cell)
    with pytest.raises(TypeError, match=r"cell should be a cell, as LSTMCell\(\), got <class"):
        interop.from_safetensors(tmp_path / "file", cell=type(cell))
    assert_same_layers(interop.from_safetensors(tmp_path / "file", cell=layer.cell), layer)


def description(**changes):
    options = {"input_size": D, "hidden_size": H}
    return {"cell": "GRUCell", "is_of_this_package": True, "settings": {}, "options": options} | (
        changes
    )


WEIGHTS = GRU(D, H).state_dict()
MALFORMED = {
    "no JSON": ("{", WEIGHTS, "does not describe a layer"),
    "empty": ("{}", WEIGHTS, "does not describe a layer"),
    "list": ("[1]", WEIGHTS, "does not describe a layer"),
    "no tensors": (description(), {}, "floating-point dtype, got none"),
    "option": (
        description(options={"input_size": D, "hidden_size": H, "gates": 3}),
        WEIGHTS,
        "has the options gates, which this version does not have",
    ),
    "no size": (description(options={"input_size": D}), WEIGHTS, "hidden_size"),
    "size": (description(options={"input_size": D, "hidden_size": 6}), WEIGHTS, "are not those of"),
    "a size of text": (
        description(options={"input_size": D, "hidden_size": "5"}),
        WEIGHTS,
        "describes no layer that this version can make",
    ),
    "setting": (description(settings={"resets": 3}), WEIGHTS, "resets"),
    "function": (description(cell="reordered"), WEIGHTS, "reordered, which is not one of this"),
    "base class": (description(cell="Cell"), WEIGHTS, "abstract class Cell"),
    "number": (description(cell=3), WEIGHTS, "3, which is not one of this"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_safetensors(case, tmp_path):
    text, tensors, message = MALFORMED[case]
    text = text if isinstance(text, str) else json.dumps(text)
    save_file(tensors, tmp_path / "file", {"lstm_variants": text})
    with pytest.raises(ValueError, match=message):
        interop.from_safetensors(tmp_path / "file")


class Extended(LSTM):
    """A layer with a module of its own."""

    def __init__(self, *args):
        super().__init__(*args)
        self.head = torch.nn.Linear(2, 2)


def tied():
    layer = LSTM(H, H, 2)
    layer.weight_hh_l1 = layer.weight_hh_l0
    return layer


NOT_PLAIN = {
    "tied": tied,
    "weight_norm": lambda: parametrizations.weight_norm(LSTM(D, H), "weight_hh_l0"),
    "pruning": lambda: prune.l1_unstructured(LSTM(D, H), "weight_hh_l0", 0.5),
    "subclass": lambda: Extended(D, H),
}


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_a_layer_that_could_not_be_read_again_is_not_saved(case, tmp_path):
    with pytest.raises(ValueError, match=r"remove parametrisations, pruning|should not be tied"):
        interop.to_safetensors(NOT_PLAIN[case](), tmp_path / "file")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options",
    [
        {"zoneout": np.float32(0.25)},
        {"zoneout": (Fraction(1, 4), np.float64(0.5))},
        {"weight_dropout": Fraction(1, 4), "recurrent_dropout": np.float16(0.5)},
    ],
    ids=str,
)
def test_rates_of_other_types_are_saved(options, tmp_path):
    interop.to_safetensors(LSTM(D, H, **options), tmp_path / "file")
    again = interop.from_safetensors(tmp_path / "file")
    for name, rate in options.items():
        found = getattr(again, name)
        assert (tuple(found) if isinstance(found, list) else found) == rate


def test_safetensors_of_several_dtypes(tmp_path):
    layer = GRU(D, H)
    layer.bias_ih_l0.data = layer.bias_ih_l0.data.half()
    with pytest.raises(ValueError, match="float16 bias_ih_l0"):
        interop.to_safetensors(layer, tmp_path / "file")
    text = {"lstm_variants": json.dumps(description())}
    save_file(layer.state_dict(), tmp_path / "file", text)
    with pytest.raises(ValueError, match="float16 bias_ih_l0"):
        interop.from_safetensors(tmp_path / "file")


@pytest.mark.parametrize("size", [10**14, 10**30])
def test_a_size_in_safetensors_that_no_memory_has(size, tmp_path):
    text = json.dumps(description(options={"input_size": D, "hidden_size": size}))
    save_file(WEIGHTS, tmp_path / "file", {"lstm_variants": text})
    with pytest.raises(ValueError, match="describes no layer that this version can make"):
        interop.from_safetensors(tmp_path / "file")


def test_a_setting_that_is_no_number(tmp_path):
    layer = Recurrent(SettableCell(torch.ones(2)), D, H)
    with pytest.raises(ValueError, match="should be numbers or text to be saved, got tensor"):
        interop.to_safetensors(layer, tmp_path / "file")
    assert not list(tmp_path.iterdir())
