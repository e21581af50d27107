"""Statistics of recorded gates, and the plot of them."""

import math
import pickle

import matplotlib
import pytest
import torch
from matplotlib import pyplot

from lstm_variants import VARIANTS, trace
from lstm_variants import nn as layers
from lstm_variants.cells import SLSTMCell

matplotlib.use("Agg")

WITHOUT_A_GATE = ("RNN", "IndRNN")


def traced(layer, *inputs, **keywords):
    with torch.no_grad():
        return trace(layer, *inputs, **keywords)


@pytest.mark.parametrize(
    ("gates", "low", "high"),
    [((0.09, 0.91), [1, 0], [0, 1]), ((0.11, 0.89), [0, 0], [0, 0])],
)
def test_a_gate_is_saturated_below_a_tenth_and_above_nine_tenths(gates, low, high):
    """As Karpathy et al. 2015 define it."""
    layer = layers.LSTM(1, 2)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.bias_ih_l0[2:4] = torch.tensor(gates).logit()
    found = traced(layer, torch.zeros(3, 1, 1))[0].saturation()["f"]
    assert [share.tolist() for share in found] == [low, high]


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in WITHOUT_A_GATE])
def test_the_kept_share_is_the_derivative_of_the_state(name):
    """By the state itself alone: without peepholes, and with h as the recurrent weights see it."""
    layer = VARIANTS[name].layer(3, 4, dtype=torch.float64)
    cell, w = layer.cell, layer.weights_of_cell()
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
        recurrent = {} if "weight_hh" not in cell.weights_type._fields else {"h_recurrent": state.h}
        after, gates = cell.step(wx, before, w, **recurrent)
        return after, gates

    old = getattr(state, field).detach().requires_grad_()
    after, gates = step(old)
    new = getattr(after, field)
    if isinstance(cell, SLSTMCell):  # its state is c / n
        new = new / after.n
    [expected] = torch.autograd.grad(new.sum(), old)
    expected = expected * state.n if isinstance(cell, SLSTMCell) else expected
    steps = gates | dict(zip(after._fields, after, strict=True))
    kept = cell.kept_share(steps, dict(zip(state._fields, state, strict=True)))
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
    """Nothing is forgotten; everything is."""
    keeps = VARIANTS["NFG"].layer(2, 3)
    assert traced(keeps, torch.randn(5, 2, 2))[0].time_constants().tolist() == [math.inf] * 3
    layer = layers.LSTM(2, 3)
    with torch.no_grad():
        layer.bias_ih_l0[3:6] = -1000
    assert traced(layer, torch.randn(5, 2, 2))[0].time_constants().tolist() == [0.0] * 3


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SLSTM", "MGU", "MinLSTM"])
def test_time_constants_are_of_steps_that_follow_another_one(name):
    """Counted one by one, with lengths and resets, in both directions."""
    layer = VARIANTS[name].layer(2, 3, bidirectional=True, dtype=torch.float64)
    T, lengths = 7, [7, 4, 0, 1]
    x, resets = 3 * torch.randn(T, 4, 2, dtype=torch.float64), torch.rand(T, 4) < 0.3
    both = traced(layer, x, lengths=torch.tensor(lengths), resets=resets)
    for steps, back in zip(both, (0, 1), strict=True):
        rates, first = [], torch.ones(T, 4, dtype=torch.bool)
        for b, n in enumerate(lengths):
            for t in range(n):
                last = t + 1 if back else t - 1
                begins = not 0 <= last < n or bool(resets[last, b] if back else resets[t, b])
                first[t, b] = begins
                if not begins:
                    now = {k: v[t, b] for k, v in steps.items()}
                    kept = layer.cell.kept_share(now, {k: v[last, b] for k, v in steps.items()})
                    rates.append(kept.log())
        assert torch.equal((steps.first & steps.valid), first & steps.valid)
        torch.testing.assert_close(steps.time_constants(), -1 / torch.stack(rates).mean(0))


def test_an_input_gate_of_large_exponent_leaves_something():
    """In float32, 1 - i / n is 0 where the old state has a share below the rounding error."""
    layer = layers.SLSTM(1, 1)
    with torch.no_grad():
        layer.weight_ih_l0[0] = 30.0
    [steps] = traced(layer, torch.tensor([0.0, 0, 1, 0]).view(4, 1, 1))
    assert 0 < steps.time_constants() < 1


@pytest.mark.parametrize("layout", ["batch_first", "unbatched", "packed", "bfloat16"])
def test_every_layout_has_statistics(layout):
    layer, x = layers.LSTM(2, 3), torch.randn(6, 4, 2)
    [expected] = traced(layer, x)
    if layout == "batch_first":
        again = layers.LSTM(2, 3, batch_first=True)
        again.load_state_dict(layer.state_dict())
        layer, x = again, x.transpose(0, 1)
    if layout == "unbatched":
        [expected], x = traced(layer, x[:, :1]), x[:, 0]
    if layout == "packed":
        x = torch.nn.utils.rnn.pack_padded_sequence(x, torch.full((4,), 6))
    if layout == "bfloat16":
        layer, x = layer.bfloat16(), x.bfloat16()
    [steps] = traced(layer, x)
    rtol = 0.03 if layout == "bfloat16" else 1e-6
    found = steps.time_constants(), expected.time_constants()
    torch.testing.assert_close(*found, rtol=rtol, atol=0)
    assert found[0].dtype == torch.float64
    for name, shares in steps.saturation(0.4, 0.6).items():
        if layout != "bfloat16":
            torch.testing.assert_close(shares, expected.saturation(0.4, 0.6)[name])
    copied = pickle.loads(pickle.dumps(steps))
    assert torch.equal(copied.time_constants(), steps.time_constants())


def test_a_projected_layer_has_statistics_of_every_unit():
    [steps] = traced(layers.LSTM(2, 3, proj_size=2), torch.randn(6, 4, 2))
    decay = steps["f"][1:].double().log().mean((0, 1))  # before the first step, there is nothing
    torch.testing.assert_close(steps.time_constants(), -1 / decay, rtol=1e-6, atol=0)
    low, high = steps.saturation(0.4, 0.6)["f"]
    assert torch.equal(low, (steps["f"] < 0.4).double().mean((0, 1)).to(low.dtype))
    assert torch.equal(high, (steps["f"] > 0.6).double().mean((0, 1)).to(high.dtype))


def test_zoneout_has_no_time_constants():
    layer = layers.LSTM(2, 3, zoneout=0.5).eval()
    [steps] = traced(layer, torch.randn(5, 2, 2))
    with pytest.raises(ValueError, match="require a layer without zoneout"):
        steps.time_constants()
    assert list(steps.saturation()) == ["i", "f", "o"]


@pytest.mark.parametrize("name", WITHOUT_A_GATE)
def test_a_cell_without_such_a_gate_has_no_time_constants(name):
    [steps] = traced(VARIANTS[name].layer(2, 3), torch.randn(5, 2, 2))
    with pytest.raises(ValueError, match="has 0 gates that keep or replace its state"):
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


def test_the_saturation_of_a_gate_that_is_nan_is_unknown():
    x = torch.randn(4, 2, 2)
    x[1, 0] = torch.nan
    [steps] = traced(layers.LSTM(2, 3), x)
    for shares in steps.saturation().values():
        assert shares.low.isnan().all()
        assert shares.high.isnan().all()


def test_what_cannot_be_counted_is_named():
    [steps] = traced(layers.LSTM(2, 3), torch.randn(4, 2, 2), lengths=torch.tensor([1, 0]))
    with pytest.raises(ValueError, match="letters should be of i, f, g, o, h, c, got 'z'"):
        steps.saturation(letters="z")
    with pytest.raises(ValueError, match="at least one time step is required"):
        steps.time_constants()
    with pytest.raises(ValueError, match="at least one time step is required"):
        steps.plot(sequence=1)
    figures = pyplot.get_fignums()
    for nothing in ({"letters": []}, {"units": []}):
        with pytest.raises(ValueError, match="at least one letter and one unit should be named"):
            steps.plot(**nothing)
    for missing in ({"sequence": 2}, {"units": [3]}):
        with pytest.raises(IndexError):
            steps.plot(**missing)
    assert pyplot.get_fignums() == figures
    [steps] = traced(layers.LSTM(2, 3), torch.randn(4, 2, 2), lengths=torch.tensor([0, 0]))
    with pytest.raises(ValueError, match="at least one time step is required"):
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
        assert [label.get_text() for label in panel.get_yticklabels()] == ["0", "3"]
        is_gate = letter in ("i", "f", "o", "r", "z") and (name, letter) != ("SLSTM", "z")
        low, high = image.get_clim()
        assert (low, high) == (0, 1) if is_gate else low == -high
    pyplot.gcf().canvas.draw()
    pyplot.close()


def test_zeros_are_white_in_the_plot():
    layer = layers.LSTM(2, 3)
    [steps] = traced(layer, torch.zeros(4, 1, 2), (torch.zeros(1, 1, 3), torch.zeros(1, 1, 3)))
    steps["c"].zero_()
    [panel] = steps.plot(letters="c").values()
    [image] = panel.get_images()
    assert image.get_clim() == (-1, 1)
    pyplot.close()


def test_recurrent_dropout_alone_has_time_constants():
    """Zoneout, which also draws masks, has none."""
    [steps] = traced(layers.LSTM(2, 3, recurrent_dropout=0.5), torch.randn(5, 2, 2))
    decay = steps["f"][1:].double().log().mean((0, 1))
    torch.testing.assert_close(steps.time_constants(), -1 / decay, rtol=1e-6, atol=0)
