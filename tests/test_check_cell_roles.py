"""check_cell and the gates of a cell: their roles, the state that they keep, unused parameters."""

from collections import namedtuple

import pytest
import torch
from torch.nn.functional import layer_norm, linear

from lstm_variants.cells import Block, Cell, Field, HiddenState, LSTMCell, Parameter
from lstm_variants.testing import check_cell
from tests.test_own_cell import LeakyCell


class Decaying(LeakyCell):
    r"""The potential decays by itself too.

    $$ \begin{aligned}
    w_t &= W_w x_t + b_w \\
    k_t &= \sigma(W_k x_t + b_k) \\
    v_t &= \frac{k_t}{2} \odot v_{t-1} + w_t \\
    h_t &= v_t \odot \sigma(s \odot v_t)
    \end{aligned} $$"""

    def step(self, wx, state, w):
        return super().step(wx, state._replace(v=state.v / 2), w)


class DecayingAsStated(Decaying):
    __doc__ = Decaying.__doc__

    def kept_share(self, steps, before):
        return steps["k"] / 2


class OtherShape(Decaying):
    __doc__ = Decaying.__doc__

    def kept_share(self, steps, before):
        return steps["k"].mean(-1, keepdim=True)


class TwoGates(Cell):
    r"""What is kept is the product of two gates, and what is written passes one of them.

    $$ \begin{aligned}
    i_t &= \sigma(W_i x_t + b_i) \\
    k_t &= \sigma(W_k x_t + b_k) \\
    f_t &= \sigma(W_f x_t + b_f) \\
    g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
    h_t &= f_t \odot (k_t \odot h_{t-1} + i_t \odot g_t)
    \end{aligned} $$"""

    blocks = (Block("i", "write"), Block("k", "keep"), Block("f", "keep"), Block("g", "candidate"))
    state_type, state_fields = HiddenState, (Field("h"),)

    def parameters(self, D, H, *, bias=True, proj_size=0):
        rows = {"weight_ih": Parameter((4 * H, D), "W", self.block_names)}
        rows["weight_hh"] = Parameter((H, H), "U", ("g",))
        biases = {"bias_ih": Parameter((4 * H,), "b", self.block_names)} if bias else {}
        return rows | biases

    def step(self, wx, state, w, h_recurrent=None):
        i, k, f, g = wx.chunk(4, dim=-1)
        i, k, f = torch.sigmoid(i), torch.sigmoid(k), torch.sigmoid(f)
        g = torch.tanh(g + linear(state.h if h_recurrent is None else h_recurrent, w.weight_hh))
        return HiddenState(f * (k * state.h + i * g)), {"i": i, "k": k, "f": f, "g": g}


class Keyed(TwoGates):
    r"""What is written is multiplied by a key, which is no gate.

    $$ \begin{aligned}
    i_t &= \sigma(W_i x_t + b_i) \\
    k_t &= W_k x_t + b_k \\
    f_t &= \sigma(W_f x_t + b_f) \\
    g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
    h_t &= f_t \odot h_{t-1} + i_t \odot g_t \odot k_t
    \end{aligned} $$"""

    blocks = (Block("i", "write"), Block("k", None), Block("f", "keep"), Block("g", "candidate"))

    def step(self, wx, state, w, h_recurrent=None):
        i, k, f, g = wx.chunk(4, dim=-1)
        i, f = torch.sigmoid(i), torch.sigmoid(f)
        g = torch.tanh(g + linear(state.h if h_recurrent is None else h_recurrent, w.weight_hh))
        return HiddenState(f * state.h + i * g * k), {"i": i, "k": k, "f": f, "g": g}


class Absolute(LeakyCell):
    __doc__ = LeakyCell.__doc__  # does not mention it

    def step(self, wx, state, w):
        return super().step(wx, state, w._replace(slope=w.slope.abs()))


class Unused(LeakyCell):
    __doc__ = LeakyCell.__doc__
    weights_type = LSTMCell.weights_type

    parameters = Cell.parameters

    def step(self, wx, state, w):
        return super().step(wx, state, LeakyCell.weights_type(w.weight_ih, torch.ones(())))


class OtherGate(LSTMCell):
    __doc__ = LSTMCell.__doc__

    @property
    def blocks(self):
        other = {"o": "candidate", "g": "output"}
        return tuple(Block(b.name, other.get(b.name, b.role)) for b in super().blocks)


WRONG = {
    Decaying: r"kept_share has the mean 0\.\d+, .* mean 0 for h, 0\.\d+ for v: override kept_share",
    OtherShape: r"kept_share is \[3, 1\], not \[B, H\]",
    Absolute: "the documented equations agree with the step, but h_t differs",
    Unused: r"no result has a derivative by weight_hh, bias_hh: parameters\(\)",
    OtherGate: "g has the role output, and negative values: it is not a gate",
}


@pytest.mark.parametrize(("cell_type", "message"), WRONG.items())
def test_a_wrong_cell_is_found(cell_type, message):
    with pytest.raises(AssertionError, match=message):
        check_cell(cell_type())


class Writing(Cell):
    r"""A GRU without a reset gate, with another candidate.

    $$ \begin{aligned}
    z_t &= \sigma(W_z x_t + R_z h_{t-1} + b_z) \\
    n_t &= \mathrm{relu}(W_n x_t + R_n h_{t-1} + b_n) \\
    h_t &= (1 - z_t) \odot h_{t-1} + z_t \odot n_t
    \end{aligned} $$"""

    blocks = (Block("z", "write"), Block("n", "candidate"))
    state_type, state_fields = HiddenState, (Field("h"),)
    weights_type = namedtuple("Weights", "weight_ih recurrent bias_ih", defaults=[None])

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias)
        init = torch.nn.init.xavier_uniform_
        found["recurrent"] = Parameter((2 * H, H), "R", self.block_names, init)
        return {name: found[name] for name in self.weights_type._fields if name in found}

    def step(self, wx, state, w):
        z, n = (wx + linear(state.h, w.recurrent)).chunk(2, dim=-1)
        z, n = torch.sigmoid(z), self.candidate(n)
        return HiddenState((1 - z) * state.h + z * n), {"z": z, "n": n}

    def candidate(self, a):
        return torch.relu(a)


class Normalised(Writing):
    __doc__ = Writing.__doc__.replace(r"\mathrm{relu}", r"\mathrm{LN}")

    def candidate(self, a):
        return layer_norm(a, a.shape[-1:])


class Squashed(LeakyCell):
    r"""The state itself is squashed.

    $$ \begin{aligned}
    w_t &= W_w x_t + b_w \\
    k_t &= \sigma(W_k x_t + b_k) \\
    v_t &= \tanh(k_t \odot v_{t-1} + w_t) \\
    h_t &= v_t \odot \sigma(s \odot v_t)
    \end{aligned} $$"""

    def kept_share(self, steps, before):
        raise ValueError("there is no such factor")

    def step(self, wx, state, w):
        (_, v), gates = super().step(wx, state, w)
        v = v.tanh()
        return self.state_type((v * torch.sigmoid(w.slope * v)).to(wx.dtype), v), gates


@pytest.mark.parametrize(
    "cell_type", [DecayingAsStated, TwoGates, Keyed, Writing, Normalised, Squashed]
)
def test_a_right_cell_is_accepted(cell_type):
    check_cell(cell_type())


def test_the_order_of_blocks_does_not_matter_to_roles():
    """A block is measured with the others in the middle, not as they were set before."""
    for first in range(4):
        order = [*range(first, 4), *range(first)]

        class Ordered(TwoGates):
            __doc__ = TwoGates.__doc__
            blocks = tuple(TwoGates.blocks[k] for k in order)

            def step(self, wx, state, w, h_recurrent=None, order=order):
                rows = wx.chunk(4, dim=-1)
                wx = torch.cat([rows[order.index(k)] for k in range(4)], dim=-1)
                return super().step(wx, state, w, h_recurrent)

        check_cell(Ordered())
