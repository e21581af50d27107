"""Cells from papers that use the input itself, or recurrent weights of other names."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn.functional import linear

from lstm_variants import nn
from lstm_variants.cells import Block, Cell, Field, HiddenState, LSTMCell, Parameter
from lstm_variants.testing import CHECKS, check_cell
from tests.test_own_cell import LeakyCell
from tests.tolerances import assert_exact


class MogrifierWeights(NamedTuple):
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    weight_qh: Tensor | None = None
    weight_rx: Tensor | None = None


class MogrifierCell(LSTMCell):
    r"""Input and hidden state gate one another before an LSTM's step (Melis et al. 2020), 2 rounds:

    $$ \begin{aligned}
    u_t &= 2 \sigma(Q h_{t-1}) \odot x_t \\
    v_t &= 2 \sigma(R u_t) \odot h_{t-1} \\
    i_t &= \sigma(W_i u_t + U_i v_t + b_i) \\
    f_t &= \sigma(W_f u_t + U_f v_t + b_f) \\
    g_t &= \tanh(W_g u_t + U_g v_t + b_g) \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
    o_t &= \sigma(W_o u_t + U_o v_t + b_o) \\
    h_t &= o_t \odot \tanh(c_t)
    \end{aligned} $$"""

    weights_type = MogrifierWeights
    projects = False

    def parameters(self, D, H, *, bias=True, proj_size=0):
        more = {"weight_qh": Parameter((D, H), "Q"), "weight_rx": Parameter((H, D), "R")}
        return super().parameters(D, H, bias=bias) | more

    def project(self, x, w):
        return x

    def step(self, wx, state, w, h_recurrent=None):
        h_recurrent = state.h if h_recurrent is None else h_recurrent
        u = 2 * torch.sigmoid(linear(h_recurrent, w.weight_qh)) * wx
        v = 2 * torch.sigmoid(linear(u, w.weight_rx)) * h_recurrent
        bias = None if w.bias_ih is None else w.bias_ih + w.bias_hh
        i, f, g, o = (linear(u, w.weight_ih, bias) + linear(v, w.weight_hh)).chunk(4, -1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * state.c + i * g
        h = (o * c.tanh()).to(wx.dtype)
        return self.state_type(h, c), {"i": i, "f": f, "g": g, "o": o}


class HighwayWeights(NamedTuple):
    weight_ih: Tensor
    weight_first: Tensor
    weight_second: Tensor


class HighwayCell(Cell):
    r"""Two transitions a time step, as in a recurrent highway network, without biases:

    $$ \begin{aligned}
    s_t &= \tanh(W_s x_t + R_s h_{t-1}) \odot \sigma(W_k x_t + R_k h_{t-1}) + h_{t-1} \\
    h_t &= \tanh(S s_t) / 2 + s_t / 2
    \end{aligned} $$"""

    blocks = (Block("s", None), Block("k", None))
    state_type = HiddenState
    state_fields = (Field("h"),)
    weights_type = HighwayWeights

    def parameters(self, D, H, *, bias=True, proj_size=0):
        return {
            "weight_ih": Parameter((2 * H, D), "W", ("s", "k")),
            "weight_first": Parameter((2 * H, H), "R", ("s", "k")),
            "weight_second": Parameter((H, H), "S"),
        }

    def step(self, wx, state, w, h_recurrent=None):
        h_recurrent = state.h if h_recurrent is None else h_recurrent
        a, k = (wx + linear(h_recurrent, w.weight_first)).chunk(2, -1)
        s = a.tanh() * k.sigmoid() + state.h
        return HiddenState(linear(s, w.weight_second).tanh() / 2 + s / 2), {"s": s}


def test_a_mogrifier_lstm_with_bias():
    """Against a loop that is written from the paper, in two layers and directions."""
    assert len(check_cell(MogrifierCell())) == 14
    layer = nn.Recurrent(MogrifierCell(), 3, 5, dtype=torch.float64)
    x = torch.randn(7, 2, 3, dtype=torch.float64)
    p = {name.removesuffix("_l0"): value for name, value in layer.named_parameters()}
    h = c = torch.zeros(2, 5, dtype=torch.float64)
    expected = []
    for x_t in x:
        u = 2 * torch.sigmoid(h @ p["weight_qh"].T) * x_t
        v = 2 * torch.sigmoid(u @ p["weight_rx"].T) * h
        a = u @ p["weight_ih"].T + v @ p["weight_hh"].T + p["bias_ih"] + p["bias_hh"]
        i, f, g, o = a.split(5, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        expected.append(h)
    assert_exact(layer(x)[0], torch.stack(expected))


@pytest.mark.parametrize("cell", [MogrifierCell(), HighwayCell()], ids=repr)
def test_recurrent_dropout_on_weights_of_any_name(cell):
    check_cell(cell)
    torch.manual_seed(0)
    layer = nn.Recurrent(cell, 3, 5, num_layers=2, bidirectional=True, recurrent_dropout=0.5)
    x = torch.randn(7, 2, 3)
    first, second = layer(x)[0], layer(x)[0]
    assert not torch.equal(first, second)
    assert torch.equal(layer.eval()(x)[0], layer(x)[0])


def test_weight_dropout_needs_the_usual_names():
    with pytest.raises(ValueError, match="weight_dropout should be 0 for HighwayCell"):
        nn.Recurrent(HighwayCell(), 3, 5, weight_dropout=0.5)


class FirstState(NamedTuple):
    h: Tensor
    first: Tensor


class InputWeights(NamedTuple):
    weight_ih: Tensor


class FirstCell(Cell):
    r"""A field that is 1 before the first step only:

    $$ \begin{aligned}
    h_t &= \tanh(W_k x_t) + \mathrm{first}_{t-1} \\
    \mathrm{first}_t &= 0
    \end{aligned} $$"""

    blocks = (Block("k", None),)
    state_type = FirstState
    state_fields = (Field("h"), Field("first", start=1.0))
    weights_type = InputWeights

    def parameters(self, D, H, *, bias=True, proj_size=0):
        return {"weight_ih": Parameter((H, D), "W", ("k",))}

    def step(self, wx, state, w):
        return FirstState(wx.tanh() + state.first, torch.zeros_like(state.first)), {}

    def kept_share(self, steps, before):
        raise ValueError


def test_an_equation_that_is_a_constant():
    check_cell(FirstCell())

    class Wrong(FirstCell):
        def step(self, wx, state, w):
            return FirstState(wx.tanh() + state.first, torch.ones_like(state.first)), {}

    with pytest.raises(AssertionError, match="equations agree with the step, but first_t differs"):
        check_cell(Wrong())


class RoundedCell(LeakyCell):
    """Its gradient is not that of what it computes."""

    def step(self, wx, state, w):
        straight = wx + (wx.round() - wx).detach()
        return super().step(straight, state, w)


def test_a_property_that_does_not_hold_on_purpose_is_left_out():
    with pytest.raises(AssertionError, match="first and second derivatives"):
        check_cell(RoundedCell())
    left = ["derivatives", "half_precision", "equations"]
    assert len(check_cell(RoundedCell(), leave_out=left)) == 13 - 3
    assert len(check_cell(LeakyCell(), leave_out="half_precision")) == 13 - 1
    with pytest.raises(
        ValueError, match=r"of parts, .*, got 'kept' \(did you mean 'kept_share'\?\)"
    ):
        check_cell(LeakyCell(), leave_out=["batch", "kept"])
    with pytest.raises(ValueError, match=r"leave_out should be of parts, .*, got ''"):
        check_cell(LeakyCell(), leave_out="")


def test_each_check_has_an_identifier():
    assert {*check_cell(MogrifierCell())} == {*CHECKS}


RETURNED = {
    "LeakyState of 2": lambda state, gates: state,
    "tuple of 3": lambda state, gates: (*state, gates),
    "Tensor": lambda state, gates: state.h,
    "tuple of 2": lambda state, gates: (gates, state),
}


@pytest.mark.parametrize("returned", RETURNED)
def test_a_step_that_does_not_return_state_and_gates(returned):
    class Wrong(LeakyCell):
        def step(self, wx, state, w):
            return RETURNED[returned](*super().step(wx, state, w))

    message = f"step of Wrong should return the new state and a dict of .*, got {returned}$"
    with pytest.raises(TypeError, match=message):
        nn.Recurrent(Wrong(), 3, 5)(torch.randn(1, 2, 3))
    with pytest.raises(AssertionError, match=f"fit together, but {message}"):
        check_cell(Wrong())
