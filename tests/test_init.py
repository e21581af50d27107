"""Biases that gates start with."""

import math

import numpy as np
import pytest
import torch
from torch.nn.utils import prune

from lstm_variants import VARIANTS, nn
from lstm_variants.cells import Block, GRUCell
from lstm_variants.models import StandardLSTM

ROLES_OF = {
    name: {block.role for block in variant.cell.blocks} for name, variant in VARIANTS.items()
}
GATED = [name for name, roles in ROLES_OF.items() if roles & {"keep", "write"}]
SUFFIXES = ("_l0", "_l0_reverse", "_l1", "_l1_reverse")


def biases(layer, suffix):
    """The sum of the biases that there are, by block."""
    given = [getattr(layer, f"{name}{suffix}", None) for name in ("bias_ih", "bias_hh")]
    total = sum(bias.detach() for bias in given if bias is not None)
    return dict(zip(layer.cell.block_names, total.split(layer.hidden_size), strict=True))


def unchanged(layer, before, gates):
    """Whether all parameters are as they were, but the biases of some gates."""
    H = layer.hidden_size
    for name, value in layer.state_dict().items():
        same = value == before[name]
        for k, gate in enumerate(layer.cell.block_names):
            if gate in gates and name.startswith(("bias_ih", "bias_hh")):
                same[k * H : (k + 1) * H] = True
        if not same.all():
            return False
    return True


def copied(layer):
    return {name: value.clone() for name, value in layer.state_dict().items()}


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("gates", ["f", "z", ("i", "o"), "n", "h"], ids=str)
def test_gates_get_the_bias_and_nothing_else_changes(name, gates):
    layer = VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True)
    before = copied(layer)
    if not set(gates) <= set(layer.cell.block_names):
        with pytest.raises(ValueError, match="blocks should be roles or names of the blocks of"):
            nn.init.gate_bias_(layer, gates, 1.5)
        assert unchanged(layer, before, ())
        return
    assert nn.init.gate_bias_(layer, gates, 1.5) is layer
    for suffix in SUFFIXES:
        for gate, bias in biases(layer, suffix).items():
            if gate in gates:
                assert (bias == 1.5).all()
    assert unchanged(layer, before, gates)


def test_each_unit_can_have_its_own_bias():
    layer = nn.GRU(3, 4, dtype=torch.float64)
    for values in ([1.0, 2.0, 3.0, 4.0], np.array([4.0, 3.0, 2.0, 1.0]), torch.arange(4.0)):
        nn.init.gate_bias_(layer, "z", values)
        assert biases(layer, "_l0")["z"].tolist() == list(values)
    for value in (0.1, [0.1] * 4):  # as exact as the layer is
        nn.init.gate_bias_(layer, "z", value)
        assert biases(layer, "_l0")["z"].tolist() == [0.1] * 4
    with pytest.raises(ValueError, match=r"have shape \[4\], one for .* got shape \[5\]"):
        nn.init.gate_bias_(layer, "z", torch.ones(5))


@pytest.mark.parametrize("name", GATED)
def test_a_gate_that_is_open_keeps_the_memory(name):
    layer = VARIANTS[name].layer(2, 3)
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    roles = ROLES_OF[name]
    for role, bias in (("keep", 50.0), ("write", -50.0)):
        if role in roles:
            nn.init.gate_bias_(layer, role, bias)
    if {"write", "candidate"} <= roles:
        nn.init.gate_bias_(layer, "candidate", 1.0)  # not written where the write gate is 0
    shape = (1 + layer.bidirectional, 5, 3)
    hx = tuple(torch.full(shape, 0.3) for _ in layer.cell.state_type._fields)
    _, after = layer(torch.randn(7, 5, 2), hx if len(hx) > 1 else hx[0])
    memory = after[1] if len(hx) > 1 else after
    torch.testing.assert_close(memory, hx[0])


@pytest.mark.parametrize("name", GATED)
def test_chrono_units_remember_for_up_to_so_many_steps(name):
    torch.manual_seed(0)
    layer = VARIANTS[name].layer(2, 400, num_layers=2, bidirectional=True)
    before = copied(layer)
    nn.init.chrono_(layer, 300)
    drawn = set()
    for suffix in SUFFIXES:
        blocks = biases(layer, suffix)
        bias = {block.role: blocks[block.name].double() for block in layer.cell.blocks}
        # Without a keep gate, gates are coupled, or nothing is forgotten.
        keeping = bias["keep"] if "keep" in bias else -bias["write"]
        u = keeping.exp()
        assert u.min() > 0.999
        assert u.max() < 299.1
        assert u.mean() == pytest.approx(150, rel=0.1)
        assert u.std() == pytest.approx(298 / math.sqrt(12), rel=0.1)  # of a uniform one
        if "write" in bias:
            torch.testing.assert_close(bias["write"], -keeping)
        drawn.add(float(u[0]))
    assert len(drawn) == len(SUFFIXES)
    drawn_blocks = [b.name for b in layer.cell.blocks if b.role in ("keep", "write")]
    assert unchanged(layer, before, drawn_blocks)


def test_chrono_is_drawn_from_torchs_generator():
    layer, drawn = nn.LSTM(2, 4), []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        assert nn.init.chrono_(layer, 50) is layer
        drawn.append(layer.bias_ih_l0[:8].tolist())
    assert drawn[0] == drawn[1]
    assert not set(drawn[0]) & set(drawn[2])


@pytest.mark.parametrize("t_max", ["5", None, torch.ones(2)], ids=str)
def test_a_lag_or_a_bias_that_is_no_number(t_max):
    with pytest.raises(TypeError, match="t_max should be a number of time steps, got"):
        nn.init.chrono_(nn.LSTM(2, 4), t_max)
    with pytest.raises(TypeError, match="bias should be a number or a tensor, got None"):
        nn.init.gate_bias_(nn.LSTM(2, 4), "keep", None)
    with pytest.raises(TypeError, match="bias should be real, got 1j"):
        nn.init.gate_bias_(nn.LSTM(2, 4), "keep", 1j)
    with pytest.raises(TypeError, match="bias should be a number or a tensor, got 10"):
        nn.init.gate_bias_(nn.LSTM(2, 4), "keep", 10**30)


def test_the_default_device_does_not_matter():
    layer = nn.LSTM(2, 4)
    with torch.device("meta"):
        nn.init.gate_bias_(layer, "keep", 1.5)
        nn.init.gate_bias_(layer, "output", [1.0, 2.0, 3.0, 4.0])
    bias = (layer.bias_ih_l0 + layer.bias_hh_l0).detach()
    assert torch.equal(bias[4:8], torch.full((4,), 1.5))
    assert torch.equal(bias[12:], torch.arange(1.0, 5.0))


def test_long_memories_in_half_precision():
    layer = nn.init.chrono_(nn.GRU(2, 100, dtype=torch.float16), 1e6)
    assert layer.bias_ih_l0.isfinite().all()
    assert layer.bias_ih_l0[100:200].max() > 12  # log of a few hundred thousand


def test_biases_that_are_tied():
    layer = nn.LSTM(2, 3, num_layers=2)
    layer.bias_ih_l1 = layer.bias_ih_l0
    nn.init.gate_bias_(layer, "keep", 1.0)
    assert layer.bias_ih_l1 is layer.bias_ih_l0
    assert torch.equal(layer.bias_ih_l0[3:6], torch.ones(3))
    nn.init.chrono_(layer, 50)
    assert (layer.bias_ih_l0[3:6] > 0).all()


def test_both_biases_of_a_direction_that_are_tied():
    layer = nn.GRU(2, 3)
    layer.bias_hh_l0 = layer.bias_ih_l0
    nn.init.gate_bias_(layer, "keep", 1.0)
    assert torch.equal(biases(layer, "_l0")["z"], torch.ones(3))
    nn.init.chrono_(layer, 50)
    assert (biases(layer, "_l0")["z"] > 0).all()


def test_biases_that_share_their_memory():
    """As after loading the state of a layer with tied biases by assignment."""
    layer = nn.GRU(2, 3)
    layer.bias_hh_l0.data = layer.bias_ih_l0.data
    nn.init.gate_bias_(layer, "keep", 1.0)
    assert torch.equal(biases(layer, "_l0")["z"], torch.ones(3))
    nn.init.chrono_(layer, 50)
    assert (biases(layer, "_l0")["z"] > 0).all()


def test_a_bias_that_is_a_part_of_the_layers_own():
    layer = nn.LSTM(2, 3, num_layers=2)
    own = layer.bias_hh_l0.detach()[3:6].clone()
    nn.init.gate_bias_(layer, "keep", layer.bias_hh_l0.chunk(4)[1])
    for k in (0, 1):
        assert torch.equal(biases(layer, f"_l{k}")["f"], own)


def test_layers_without_memory():
    with torch.device("meta"):
        layer = nn.init.chrono_(nn.LSTM(2, 3, num_layers=2), 50)
    assert layer.bias_ih_l0.is_meta


@pytest.mark.parametrize("gates", ["forget", "if", "F", "", (), ("i", "z")], ids=repr)
def test_a_name_that_is_no_gate_is_refused(gates):
    layer = nn.LSTM(2, 3)
    before = copied(layer)
    expected = r"LSTMCell\(\), i \(write\), f \(keep\), g \(candidate\), o \(output\), got"
    with pytest.raises(ValueError, match=expected):
        nn.init.gate_bias_(layer, gates, 1.0)
    assert unchanged(layer, before, ())


def arguments_of(change):
    return {nn.init.chrono_: (50,), nn.init.gate_bias_: ("f", 1.0)}[change]


every_change = pytest.mark.parametrize("change", [nn.init.chrono_, nn.init.gate_bias_])


@every_change
@pytest.mark.parametrize("other", [torch.nn.LSTM, StandardLSTM])
def test_what_is_no_layer_of_ours_is_refused(change, other):
    with pytest.raises(TypeError, match=f"layer of lstm_variants.nn, got {other.__name__}"):
        change(other(2, 3), *arguments_of(change))


@every_change
@pytest.mark.parametrize("bias", ["bias_ih_l0", "bias_hh_l0"])
def test_a_bias_that_is_computed_is_refused(change, bias):
    layer = nn.LSTM(2, 3)
    prune.random_unstructured(layer, bias, 0.5)
    before = copied(layer)
    with pytest.raises(ValueError, match=f"{bias} is computed"):
        change(layer, *arguments_of(change))
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())


@every_change
def test_a_layer_without_biases_is_refused(change):
    layer = nn.LSTM(2, 3, bias=False)
    before = copied(layer)
    with pytest.raises(ValueError, match="bias=True"):
        change(layer, *arguments_of(change))
    assert unchanged(layer, before, ())


@pytest.mark.parametrize("layer", [nn.RNN(2, 3), nn.SLSTM(2, 3, forget_activation="exp")])
def test_chrono_needs_gates(layer):
    """An exponential forget gate of the bias log u is u, and not u / (1 + u)."""
    with pytest.raises(ValueError, match="block of role 'keep' or 'write'"):
        nn.init.chrono_(layer, 50)


@pytest.mark.parametrize(
    "t_max", [1.9, 0, -3, math.nan, math.inf, 1e39, pytest.param(10**400, id="10**400")]
)
def test_chrono_needs_a_time(t_max):
    with pytest.raises(ValueError, match="t_max should be"):
        nn.init.chrono_(nn.LSTM(2, 3), t_max)


ROLES = ("keep", "write", "output", "candidate")
IN_AN_LSTM = ("f", "i", "o", "g")
GATES = {
    **dict.fromkeys(("RNN", "IndRNN"), ("", "", "", "h")),
    **dict.fromkeys(("GRU", "GRU-before"), ("z", "", "", "n")),
    **dict.fromkeys(("CoupledLSTM", "CIFG", "NFG", "LSTM-1997"), ("", "i", "o", "g")),
    "NIG": ("f", "", "o", "g"),
    "NOG": ("f", "i", "", "g"),
    "SLSTM": ("f", "i", "o", "z"),
    "MGU": ("", "f", "", "n"),
    "JANET": ("f", "", "", "g"),
    "MinGRU": ("", "z", "", "n"),
    "MinLSTM": ("f", "i", "", "n"),
}
"""The block of each role, empty if there is none, where that is not as in an LSTM."""


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_the_gate_that_the_paper_says(name, role):
    layer = VARIANTS[name].layer(2, 3)
    before = copied(layer)
    letter = GATES.get(name, IN_AN_LSTM)[ROLES.index(role)]
    assert letter in ("", *layer.cell.block_names), f"state the blocks of {name} in GATES"
    if not letter:
        with pytest.raises(ValueError, match="blocks should be roles"):
            nn.init.gate_bias_(layer, role, 1.5)
        return
    nn.init.gate_bias_(layer, role, 1.5)
    assert (biases(layer, "_l0")[letter] == 1.5).all()
    assert unchanged(layer, before, letter)


class WritingCell(GRUCell):
    """A cell of somebody else's, whose z writes where a GRU's keeps."""

    blocks = (Block("r", None), Block("z", "write"), Block("n", "candidate"))


def test_a_cell_says_what_its_gates_are_for():
    layer = nn.init.chrono_(nn.Recurrent(WritingCell(), 2, 50), 30)
    assert (biases(layer, "_l0")["z"] <= 0).all()
    with pytest.raises(ValueError, match=r"z \(write\), n \(candidate\), got 'keep'"):
        nn.init.gate_bias_(layer, "keep", 1.0)


def test_initial_values_of_the_cell_where_a_parameter_is_pruned():
    layer = prune.identity(nn.LayerNormLSTM(3, 4), "gain_c_l0")
    layer.reset_parameters()
    assert torch.equal(layer.gain_c_l0_orig, torch.ones(4))


def test_initial_values_of_cells():
    u = nn.IndRNN(3, 400).weight_hh_l0
    assert 0 <= u.min() < 0.1 < 0.9 < u.max() < 1
    for name, parameter in nn.LayerNormLSTM(3, 4).named_parameters():
        if not name.startswith("weight"):
            assert (parameter == name.startswith("gain")).all(), name
