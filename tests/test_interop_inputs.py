"""Input that conversions refuse: what the error says."""

import json
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper
from safetensors.torch import save_file
from torch.nn.utils import parametrizations, prune

from lstm_variants import interop
from lstm_variants.cells import GRUCell
from lstm_variants.nn import GRU, LSTM, Recurrent
from tests.layers import assert_same_layers
from tests.test_own_cell import LeakyCell

D, H = 4, 5


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


NOT_PLAIN = {
    "weight_norm": lambda: parametrizations.weight_norm(LSTM(D, H), "weight_hh_l0"),
    "pruning": lambda: prune.l1_unstructured(LSTM(D, H), "weight_hh_l0", 0.5),
    "subclass": lambda: Extended(D, H),
}


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_a_layer_that_could_not_be_read_again_is_not_saved(case, tmp_path):
    with pytest.raises(ValueError, match="remove parametrisations, pruning"):
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


def arrays_of(kind, dtypes):
    """Arrays with these dtypes, in the order in which a framework has them, as a layer."""
    a, b, c = (np.dtype(dtype) for dtype in dtypes)
    if kind == "keras":
        return interop.from_keras(
            "LSTM", [np.ones((D, 4 * H), a), np.ones((H, 4 * H), b), np.ones(4 * H, c)]
        )
    if kind == "tensorflow":
        diagonals = {f"w_{k}_diag": np.ones(H, c) for k in "ifo"}
        variables = {"bias": np.ones(4 * H, a), "kernel": np.ones((D + H, 4 * H), b)}
        return interop.from_tensorflow(variables | diagonals, forget_bias=0.5)
    if kind == "flax":
        inputs = {f"i{k}": {"kernel": np.ones((D, H), a)} for k in "ifgo"}
        recurrent = {f"h{k}": {"kernel": np.ones((H, H), b), "bias": np.ones(H, c)} for k in "ifgo"}
        return interop.from_flax(inputs | recurrent)
    return interop.from_onnx(
        onnx_node_model(
            W=np.ones((1, 4 * H, D), a), R=np.ones((1, 4 * H, H), b), B=np.ones((1, 8 * H), c)
        )
    )


def onnx_node_model(operator="LSTM", direction="forward", **arrays):
    """A model with one node."""
    places = ("X", "W", "R", "B", "lens", "h", "c", "P")
    inputs = [name if name in arrays else "" for name in places]
    node = helper.make_node(operator, inputs, ["y"], hidden_size=H, direction=direction)
    stored = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    return helper.make_model(helper.make_graph([node], "graph", [], [], stored))


FRAMEWORKS = ["keras", "tensorflow", "flax", "onnx"]


@pytest.mark.parametrize("kind", FRAMEWORKS)
@pytest.mark.parametrize(
    "dtypes",
    ["f2 f4 f4", "f4 f8 f4", "f4 f4 f8", "f8 i4 f8", "i8 i8 i8", "c8 c8 c8", "f4 f4 c8", "? ? ?"],
)
def test_arrays_of_other_or_several_dtypes(kind, dtypes):
    with pytest.raises(ValueError, match="float"):
        arrays_of(kind, dtypes.split())


def test_directions_of_several_dtypes():
    forward = [np.ones((D, 4 * H), "f4"), np.ones((H, 4 * H), "f4")]
    with pytest.raises(
        ValueError, match="one real floating-point dtype, got float32 weight_ih_l0, "
    ):
        interop.from_keras("LSTM", forward + [array.astype("f8") for array in forward])


def test_an_error_of_dtypes_names_the_arrays():
    with pytest.raises(ValueError, match="the recurrent kernel should be float16, got float32"):
        arrays_of("keras", ("f2", "f4", "f2"))
    with pytest.raises(ValueError, match="the kernel of hi should be float32, got int64"):
        arrays_of("flax", ("f4", "i8", "f4"))


def test_safetensors_of_several_dtypes(tmp_path):
    layer = GRU(D, H)
    layer.bias_ih_l0.data = layer.bias_ih_l0.data.half()
    with pytest.raises(ValueError, match="float16 bias_ih_l0"):
        interop.to_safetensors(layer, tmp_path / "file")
    text = {"lstm_variants": json.dumps(description())}
    save_file(layer.state_dict(), tmp_path / "file", text)
    with pytest.raises(ValueError, match="float16 bias_ih_l0"):
        interop.from_safetensors(tmp_path / "file")


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_bfloat16(kind):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    layer, same = arrays_of(kind, (bfloat16,) * 3), arrays_of(kind, ("f4",) * 3)
    assert layer.weight_ih_l0.dtype == torch.bfloat16
    assert_same_layers(layer.float(), same)


@pytest.mark.parametrize("to", [interop.to_keras, interop.to_flax, interop.to_tensorflow])
def test_arrays_of_a_bfloat16_layer(to):
    with pytest.raises(ValueError, match=r"NumPy has no bfloat16: convert with layer.float\(\)"):
        to(LSTM(D, H, dtype=torch.bfloat16))


FOLLOWS = {"bidirectional": True, "bias": False, "dtype": torch.float16, "proj_size": 2}
FOLLOWS |= {"input_size": D, "hidden_size": H, "cell": GRUCell()}


@pytest.mark.parametrize("name", FOLLOWS)
def test_an_option_that_follows_from_the_arrays(name):
    arrays = [np.ones((D, 4 * H)), np.ones((H, 4 * H))]
    with pytest.raises(TypeError, match=rf"{name} follows from the arrays: leave it out"):
        interop.from_keras("LSTM", arrays, **{name: FOLLOWS[name]})


def onnx_arrays(n=1, **changes):
    """The arrays of an LSTM node with `n` directions, in float32; `None` for one to leave out."""
    shapes = {"W": (n, 4 * H, D), "R": (n, 4 * H, H), "B": (n, 8 * H)} | changes
    return {name: np.zeros(shape, "f4") for name, shape in shapes.items() if shape is not None}


WRONG_ONNX = {
    r"W of the node 'y' should have the shape \[1, 20, any\], got \[2, 20, 4\]": (
        lambda: onnx_node_model(**onnx_arrays(2))
    ),
    r"W of the node 'y' should have the shape \[2, 20, any\], got \[1, 20, 4\]": (
        lambda: onnx_node_model(direction="bidirectional", **onnx_arrays(1))
    ),
    r"R of the node 'y' should have the shape \[1, 20, 5\], got \[2, 20, 5\]": (
        lambda: onnx_node_model(**onnx_arrays(R=(2, 4 * H, H)))
    ),
    r"R of the node 'y' should have the shape \[1, 20, 5\], got \[1, 20, 6\]": (
        lambda: onnx_node_model(**onnx_arrays(R=(1, 4 * H, H + 1)))
    ),
    r"B of the node 'y' should have the shape \[1, 40\], got \[1, 20\]": (
        lambda: onnx_node_model(**onnx_arrays(B=(1, 4 * H)))
    ),
    r"B of the node 'y' should have the shape \[2, 40\], got \[1, 40\]": (
        lambda: onnx_node_model(direction="bidirectional", **onnx_arrays(2, B=(1, 8 * H)))
    ),
    r"P of the node 'y' should have the shape \[1, 15\], got \[1, 20\]": (
        lambda: onnx_node_model(**onnx_arrays(P=(1, 4 * H)))
    ),
    "W of the node 'y' is missing": lambda: onnx_node_model(**onnx_arrays(W=None)),
    "R of the node 'y' is missing": lambda: onnx_node_model(**onnx_arrays(R=None)),
    "its direction is backward; forward or bidirectional is expected": (
        lambda: onnx_node_model(direction="backward", **onnx_arrays())
    ),
}


@pytest.mark.parametrize("message", WRONG_ONNX)
def test_arrays_that_are_not_those_of_an_onnx_node(message):
    with pytest.raises(ValueError, match=message):
        interop.from_onnx(WRONG_ONNX[message]())


def test_constants_of_an_onnx_model_that_no_tensor_represents():
    model = onnx_node_model(**onnx_arrays())
    model.graph.initializer.append(numpy_helper.from_array(np.array([b"a"], object), "text"))
    assert interop.from_onnx(model).hidden_size == H
