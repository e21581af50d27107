"""Write what Keras, TensorFlow and Flax compute, for tests/test_frameworks.py.

Needs the extra `frameworks`: `python tests/frameworks/write.py FILE`. Without a file, it writes the
one that is tested without the frameworks.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # for tf.compat.v1.nn.rnn_cell
os.environ["KERAS_BACKEND"] = "jax"

import flax
import flax.linen
import jax
import keras
import numpy as np
import tensorflow as tf

B, T, D, H, P = 3, 6, 4, 5, 2
rng = np.random.default_rng(0)
x = rng.normal(size=(B, T, D)).astype("f4")
found = {"x": x}


def normal(array):
    return (rng.normal(size=np.shape(array)) / 2).astype("f4")


def keras_layers():
    """Kernels, biases and outputs of each layer of Keras, from random weights."""
    layers = {
        "LSTM": keras.layers.LSTM(H, return_sequences=True),
        "GRU": keras.layers.GRU(H, return_sequences=True),
        "GRU-before": keras.layers.GRU(H, return_sequences=True, reset_after=False),
        "SimpleRNN": keras.layers.SimpleRNN(H, return_sequences=True),
        "Bidirectional": keras.layers.Bidirectional(keras.layers.LSTM(H, return_sequences=True)),
    }
    for name, layer in layers.items():
        layer(x)
        layer.set_weights([normal(array) for array in layer.get_weights()])
        for k, array in enumerate(layer.get_weights()):
            found[f"keras/{name}/{k}"] = array
        found[f"keras/{name}/output"] = np.asarray(layer(x))


def flax_cells():
    """Trees and outputs of the cells of Flax, from random parameters."""
    for kind in ("OptimizedLSTMCell", "LSTMCell", "GRUCell", "SimpleCell"):
        rnn = flax.linen.RNN(getattr(flax.linen, kind)(H))
        variables = jax.tree.map(normal, rnn.init(jax.random.key(0), x))
        flat = flax.traverse_util.flatten_dict(variables["params"]["cell"], sep="/")
        for name, array in flat.items():
            found[f"flax/{kind}/{name}"] = array
        found[f"flax/{kind}/output"] = np.asarray(rnn.apply(variables, x))


def tensorflow_cell(name, **options):
    """A checkpoint of TensorFlow 1 with an LSTMCell, as it is read again, and the cell's output."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        cell = v1.nn.rnn_cell.LSTMCell(H, **options)
        output, _ = v1.nn.dynamic_rnn(cell, tf.constant(x), dtype=tf.float32)
        for variable in v1.global_variables():
            variable.load(normal(np.zeros(variable.shape)), session)
        path = v1.train.Saver().save(session, str(Path(tempfile.mkdtemp()) / "model.ckpt"))
        reader = tf.train.load_checkpoint(path)
        for key in reader.get_variable_to_shape_map():
            found[f"tensorflow/{name}/{key}"] = reader.get_tensor(key)
        found[f"tensorflow/{name}/output"] = session.run(output)


def tensorflow_block_cell():
    """What the kernel behind LSTMBlockCell computes with peepholes."""
    shapes = dict(kernel=(D + H, 4 * H), bias=(4 * H,), w_i_diag=(H,), w_f_diag=(H,), w_o_diag=(H,))
    v = {name: normal(np.zeros(shape)) for name, shape in shapes.items()}
    h = c = np.zeros((B, H), "f4")
    outputs = []
    for t in range(T):
        _, c, _, _, _, _, h = block_step(x[:, t], h, c, v)
        outputs.append(h)
    for key, array in v.items():
        found[f"tensorflow/block/{key}"] = array
    found["tensorflow/block/output"] = np.stack(outputs, axis=1)


def block_step(x_t, h, c, v):
    """One step: i, cs, f, o, ci, co and h."""
    step = tf.raw_ops.LSTMBlockCell(
        x=x_t,
        cs_prev=c,
        h_prev=h,
        w=v["kernel"],
        wci=v["w_i_diag"],
        wcf=v["w_f_diag"],
        wco=v["w_o_diag"],
        b=v["bias"],
        forget_bias=1.0,
        cell_clip=-1.0,
        use_peephole=True,
    )
    return tuple(np.asarray(tensor) for tensor in step)


keras_layers()
flax_cells()
tensorflow_cell("plain")
tensorflow_cell("peepholes", use_peepholes=True)
tensorflow_cell("forget bias 0", use_peepholes=True, forget_bias=0.0)
tensorflow_cell("projection", use_peepholes=True, num_proj=P)
tensorflow_block_cell()
here = Path(__file__).parent / "vectors.npz"
np.savez_compressed(sys.argv[1] if sys.argv[1:] else here, **found)
