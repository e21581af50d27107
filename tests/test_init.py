"""Biases that gates start with."""

import math

import pytest
import torch

from lstm_variants import VARIANTS, nn

MEMORY = {"f": "keeps", "z": "keeps", "i": "lets in"}
GATED = [name for name in VARIANTS if set(MEMORY) & set(VARIANTS[name].cell.gates)]
SUFFIXES = ("_l0", "_l0_reverse", "_l1", "_l1_reverse")


def biases(layer, suffix):
    """The sum of the two biases, by gate."""
    both = (getattr(layer, f"bias_ih{suffix}") + getattr(layer, f"bias_hh{suffix}")).detach()
    return dict(zip(layer.cell.gates, both.split(layer.hidden_size), strict=True))


def unchanged(layer, before, gates):
    """Whether all parameters are as they were, but the biases of some gates."""
    H = layer.hidden_size
    for name, value in layer.state_dict().items():
        same = value == before[name]
        for k, gate in enumerate(layer.cell.gates):
            if gate in gates and name.startswith("bias"):
                same[k * H : (k + 1) * H] = True
        if not same.all():
            return False
    return True


def copied(layer):
    return {name: value.clone() for name, value in layer.state_dict().items()}


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("gates", ["f", "fz", "io", "n"])
def test_gates_get_the_bias_and_nothing_else_changes(name, gates):
    layer = VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True)
    before = copied(layer)
    nn.init.gate_bias_(layer, gates, 1.5)
    for suffix in SUFFIXES:
        for gate, bias in biases(layer, suffix).items():
            if gate in gates:
                assert (bias == 1.5).all()
    assert unchanged(layer, before, gates)


def test_each_unit_can_have_its_own_bias():
    layer = nn.GRU(3, 4, dtype=torch.float64)
    nn.init.gate_bias_(layer, "z", torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert biases(layer, "_l0")["z"].tolist() == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("name", GATED)
def test_a_gate_that_is_open_keeps_the_memory(name):
    layer = VARIANTS[name].layer(2, 3)
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    nn.init.gate_bias_(layer, "fz", 50.0)
    nn.init.gate_bias_(layer, "i", -50.0)
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
        bias = {k: b.double() for k, b in biases(layer, suffix).items() if k in MEMORY}
        keeping = bias.get("f", bias.get("z"))
        if keeping is None:
            keeping = -bias["i"]  # coupled, or nothing is forgotten
        u = keeping.exp()
        assert u.min() > 0.999
        assert u.max() < 299.1
        assert u.mean() == pytest.approx(150, rel=0.1)
        assert u.std() == pytest.approx(298 / math.sqrt(12), rel=0.1)  # of a uniform one
        if "i" in bias:
            torch.testing.assert_close(bias["i"], -keeping)
        drawn.add(float(u[0]))
    assert len(drawn) == len(SUFFIXES)
    assert unchanged(layer, before, MEMORY)


def test_chrono_is_drawn_from_torchs_generator():
    layers = []
    for _ in range(2):
        torch.manual_seed(3)
        layer = nn.LSTM(2, 4, dtype=torch.float64)
        nn.init.chrono_(layer, 50)
        layers.append(layer.bias_ih_l0)
    assert torch.equal(*layers)


@pytest.mark.parametrize("change", [nn.init.chrono_, nn.init.gate_bias_])
def test_a_layer_without_biases_is_refused(change):
    layer = nn.LSTM(2, 3, bias=False)
    before = copied(layer)
    arguments = (50,) if change is nn.init.chrono_ else ("f", 1.0)
    with pytest.raises(ValueError, match="bias=True"):
        change(layer, *arguments)
    assert unchanged(layer, before, ())


def test_chrono_needs_gates():
    with pytest.raises(ValueError, match="no gate that keeps"):
        nn.init.chrono_(nn.RNN(2, 3), 50)


@pytest.mark.parametrize("longest", [1.9, 0, -3, math.nan, math.inf])
def test_chrono_needs_a_time(longest):
    with pytest.raises(ValueError, match="longest should be"):
        nn.init.chrono_(nn.LSTM(2, 3), longest)
