"""The table of variants says what is true."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from lstm_variants import VARIANTS, models
from lstm_variants.cells import LSTMCell
from lstm_variants.nn import LSTM, Recurrent
from lstm_variants.nn.init import gate_bias_
from lstm_variants.papers import PAPERS

every_variant = pytest.mark.parametrize("name", VARIANTS)


@every_variant
def test_papers_are_known(name):
    assert VARIANTS[name].papers
    assert set(VARIANTS[name].papers) <= set(PAPERS)


@every_variant
def test_state_starts_at_zero_with_the_output_first(name):
    cell = VARIANTS[name].cell
    state = cell.initial_state(torch.empty(3, 1, dtype=torch.float64), hidden_size=5)
    assert state._fields[0] == "h"
    assert all(s.shape == (3, 5) and s.dtype == torch.float64 for s in state)
    starts = {name: s.unique().tolist() for name, s in state._asdict().items()}
    # A stabiliser is a logarithm.
    assert starts == {name: [-math.inf if name == "m" else 0.0] for name in state._fields}


@every_variant
def test_cells_are_values(name):
    cell = VARIANTS[name].cell
    assert cell == type(cell)(**vars(cell))
    assert hash(cell) == hash(type(cell)(**vars(cell)))


def test_the_notebooks_models_are_in_the_table():
    listed = {v.model for v in VARIANTS.values() if v.model is not None}
    public = {getattr(models, name) for name in models.__all__} - {models.SequenceModel}
    assert listed == public


@pytest.mark.parametrize("cell", ["LSTM", LSTMCell, nn.LSTM(3, 4)], ids=["text", "class", "layer"])
def test_what_is_no_cell_makes_no_layer(cell):
    with pytest.raises(TypeError, match=r"cell should be a cell, such as LSTMCell\(\), got"):
        Recurrent(cell, 3, 4)


def test_the_cell_of_a_layer_with_a_parametrisation_is_shown():
    layer = Recurrent(LSTMCell(coupled=True), 3, 4)
    parametrizations.weight_norm(layer, "weight_hh_l0")
    assert repr(layer).startswith("ParametrizedRecurrent(\n  LSTMCell(coupled=True), 3, 4")
    assert "LSTMCell" not in repr(parametrizations.weight_norm(LSTM(3, 4), "weight_hh_l0"))


SMALL_STEPS = {
    "JANET": {"keep": 4.84375, "candidate": 3.0},
    "MinGRU": {"write": -4.84375, "candidate": 1.0},
    "MinLSTM": {"keep": 3.0, "write": -3.0, "candidate": 1.0},
    "IndRNN": {"candidate": 0.003},
    "MultiplicativeLSTM": {"keep": 30.0, "write": -6.0, "candidate": 30.0, "output": 30.0},
}
"""Biases by role with which a state grows by less than bfloat16 can add to it."""


@pytest.mark.parametrize("name", SMALL_STEPS)
def test_the_reference_keeps_small_terms_in_half_precision(name):
    layer = VARIANTS[name].layer(1, 1, dtype=torch.bfloat16, backend="reference")
    for parameter in layer.parameters():
        nn.init.constant_(parameter, float(name == "IndRNN"))
    for role, bias in SMALL_STEPS[name].items():
        gate_bias_(layer, role, bias)
    x, exact = torch.zeros(500, 1, 1), copy.deepcopy(layer).double()
    found, expected = layer(x.bfloat16())[0].double(), exact(x.double())[0]
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.0)
