"""Weights from other frameworks: compared with their equations in NumPy, and bit for bit."""

import numpy as np
import pytest
import torch

from lstm_variants import interop
from lstm_variants.cells import ElmanCell, GRUCell, LSTMCell
from lstm_variants.nn import GRU, LSTM, RNN, PeepholeLSTM
from tests.layers import assert_same_layers

T, B, D, H = 6, 3, 4, 5
rng = np.random.default_rng(0)


def normal(*shape):
    return rng.normal(size=shape) / 2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def output_of(layer, x):
    with torch.no_grad():
        return layer(torch.tensor(x))[0].numpy()


# What the frameworks compute, one step of one sequence, from their sources.


def keras_lstm(x, h, c, kernel, recurrent, bias):
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def keras_gru(x, h, c, kernel, recurrent, bias):
    z, r, n = np.split(x @ kernel + bias[0], 3)
    u_z, u_r, u_n = np.split(h @ recurrent + bias[1], 3)
    z, r = sigmoid(z + u_z), sigmoid(r + u_r)
    return z * h + (1 - z) * np.tanh(n + r * u_n), c


def keras_gru_before(x, h, c, kernel, recurrent, bias):
    z, r, n = np.split(x @ kernel + bias, 3)
    u_z, u_r, u_n = np.split(recurrent, 3, axis=1)
    z, r = sigmoid(z + h @ u_z), sigmoid(r + h @ u_r)
    return z * h + (1 - z) * np.tanh(n + (r * h) @ u_n), c


def keras_rnn(x, h, c, kernel, recurrent, bias):
    return np.tanh(x @ kernel + h @ recurrent + bias), c


KERAS = {
    "LSTM": ("LSTM", 4, keras_lstm, (4 * H,)),
    "GRU": ("GRU", 3, keras_gru, (2, 3 * H)),
    "GRU-before": ("GRU", 3, keras_gru_before, (3 * H,)),
    "SimpleRNN": ("SimpleRNN", 1, keras_rnn, (H,)),
}


def run(step, x, *weights):
    outputs = []
    for sequence in x.transpose(1, 0, 2):
        h = c = np.zeros(H)
        for x_t in sequence:
            h, c = step(x_t, h, c, *weights)
            outputs.append(h)
    return np.stack(outputs).reshape(B, T, -1).transpose(1, 0, 2)


@pytest.mark.parametrize("name", KERAS)
def test_keras(name):
    kind, n, step, bias = KERAS[name]
    weights = [normal(D, n * H), normal(H, n * H), normal(*bias)]
    layer, x = interop.from_keras(kind, weights), normal(T, B, D)
    np.testing.assert_allclose(output_of(layer, x), run(step, x, *weights), rtol=0, atol=1e-12)
    for array, again in zip(weights, interop.to_keras(layer), strict=True):
        assert np.array_equal(array, again)


@pytest.mark.parametrize("name", KERAS)
def test_keras_in_both_directions_and_without_biases(name):
    kind, n, step, bias = KERAS[name]
    weights = [normal(D, n * H), normal(H, n * H), normal(D, n * H), normal(H, n * H)]
    layer = interop.from_keras(kind, weights, reset_after=name != "GRU-before")
    assert layer.bidirectional
    assert not layer.bias
    x, zero = normal(T, B, D), np.zeros(bias)
    forward, backward = run(step, x, *weights[:2], zero), run(step, x[::-1], *weights[2:], zero)
    expected = np.concatenate([forward, backward[::-1]], axis=-1)
    np.testing.assert_allclose(output_of(layer, x), expected, rtol=0, atol=1e-12)
    for array, again in zip(weights, interop.to_keras(layer), strict=True):
        assert np.array_equal(array, again)


def tf_lstm(x, h, c, kernel, bias, w_i_diag, w_f_diag, w_o_diag, forget_bias=1.0):
    i, j, f, o = np.split(np.concatenate([x, h]) @ kernel + bias, 4)
    c_new = sigmoid(f + forget_bias + w_f_diag * c) * c + sigmoid(i + w_i_diag * c) * np.tanh(j)
    return sigmoid(o + w_o_diag * c_new) * np.tanh(c_new), c_new


def tf_variables(scope=""):
    shapes = {"kernel": (D + H, 4 * H), "bias": (4 * H,)}
    shapes |= dict.fromkeys(("w_i_diag", "w_f_diag", "w_o_diag"), (H,))
    return {scope + name: normal(*shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("forget_bias", [1.0, 0.0])
def test_tensorflow(forget_bias):
    variables = tf_variables("rnn/lstm_cell/")
    layer, x = interop.from_tensorflow(variables, forget_bias=forget_bias), normal(T, B, D)
    expected = run(lambda *a: tf_lstm(*a, forget_bias=forget_bias), x, *variables.values())
    np.testing.assert_allclose(output_of(layer, x), expected, rtol=0, atol=1e-12)
    [again] = interop.to_tensorflow(layer, forget_bias=forget_bias)
    for name, array in variables.items():
        assert np.array_equal(array, again[name.rsplit("/", 1)[-1]]), name


def flax_lstm(x, h, c, p):
    def dense(k):
        return x @ p[f"i{k}"]["kernel"] + h @ p[f"h{k}"]["kernel"] + p[f"h{k}"]["bias"]

    c = sigmoid(dense("f")) * c + sigmoid(dense("i")) * np.tanh(dense("g"))
    return sigmoid(dense("o")) * np.tanh(c), c


def flax_gru(x, h, c, p):
    def dense(k):
        return x @ p[f"i{k}"]["kernel"] + p[f"i{k}"]["bias"]

    r, z = (sigmoid(dense(k) + h @ p[f"h{k}"]["kernel"]) for k in "rz")
    n = np.tanh(dense("n") + r * (h @ p["hn"]["kernel"] + p["hn"]["bias"]))
    return (1 - z) * n + z * h, c


def flax_simple(x, h, c, p):
    return np.tanh(x @ p["i"]["kernel"] + p["i"]["bias"] + h @ p["h"]["kernel"]), c


FLAX = {
    "LSTM": (flax_lstm, {f"i{k}": False for k in "ifgo"} | {f"h{k}": True for k in "ifgo"}),
    "GRU": (flax_gru, dict(ir=True, iz=True, hr=False, hz=False, hn=True) | {"in": True}),
    "Simple": (flax_simple, dict(i=True, h=False)),
}
"""Blocks of Flax' cells, and whether they have a bias."""


def flax_tree(blocks):
    return {
        name: {"kernel": normal(D if name[0] == "i" else H, H)}
        | ({"bias": normal(H)} if has_bias else {})
        for name, has_bias in blocks.items()
    }


@pytest.mark.parametrize("name", FLAX)
def test_flax(name):
    step, blocks = FLAX[name]
    tree, x = flax_tree(blocks), normal(T, B, D)
    layer = interop.from_flax(tree)
    np.testing.assert_allclose(output_of(layer, x), run(step, x, tree), rtol=0, atol=1e-12)
    [again] = interop.to_flax(layer)
    assert {k: set(dense) for k, dense in again.items()} == {k: set(v) for k, v in tree.items()}
    for k, dense in tree.items():
        for part, array in dense.items():
            assert np.array_equal(array, again[k][part]), (k, part)


CONVERSIONS = {
    "keras": (lambda layer, k: interop.from_keras(kind_of(layer), interop.to_keras(layer, k))),
    "flax": (lambda layer, k: interop.from_flax(*interop.to_flax(layer, k))),
    "tensorflow": (lambda layer, k: interop.from_tensorflow(*interop.to_tensorflow(layer, k))),
}


def kind_of(layer):
    return {LSTMCell: "LSTM", GRUCell: "GRU", ElmanCell: "SimpleRNN"}[type(layer.cell)]


@pytest.mark.parametrize(
    ("framework", "make"),
    [
        *[("keras", make) for make in (LSTM, GRU, RNN)],
        *[("flax", make) for make in (LSTM, GRU, RNN)],
        *[("tensorflow", make) for make in (LSTM, PeepholeLSTM)],
    ],
)
def test_a_stacked_layer_goes_there_and_back(framework, make):
    """The same function; and from the second time on the same bits."""
    layer = make(D, H, num_layers=2, bidirectional=True, dtype=torch.float64)
    x = torch.tensor(normal(T, B, D))
    once = [CONVERSIONS[framework](layer, k) for k in range(2)]
    torch.testing.assert_close(once[1](once[0](x)[0])[0], layer(x)[0], rtol=0, atol=1e-12)
    for part in once:
        assert_same_layers(CONVERSIONS[framework](part, 0), part)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("to", [interop.to_keras, interop.to_flax, interop.to_tensorflow])
def test_arrays_are_copies(to, size):
    layer = LSTM(size, size, num_layers=1)
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    for array in leaves(to(layer)):
        array.fill(9)
    for name, tensor in layer.state_dict().items():
        assert torch.equal(tensor, before[name]), name


class Foreign:
    """An array of a framework that NumPy converts, as those of JAX."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype)


def test_arrays_of_a_framework():
    weights = [normal(D, 4 * H), normal(H, 4 * H), normal(4 * H)]
    layer = interop.from_keras("LSTM", [Foreign(array) for array in weights])
    assert_same_layers(layer, interop.from_keras("LSTM", weights))


def leaves(values):
    if isinstance(values, np.ndarray):
        return [values]
    values = values.values() if isinstance(values, dict) else values
    return [array for value in values for array in leaves(value)]


def test_a_layer_without_biases_in_tensorflow():
    layer, x = LSTM(D, H, bias=False, dtype=torch.float64), normal(T, B, D)
    again = interop.from_tensorflow(*interop.to_tensorflow(layer))
    np.testing.assert_allclose(output_of(again, x), output_of(layer, x), rtol=0, atol=1e-12)


def test_a_projection_in_tensorflow():
    layer = PeepholeLSTM(D, H, proj_size=2, dtype=torch.float64)
    [variables] = interop.to_tensorflow(layer)
    assert variables["projection/kernel"].shape == (H, 2)
    again = interop.from_tensorflow(variables)
    x = torch.tensor(normal(T, B, D))
    torch.testing.assert_close(again(x)[0], layer(x)[0], rtol=0, atol=1e-12)


WRONG = {
    "kind should be one of LSTM, GRU, SimpleRNN, got 'CuDNNLSTM'": (
        lambda: interop.from_keras("CuDNNLSTM", [])
    ),
    "one or two directions, got 5 arrays": lambda: interop.from_keras("LSTM", [normal(1)] * 5),
    r"the recurrent kernel should have the shape \[5, 20\], got \[5, 19\]": (
        lambda: interop.from_keras("LSTM", [normal(D, 4 * H), normal(H, 4 * H - 1)])
    ),
    "Keras has LSTM, GRU and SimpleRNN without projection, not LSTMCell.peephole": (
        lambda: interop.to_keras(PeepholeLSTM(D, H))
    ),
    "k should be from 0 to 0, got 1": lambda: interop.to_keras(LSTM(D, H), 1),
    "the keys of a cell's parameters should be one of": lambda: interop.from_flax({"kernel": {}}),
    r"Flax has LSTM, GRU \(reset_after=True\)": (
        lambda: interop.to_flax(GRU(D, H, reset_after=False))
    ),
    "the variables should have bias, got kernel": (
        lambda: interop.from_tensorflow({"kernel": normal(D + H, 4 * H)})
    ),
    "an LSTM cell of TensorFlow has no variable gates": (
        lambda: interop.from_tensorflow(tf_variables() | {"gates": normal(1)})
    ),
    "those of one cell, .* got a second kernel": (
        lambda: interop.from_tensorflow(tf_variables("a/") | tf_variables("b/"))
    ),
    "peepholes should be w_i_diag, w_f_diag, w_o_diag": (
        lambda: interop.from_tensorflow(
            {name: v for name, v in tf_variables().items() if name != "w_o_diag"}
        )
    ),
    r"the kernel should have D \+ 5 rows": (
        lambda: interop.from_tensorflow({"kernel": normal(H, 4 * H), "bias": normal(4 * H)})
    ),
    "TensorFlow has the standard LSTM": lambda: interop.to_tensorflow(GRU(D, H)),
}


@pytest.mark.parametrize("message", WRONG)
def test_errors(message):
    with pytest.raises(ValueError, match=message):
        WRONG[message]()


@pytest.mark.parametrize("bias", [(), (normal(4 * H + 1),)], ids=["", "bias"])
def test_columns_that_are_not_four_blocks(bias):
    kernels = normal(D, 4 * H + 1), normal(H, 4 * H)
    with pytest.raises(ValueError, match="21 rows or columns cannot be divided into 4 blocks"):
        interop.from_keras("LSTM", [*kernels, *bias])
    if bias:
        with pytest.raises(ValueError, match="21 rows or columns"):
            interop.from_tensorflow({"kernel": normal(D + H, 4 * H), "bias": bias[0]})


def keras_lstm(D, H):
    return [normal(D, 4 * H), normal(H, 4 * H), normal(4 * H)]


DIFFERENT = {
    "keras-H": lambda: interop.from_keras("LSTM", keras_lstm(D, H) + keras_lstm(D, H + 1)),
    "keras-D": lambda: interop.from_keras("LSTM", keras_lstm(D, H) + keras_lstm(D + 1, H)),
    "flax": lambda: interop.from_flax(*interop.to_flax(LSTM(D, H)), *interop.to_flax(LSTM(D, 1))),
    "tensorflow-peepholes": lambda: interop.from_tensorflow(
        tf_variables(), interop.to_tensorflow(LSTM(D, H, dtype=torch.float64))[0]
    ),
    "tensorflow-none": lambda: interop.from_tensorflow(
        interop.to_tensorflow(LSTM(D, H, dtype=torch.float64))[0], tf_variables()
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_directions_that_do_not_fit_together(case):
    with pytest.raises(ValueError, match="the arrays do not fit together"):
        DIFFERENT[case]()
