"""Input that conversions refuse: what the error says."""

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper
from torch.nn.utils import parametrizations, prune

from lstm_variants import interop
from lstm_variants.cells import GRUCell
from lstm_variants.nn import LSTM, PeepholeLSTM
from tests.layers import assert_same_layers

D, H = 4, 5
normal = np.random.default_rng(0).normal


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


def test_names_of_variables_with_scope_and_number():
    [variables] = interop.to_tensorflow(PeepholeLSTM(D, H, proj_size=2))
    named = {f"rnn/lstm_cell/{name}:0": array for name, array in variables.items()}
    assert_same_layers(interop.from_tensorflow(named), interop.from_tensorflow(variables))


def test_parameters_that_a_parametrisation_computes():
    layer = parametrizations.weight_norm(LSTM(D, H), "weight_hh_l0")
    again = interop.from_keras("LSTM", interop.to_keras(layer))
    assert torch.equal(again.weight_hh_l0, layer.weight_hh_l0)


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


def test_what_an_onnx_model_stores_and_a_layer_does_not():
    model = onnx_node_model(**onnx_arrays())
    [node] = model.graph.node
    given = [*node.input][:4]
    del node.input[:]
    node.input.extend([*given, "lens", "h", "c"])
    zero, one = np.zeros((1, 3, H), "f4"), np.ones((1, 3, H), "f4")
    model.graph.initializer.append(numpy_helper.from_array(zero, "c"))
    interop.from_onnx(model)  # the others are inputs of the model
    model.graph.initializer.append(numpy_helper.from_array(one, "h"))
    with pytest.warns(UserWarning, match="stores 'h', an input of the node 'y', .* as hx="):
        interop.from_onnx(model)
    model.graph.initializer[-1].name = "lens"
    with pytest.warns(UserWarning, match="stores 'lens', .* as lengths="):
        interop.from_onnx(model)


def test_layout_names_and_constants_of_an_onnx_model():
    arrays = [normal(size=(1, 3 * H, size)).astype("f4") for size in (D, H)]
    constants = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array))
        for name, array in zip("WR", arrays, strict=True)
    ]
    nodes = [
        helper.make_node("GRU", ["x", "W", "R"], ["y"], layout=1, linear_before_reset=1),
        helper.make_node("GRU", ["x", "W", "R"], ["z"], "other"),
    ]
    model = helper.make_model(helper.make_graph([*constants, *nodes], "graph", [], []))
    layer, other = interop.from_onnx(model, "y"), interop.from_onnx(model, "other")
    assert layer.batch_first
    assert not other.batch_first
    assert (layer.cell, other.cell) == (GRUCell(), GRUCell(reset_after=False))
    assert not interop.from_onnx(model, "y", batch_first=False).batch_first
    for found, array in zip((layer.weight_ih_l0, layer.weight_hh_l0), arrays, strict=True):
        z, r, n = np.split(array[0], 3)
        assert np.array_equal(found.detach().numpy(), np.concatenate([r, z, n]))


def test_an_onnx_node_without_its_hidden_size():
    model = onnx_node_model(**onnx_arrays())
    [attribute] = [a for a in model.graph.node[0].attribute if a.name == "hidden_size"]
    model.graph.node[0].attribute.remove(attribute)
    assert interop.from_onnx(model).hidden_size == H


def test_constants_of_an_onnx_model_that_no_tensor_represents():
    model = onnx_node_model(**onnx_arrays())
    model.graph.initializer.append(numpy_helper.from_array(np.array([b"a"], object), "text"))
    assert interop.from_onnx(model).hidden_size == H


def flax_tree(**changes):
    """The tree of a SimpleCell, with other entries in place of some."""
    tree = {"i": {"kernel": np.ones((D, H)), "bias": np.ones(H)}, "h": {"kernel": np.ones((H, H))}}
    return tree | changes


WRONG_FLAX = {
    "h should have a kernel and perhaps a bias, got bias": lambda: flax_tree(h={"bias": 1.0}),
    "i should have a kernel and perhaps a bias, got nothing": lambda: flax_tree(i={}),
    "h should have a kernel and perhaps a bias, got an object of type ndarray": (
        lambda: flax_tree(h=np.ones((H, H)))
    ),
    "h should have a kernel and perhaps a bias, got kernel, scale": (
        lambda: flax_tree(h={"kernel": np.ones((H, H)), "scale": np.ones(H)})
    ),
    "a cell's parameters should be one of: .*; got .*an object of type ndarray": lambda: np.ones(3),
    "a cell's parameters should be one of: .*; got .*1, h": lambda: {1: {}, "h": {}},
}


@pytest.mark.parametrize("message", WRONG_FLAX)
def test_trees_that_are_not_those_of_flax(message):
    with pytest.raises(ValueError, match=message):
        interop.from_flax(WRONG_FLAX[message]())
    with pytest.raises(ValueError, match=message):
        interop.from_flax(flax_tree(), WRONG_FLAX[message]())


TO = {
    "keras": interop.to_keras,
    "flax": interop.to_flax,
    "tensorflow": interop.to_tensorflow,
    "safetensors": lambda layer: interop.to_safetensors(layer, "never written"),
}


@pytest.mark.parametrize("framework", TO)
def test_a_layer_of_torch(framework):
    message = "should be a layer of lstm_variants.nn, got torch.nn.modules.rnn.LSTM"
    with pytest.raises(TypeError, match=message):
        TO[framework](torch.nn.LSTM(D, H))


@pytest.mark.parametrize("k", [True, 0.0, "0", None], ids=repr)
@pytest.mark.parametrize("framework", ["keras", "flax", "tensorflow"])
def test_k_that_is_no_integer(framework, k):
    with pytest.raises(TypeError, match="k should be an integer, got"):
        TO[framework](LSTM(D, H, num_layers=2), k)


@pytest.mark.parametrize("framework", ["keras", "tensorflow", "flax"])
@pytest.mark.parametrize("zoneout", [0.5, (0.0, 0.1)], ids=str)
def test_zoneout_is_no_weight(framework, zoneout):
    """It is part of the function in inference, unlike dropout."""
    convert = getattr(interop, f"to_{framework}")
    layer = LSTM(D, H, zoneout=zoneout, recurrent_dropout=0.5)
    with pytest.raises(ValueError, match="to convert the weights alone"):
        convert(layer)
    layer.zoneout = 0
    convert(layer)


def test_k_of_numpy():
    layer = LSTM(D, H, num_layers=2)
    for array, same in zip(
        interop.to_keras(layer, np.int64(1)), interop.to_keras(layer, 1), strict=True
    ):
        assert np.array_equal(array, same)


def test_parameters_that_a_hook_computes():
    layer = prune.identity(LSTM(D, H), "weight_hh_l0")
    for convert in (interop.to_keras, interop.to_flax, interop.to_tensorflow):
        with pytest.raises(ValueError, match=r"weight_hh_l0 is computed when the layer is called"):
            convert(layer)
    prune.remove(layer, "weight_hh_l0")
    again = interop.from_keras("LSTM", interop.to_keras(layer))
    assert torch.equal(again.weight_hh_l0, layer.weight_hh_l0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_trained_parameters_of_torch_as_arrays(dtype):
    layer = LSTM(D, H, bias=False, dtype=dtype)
    arrays = [layer.weight_ih_l0.T, layer.weight_hh_l0.T]
    again = interop.from_keras("LSTM", arrays)
    assert torch.equal(again.weight_hh_l0, layer.weight_hh_l0)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
    assert again.weight_hh_l0.any()  # memory of its own


def test_the_default_device_does_not_matter_to_arrays():
    layer = LSTM(D, H)
    with torch.device("meta"):
        again = interop.from_keras("LSTM", interop.to_keras(layer), device="cpu")
    assert torch.equal(again.weight_hh_l0, layer.weight_hh_l0)


def test_variables_of_tensorflow_that_are_no_dictionary():
    with pytest.raises(ValueError, match="the variables should be a dictionary, got list"):
        interop.from_tensorflow([("kernel", 1)])
