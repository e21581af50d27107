"""Statistics of recorded gates, and the plot of them."""

import math

import matplotlib
import pytest
import torch
from matplotlib import pyplot

from lstm_variants import VARIANTS
from lstm_variants import nn as layers
from lstm_variants.cells import SLSTMCell
from lstm_variants.trace import trace

matplotlib.use("Agg")

WITHOUT_A_GATE = ("RNN", "IndRNN")


def traced(layer, *inputs, **keywords):
    with torch.no_grad():
        return trace(layer, *inputs, **keywords)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in WITHOUT_A_GATE])
def test_the_kept_share_is_the_derivative_of_the_state(name):
    """By the state itself alone: without peepholes, and with h as the recurrent weights see it."""
    layer = VARIANTS[name].layer(3, 4, dtype=torch.float64)
    cell, w = layer.cell, layer._weights(layer._all_weights[0])
    with torch.no_grad():
        for optional in ("weight_ch", "weight_gh"):
            if getattr(w, optional, None) is not None:
                getattr(w, optional).zero_()
    state = cell.initial_state(torch.zeros(2, 1, dtype=torch.float64), 4)
    state = cell.step(cell.project(torch.randn(2, 3, dtype=torch.float64), w), state, w)[0]
    wx = cell.project(torch.randn(2, 3, dtype=torch.float64), w)
    field = "c" if "c" in cell.state_type._fields else "h"

    def step(old):
        before = state._replace(**{field: old})
        seen = {} if "weight_hh" not in cell.weights_type._fields else {"seen": state.h}
        after, gates = cell.step(wx, before, w, **seen)
        return after, gates

    old = getattr(state, field).detach().requires_grad_()
    after, gates = step(old)
    new = getattr(after, field)
    if isinstance(cell, SLSTMCell):  # its state is c / n
        new = new / after.n
    [expected] = torch.autograd.grad(new.sum(), old)
    expected = expected * state.n if isinstance(cell, SLSTMCell) else expected
    kept = cell.kept_share(gates | dict(zip(after._fields, after, strict=True)))
    torch.testing.assert_close(kept, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("name", ["LSTM", "GRU", "CoupledLSTM", "MGU", "MinLSTM", "JANET"])
def test_a_time_constant_is_the_one_with_which_a_state_decays(name, reverse):
    """Sequences of several lengths, without input: what is left of the first state."""
    layer = VARIANTS[name].layer(1, 3, bidirectional=reverse, dtype=torch.float64)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        for suffix in ("l0", "l0_reverse") if reverse else ("l0",):
            bias, blocks = getattr(layer, f"bias_ih_{suffix}"), layer.cell.block_names
            for k, block in enumerate(layer.cell.blocks):
                if block.role == "keep":
                    bias[3 * k : 3 * k + 3] = torch.tensor([1.0, 3.0, 5.0])
                elif block.role == "write":
                    bias[3 * k : 3 * k + 3] = torch.tensor([-1.0, -3.0, -5.0])
            assert len(bias) == 3 * len(blocks)
    T, lengths = 12, torch.tensor([12, 7, 0, 1])
    x = torch.zeros(T, 4, 1, dtype=torch.float64)
    hx = [torch.ones(1 + reverse, 4, 3, dtype=torch.float64)] * len(layer.cell.state_type._fields)
    steps = traced(layer, x, tuple(hx) if len(hx) > 1 else hx[0], lengths=lengths)[-1]
    field = "c" if "c" in steps else "h"
    first, last = (11, 0) if reverse else (0, 11)
    left = steps[field][last, 0] / steps[field][first, 0]
    torch.testing.assert_close((-11 / steps.time_constants()).exp(), left)


def test_time_constants_at_the_limits():
    """Nothing is forgotten, everything is, and a first step that has nothing to keep."""
    keeps = VARIANTS["NFG"].layer(2, 3)
    assert traced(keeps, torch.randn(5, 2, 2))[0].time_constants().tolist() == [math.inf] * 3
    layer = layers.LSTM(2, 3)
    with torch.no_grad():
        layer.bias_ih_l0[3:6] = -1000
    assert traced(layer, torch.randn(5, 2, 2))[0].time_constants().tolist() == [0.0] * 3
    [steps] = traced(layers.SLSTM(2, 3), torch.randn(5, 2, 2))
    assert not steps.cell.kept_share(steps)[0].any()
    assert (steps.time_constants() > 0).all()


@pytest.mark.parametrize("name", WITHOUT_A_GATE)
def test_a_cell_without_such_a_gate_has_no_time_constants(name):
    [steps] = traced(VARIANTS[name].layer(2, 3), torch.randn(5, 2, 2))
    with pytest.raises(ValueError, match="has no gate that keeps or replaces its state"):
        steps.time_constants()
    assert steps.saturation() == {}


@pytest.mark.parametrize("lengths", [None, [6, 0, 2]], ids=["whole", "lengths"])
def test_saturation_counts_valid_time_steps(lengths):
    layer = layers.PeepholeLSTM(2, 4, bidirectional=True)
    x, valid = 30 * torch.randn(6, 3, 2), lengths or [6, 6, 6]
    given = {} if lengths is None else {"lengths": torch.tensor(lengths)}
    for steps in traced(layer, x, **given):
        shares = steps.saturation(0.2, 0.7)
        assert list(shares) == ["i", "f", "o"]
        for name, (low, high) in shares.items():
            for unit in range(4):
                values = [
                    float(steps[name][t, b, unit]) for b, n in enumerate(valid) for t in range(n)
                ]
                assert low[unit] == sum(v < 0.2 for v in values) / len(values)
                assert high[unit] == sum(v > 0.7 for v in values) / len(values)
        assert 0 < shares["f"].low.mean() < 1


def test_saturation_of_gates_by_their_roles():
    expected = {
        "GRU": "rz",
        "CoupledLSTM": "ifo",
        "MGU": "f",
        "MinLSTM": "fi",
        "MultiplicativeLSTM": "ifo",
    }
    for name, gates in expected.items():
        [steps] = traced(VARIANTS[name].layer(2, 3), torch.randn(4, 2, 2))
        assert list(steps.saturation()) == list(gates)
    assert steps.saturation(letters="f")["f"].low.shape == (3,)


def test_what_cannot_be_counted_is_named():
    [steps] = traced(layers.LSTM(2, 3), torch.randn(4, 2, 2), lengths=torch.tensor([1, 0]))
    with pytest.raises(ValueError, match="letters should be of i, f, g, o, h, c, got 'z'"):
        steps.saturation(letters="z")
    with pytest.raises(ValueError, match="sequences are too short"):
        steps.time_constants()
    with pytest.raises(ValueError, match="sequences are too short"):
        steps.plot(sequence=1)
    [steps] = traced(layers.LSTM(2, 3), torch.randn(4, 2, 2), lengths=torch.tensor([0, 0]))
    with pytest.raises(ValueError, match="sequences are too short"):
        steps.saturation()


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SLSTM", "IndRNN"])
def test_the_plot_shows_the_values(name):
    layer = VARIANTS[name].layer(2, 5)
    [steps] = trace(layer, torch.randn(6, 3, 2), lengths=torch.tensor([6, 4, 1]))
    axes = steps.plot(sequence=1, units=[0, 3])
    assert list(axes) == list(steps)
    for letter, panel in axes.items():
        [image] = panel.get_images()
        expected = steps[letter][:4, 1, [0, 3]].T.detach()
        torch.testing.assert_close(torch.from_numpy(image.get_array().data).float(), expected)
        is_gate = letter in ("i", "f", "o", "r", "z") and (name, letter) != ("SLSTM", "z")
        low, high = image.get_clim()
        assert (low, high) == (0, 1) if is_gate else low == -high
    pyplot.gcf().canvas.draw()
    pyplot.close()
