"""Our layers in the frameworks themselves: `make test-interop`.

Weights are drawn here, with two biases each: what a framework computes with the arrays that
`lstm_variants.interop` gives it has to be what our layer computes. Its weights have to be the same
arrays after a way back and forth again.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # for tf.compat.v1.nn.rnn_cell
os.environ["KERAS_BACKEND"] = "jax"

import flax.linen
import jax
import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

from lstm_variants import interop, nn

B, T, D, H, P = 3, 6, 4, 5, 2
v1 = tf.compat.v1

LAYERS = {
    "LSTM": nn.LSTM,
    "GRU": nn.GRU,
    "SimpleRNN": nn.RNN,
}


def assert_same_output(layer, x, found):
    with torch.no_grad():
        expected, _ = layer(torch.tensor(x))
    np.testing.assert_allclose(np.asarray(found), expected.numpy(), rtol=0, atol=2e-6)


def assert_same_arrays(found, expected):
    """Bit for bit."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(B, T, D)).astype("f4")


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("kind", LAYERS)
def test_keras(kind, both, num_layers, x):
    layer = LAYERS[kind](D, H, num_layers, bidirectional=both, batch_first=True)
    stack = []
    for _ in range(num_layers):
        recurrent = getattr(keras.layers, kind)(H, return_sequences=True)
        stack.append(keras.layers.Bidirectional(recurrent) if both else recurrent)
    model = keras.Sequential(stack)
    model.build(x.shape)
    for k, recurrent in enumerate(stack):
        recurrent.set_weights(interop.to_keras(layer, k))
    assert_same_output(layer, x, model(x))
    for recurrent in stack:
        arrays = recurrent.get_weights()
        back = interop.to_keras(interop.from_keras(kind, arrays))
        assert_same_arrays(dict(enumerate(back)), dict(enumerate(arrays)))


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("OptimizedLSTMCell", nn.LSTM),
        ("LSTMCell", nn.LSTM),
        ("GRUCell", nn.GRU),
        ("SimpleCell", nn.RNN),
    ],
)
def test_flax(kind, ours, x):
    layer = ours(D, H, batch_first=True)
    rnn = flax.linen.RNN(getattr(flax.linen, kind)(H))
    [tree] = interop.to_flax(layer)
    wanted = jax.tree.map(np.shape, rnn.init(jax.random.key(0), x)["params"]["cell"])
    assert jax.tree.map(np.shape, tree) == wanted
    assert_same_output(layer, x, rnn.apply({"params": {"cell": tree}}, x))
    [back] = interop.to_flax(interop.from_flax(tree))
    jax.tree.map(np.testing.assert_array_equal, back, tree)


@pytest.mark.parametrize("forget_bias", [0.0, 1.0])
@pytest.mark.parametrize("proj_size", [0, P])
@pytest.mark.parametrize("peephole", [False, True], ids=["plain", "peepholes"])
def test_tensorflow_checkpoints(peephole, proj_size, forget_bias, x, tmp_path):
    """A graph of TensorFlow 1 with our variables, saved, read, and made into a layer again."""
    ours = nn.PeepholeLSTM if peephole else nn.LSTM
    layer = ours(D, H, proj_size=proj_size, batch_first=True)
    [variables] = interop.to_tensorflow(layer, forget_bias=forget_bias)
    with tf.Graph().as_default(), v1.Session() as session:
        cell = v1.nn.rnn_cell.LSTMCell(
            H, use_peepholes=peephole, num_proj=proj_size or None, forget_bias=forget_bias
        )
        output, _ = v1.nn.dynamic_rnn(cell, tf.constant(x), dtype=tf.float32)
        prefix = "rnn/lstm_cell/"
        names = {variable.op.name.removeprefix(prefix) for variable in v1.global_variables()}
        assert names == set(variables)
        for variable in v1.global_variables():
            variable.load(variables[variable.op.name.removeprefix(prefix)], session)
        assert_same_output(layer, x, session.run(output))
        path = v1.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    reader = tf.train.load_checkpoint(path)
    saved = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    assert_same_arrays({k.removeprefix(prefix): a for k, a in saved.items()}, variables)
    again = interop.from_tensorflow(saved, forget_bias=forget_bias, batch_first=True)
    assert_same_output(again, x, layer(torch.tensor(x))[0].detach())
    [back] = interop.to_tensorflow(again, forget_bias=forget_bias)
    assert_same_arrays(back, variables)
