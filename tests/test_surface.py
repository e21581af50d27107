"""What users find: names of the package, and errors for names that do not exist."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest
import torch

import lstm_variants as lv
from lstm_variants import nn
from lstm_variants.names import Table
from lstm_variants.papers import PAPERS


def test_dir_shows_what_users_look_for():
    names = {name for name in dir(lv) if not name.startswith("_")}
    assert names == {*lv.__all__}
    assert {"nn", "cells", "models", "trace", "interop", "testing", "VARIANTS"} < names
    assert not names & {"steps", "torch_internals", "annotations", "names", "import_module"}
    assert all(getattr(lv, name) is not None for name in names)


def test_no_name_has_two_classes():
    """A layer and a model may share a name, since neither is at the top level."""
    classes = {name for module in (lv.nn, lv.models, lv.cells) for name in module.__all__}
    assert not classes & {*vars(lv)} - {"init"}


PLACES = {
    "PeepholeLSTM": "lstm_variants.models.PeepholeLSTM or lstm_variants.nn.PeepholeLSTM",
    "GRU": "lstm_variants.models.GRU or lstm_variants.nn.GRU",
    "StandardLSTM": "lstm_variants.models.StandardLSTM or lstm_variants.nn.LSTM",
    "BiLSTM": "lstm_variants.models.BiLSTM or lstm_variants.nn.LSTM with bidirectional=True",
    "LSTMCell": "lstm_variants.cells.LSTMCell",
    "register": "lstm_variants.kernels.register",
}


@pytest.mark.parametrize("name", PLACES)
def test_a_name_that_is_elsewhere_is_an_error_with_the_places(name):
    with pytest.raises(AttributeError) as error:
        getattr(lv, name)
    text = f"module 'lstm_variants' has no attribute '{name}': use {PLACES[name]}"
    assert str(error.value) == text


def test_other_names_are_errors_with_similar_ones():
    with pytest.raises(AttributeError, match=r"attribute 'tarce' \(did you mean 'trace'\?\)$"):
        _ = lv.tarce
    with pytest.raises(AttributeError, match=r"has no attribute '__wrapped__'$"):
        _ = lv.__wrapped__
    assert not hasattr(lv, "steps_of_nothing")


MODULES = [
    module.name
    for module in pkgutil.walk_packages(lv.__path__, "lstm_variants.")
    if not module.name.endswith("lstm_variants_kernels")  # a library, and no module
]


@pytest.mark.parametrize("name", MODULES)
def test_no_module_has_a_function_of_its_name(name):
    """One dotted name would be both: which one an import gives would depend on others."""
    function = getattr(importlib.import_module(name), name.rpartition(".")[2], None)
    assert not (inspect.isfunction(function) and function.__module__.startswith("lstm_variants"))


LOOKUPS = {
    "variant": (lambda: lv.VARIANTS["peephole"], KeyError, "PeepholeLSTM"),
    "paper": (lambda: PAPERS["Cho 2014"], KeyError, "Cho et al. 2014"),
    "backend": (lambda: nn.LSTM(3, 4, backend="refrence"), ValueError, "reference"),
    "block": (lambda: nn.init.gate_bias_(nn.LSTM(3, 4), "outputs", 1.0), ValueError, "output"),
    "kind": (lambda: lv.interop.from_keras("RNN", []), ValueError, "SimpleRNN"),
    "check": (
        lambda: lv.testing.check_cell(lv.cells.GRUCell(), leave_out="biases"),
        ValueError,
        "bias",
    ),
}


@pytest.mark.parametrize("what", LOOKUPS)
def test_a_look_up_suggests_similar_names(what):
    look_up, kind, expected = LOOKUPS[what]
    with pytest.raises(kind, match=rf"\(did you mean '{expected}'"):
        look_up()


def test_a_trace_names_its_letters():
    [steps] = lv.trace(nn.GRU(2, 3), torch.zeros(1, 1, 2))
    with pytest.raises(KeyError, match=r"the trace of GRUCell\(\) has no 'f', but r, z, n, h"):
        _ = steps["f"]


def test_a_table_is_a_dictionary():
    table = Table("thing", {"first": 1})
    assert table.get("fist") is None
    assert "fist" not in table
    with pytest.raises(
        KeyError, match=r"thing should be one of first, got 'fist' \(did you mean 'first'\?\)"
    ):
        table["fist"]
    with pytest.raises(KeyError, match="thing should be one of first, got 3"):
        table[3]


def test_frameworks_are_imported_when_they_are_used():
    code = "import sys, lstm_variants as lv; print('onnx' in sys.modules, lv.interop.from_onnx)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False <function from_onnx")
