"""Layers from weights that Keras, TensorFlow and Flax wrote, against what these computed.

`frameworks/write.py` wrote both, TensorFlow's variables through a checkpoint. FRAMEWORK_VECTORS is
another file of its.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from lstm_variants import interop

STORED = Path(__file__).parent / "frameworks" / "vectors.npz"
VECTORS = dict(np.load(os.environ.get("FRAMEWORK_VECTORS", STORED)))
TOLERANCE = {"rtol": 0, "atol": 2e-6}


def vectors_of(prefix):
    """The arrays of a cell by their names, and its output."""
    found = {k.removeprefix(prefix): v for k, v in VECTORS.items() if k.startswith(prefix)}
    return found, found.pop("output")


def names_of(framework):
    return sorted({key.split("/")[1] for key in VECTORS if key.startswith(f"{framework}/")})


def assert_computes(layer, expected):
    with torch.no_grad():
        output, _ = layer(torch.tensor(VECTORS["x"]))
    np.testing.assert_allclose(output.numpy(), expected, **TOLERANCE)


def assert_same_arrays(found, expected):
    """Bit for bit."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array), name


@pytest.mark.parametrize("name", names_of("keras"))
def test_keras(name):
    arrays, expected = vectors_of(f"keras/{name}/")
    kind = {"GRU-before": "GRU", "Bidirectional": "LSTM"}.get(name, name)
    layer = interop.from_keras(kind, [arrays[str(k)] for k in range(len(arrays))], batch_first=True)
    assert_computes(layer, expected)
    assert_same_arrays({str(k): a for k, a in enumerate(interop.to_keras(layer))}, arrays)


@pytest.mark.parametrize("name", names_of("flax"))
def test_flax(name):
    arrays, expected = vectors_of(f"flax/{name}/")
    tree = {}
    for path, array in arrays.items():
        block, part = path.split("/")
        tree.setdefault(block, {})[part] = array
    layer = interop.from_flax(tree, batch_first=True)
    assert_computes(layer, expected)
    [again] = interop.to_flax(layer)
    flat = {f"{block}/{part}": a for block, dense in again.items() for part, a in dense.items()}
    assert_same_arrays(flat, arrays)


@pytest.mark.parametrize("name", names_of("tensorflow"))
def test_tensorflow(name):
    arrays, expected = vectors_of(f"tensorflow/{name}/")
    forget_bias = 0.0 if name == "forget bias 0" else 1.0
    layer = interop.from_tensorflow(arrays, forget_bias=forget_bias, batch_first=True)
    assert_computes(layer, expected)
    [again] = interop.to_tensorflow(layer, forget_bias=forget_bias)
    scope = "rnn/lstm_cell/" if name != "block" else ""
    assert_same_arrays({scope + key: array for key, array in again.items()}, arrays)
    wrong = interop.from_tensorflow(arrays, forget_bias=forget_bias + 1, batch_first=True)
    with pytest.raises(AssertionError):
        assert_computes(wrong, expected)


def test_every_framework_is_there():
    assert len(names_of("keras")) == 5
    assert len(names_of("flax")) == 4
    assert len(names_of("tensorflow")) == 5
