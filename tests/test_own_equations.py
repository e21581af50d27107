"""Documented equations of cells outside the package, and of cells that have none."""

from collections import namedtuple
from typing import NamedTuple

import pytest
import torch
from torch.nn.functional import linear, logsigmoid

from lstm_variants.cells import (
    Block,
    Cell,
    ElmanCell,
    Field,
    GRUCell,
    HiddenState,
    LSTMCell,
    Parameter,
)
from lstm_variants.equations import equations_of
from lstm_variants.equations.document import lines_of
from lstm_variants.equations.evaluation import evaluate, parameter_symbols
from lstm_variants.equations.latex import parse
from lstm_variants.testing import check_cell
from lstm_variants.testing.declarations import check_equations
from tests.test_equations import D, documented, random_step
from tests.tolerances import assert_exact


class StabilisedState(NamedTuple):
    h: torch.Tensor
    c: torch.Tensor
    n: torch.Tensor
    m: torch.Tensor


class StabilisedCell(Cell):
    r"""Exponential gates, as in the sLSTM of Beck et al. 2024.

    $$
    \begin{aligned}
    i_t &= W_i x_t + U_i h_{t-1} + b_i \\
    f_t &= \log \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
    z_t &= \tanh(W_z x_t + U_z h_{t-1} + b_z) \\
    o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) \\
    m_t &= \max(f_t + m_{t-1}, i_t) \\
    c_t &= \exp(f_t + m_{t-1} - m_t) \odot c_{t-1} + \exp(i_t - m_t) \odot z_t \\
    n_t &= \exp(f_t + m_{t-1} - m_t) \odot n_{t-1} + \exp(i_t - m_t) \\
    h_t &= o_t \odot \frac{c_t}{n_t}
    \end{aligned}
    $$

    | setting | instead |
    |---|---|
    | `exponential=True` | $f_t = W_f x_t + U_f h_{t-1} + b_f$ |
    | `normalised=False` | $\frac{c_t}{n_t} \to c_t$ |
    """

    exponential: bool = False
    normalised: bool = True

    blocks = (
        Block("i", "write"),
        Block("f", "keep"),
        Block("z", "candidate"),
        Block("o", "output"),
    )
    state_type = StabilisedState
    state_fields = (Field("h"), *(Field(name, float32=True) for name in "cnm"))

    def kept_share(self, steps, before):
        kept = torch.exp(steps["f"] + before["m"] - steps["m"])
        return kept * before["n"] / steps["n"] if self.normalised else kept

    def step(self, wx, state, w):
        i, f, z, o = (wx + linear(state.h, w.weight_hh, w.bias_hh)).chunk(4, dim=-1)
        f = f if self.exponential else logsigmoid(f)
        m = torch.maximum(f + state.m, i)
        old, new = torch.exp(f + state.m - m), torch.exp(i - m)
        c, n = old * state.c + new * z.tanh(), old * state.n + new
        h = o.sigmoid() * (c / n if self.normalised else c)
        gates = {"i": i, "f": f, "z": z.tanh(), "o": o.sigmoid()}
        return StabilisedState(h.to(wx.dtype), c, n, m), gates


class MinimalWeights(NamedTuple):
    weight_ih: torch.Tensor
    bias_ih: torch.Tensor | None = None


class MinimalCell(Cell):
    r"""The minGRU of Feng et al. 2024: no recurrent weights, one bias.

    $$
    \begin{aligned}
    z_t &= \sigma(W_z x_t + b_z) \\
    \tilde{h}_t &= W_c x_t + b_c \\
    h_t &= (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t
    \end{aligned}
    $$
    """

    blocks = (Block("z", "write"), Block("c", "candidate"))
    state_type = HiddenState
    state_fields = (Field("h"),)
    weights_type = MinimalWeights

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias)
        return {name: found[name] for name in self.weights_type._fields if name in found}

    def step(self, wx, state, w):
        z, candidate = wx.chunk(2, dim=-1)
        h = torch.lerp(state.h, candidate, z.sigmoid())
        return HiddenState(h), {"z": z.sigmoid(), r"\tilde{h}": candidate}


class SharedLetterCell(LSTMCell):
    """Biases and peepholes with one letter, but other blocks."""

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias, proj_size=proj_size)
        return found | {"weight_ch": found["weight_ch"]._replace(letter="b")}


class ScaledCell(LSTMCell):
    """A setting of another type than those of the class that it comes from."""

    scale: float = 2.0


def test_settings_of_a_subclass_are_its_own():
    assert repr(ScaledCell(coupled=True, scale=3.0)) == "ScaledCell(coupled=True, scale=3.0)"
    with pytest.raises(TypeError, match="coupled should be True or False, got 1"):
        ScaledCell(coupled=1)


def test_parameters_of_one_letter_and_other_blocks():
    cell = SharedLetterCell(peephole="current")
    _, _, w = random_step(cell, 2)
    symbols = parameter_symbols(cell, w, D, proj_size=0)
    biases, peepholes = (w.bias_ih + w.bias_hh).chunk(4), w.weight_ch.chunk(3)
    assert_exact(symbols["b_i"], biases[0] + peepholes[0])
    assert_exact(symbols["b_g"], biases[2])
    assert "b" not in symbols
    assert symbols["W"].shape == (8, D)


class GatedDecayCell(ElmanCell):
    r"""A quantity that a setting adds, and a setting with the name of a letter.

    $$\begin{aligned} h_t &= \tanh(W_h x_t + U_h h_{t-1} + b_h) \end{aligned}$$

    With `gated=True`:

    $$
    \begin{aligned}
    u_t &= \tanh(W_h x_t + U_h h_{t-1} + b_h) \\
    h_t &= k u_t \odot u_t
    \end{aligned}
    $$
    """

    gated: bool = True
    k: float = 0.5

    def step(self, wx, state, w):
        after, gates = super().step(wx, state, w)
        return (type(after)(self.k * after.h * after.h), gates) if self.gated else (after, gates)


def test_equations_are_in_the_order_of_computation():
    assert list(equations_of(GatedDecayCell())) == ["u_t", "h_t"]
    assert list(equations_of(GatedDecayCell(gated=False))) == ["h_t"]
    for gated in (True, False):
        assert "equations" in check_cell(GatedDecayCell(gated=gated))


def test_numbers_and_vectors_are_put_together():
    x = torch.tensor([2.0, 3.0])
    assert evaluate(parse("[x_t, 1]"), {"x_t": x}).tolist() == [2.0, 3.0, 1.0]
    for text, message in {"[W, x_t]": "expected vectors in", r"\mathrm{LN}(1)": "in .*LN"}.items():
        with pytest.raises(ValueError, match=message):
            evaluate(parse(text), {"x_t": x, "W": torch.ones(2, 2)})


class UndocumentedCell(MinimalCell):
    """No equations, as in its base class if that has none."""


OWN = [
    StabilisedCell(),
    StabilisedCell(exponential=True),
    StabilisedCell(normalised=False),
    MinimalCell(),
]


@pytest.mark.parametrize("cell", OWN, ids=repr)
def test_equations_of_a_cell_outside_the_package(cell):
    assert "equations" in check_cell(cell)


OWN_WRONG = [
    (StabilisedCell(), r"\max(", r"\min(", "m_t differs"),
    (StabilisedCell(), r"\frac{c_t}{n_t}", r"\frac{n_t}{c_t}", "h_t differs"),
    (StabilisedCell(), r"\log \sigma", r"\sigma", "f_t differs"),
    (StabilisedCell(normalised=False), r"\to c_t", r"\to n_t", "h_t differs"),
    (MinimalCell(), "W_c x_t", "W_z x_t", "h}_t differs"),
]


@pytest.mark.parametrize(("cell", "old", "new", "message"), OWN_WRONG)
def test_a_wrong_equation_of_such_a_cell_is_found(cell, old, new, message):
    with pytest.raises(AssertionError, match=message):
        check_equations(documented(cell, old, new))


def test_spacing_between_rows_is_no_part_of_an_equation():
    for end in (r"\\", r"\\[2pt]", r"\\[0.5em]", r"\\[-2pt]", r"\\*"):
        lines = lines_of(f"i_t &= a_t {end} f_t &= b_t")
        assert lines == {"i_t": "a_t", "f_t": "b_t"}
    with pytest.raises(ValueError, match="expected a symbol on the left side of 2 f_t &= b_t"):
        lines_of("2 f_t &= b_t")


def test_equations_are_inherited():
    cell = type("AnotherLSTM", (LSTMCell,), {"__doc__": "An LSTM."})()
    assert equations_of(cell) == equations_of(LSTMCell())


def test_a_class_has_no_equations():
    with pytest.raises(
        TypeError, match=r"an instance, such as LSTMCell\(\), got the class GRUCell"
    ):
        equations_of(GRUCell)


def test_a_cell_without_equations_is_reported(monkeypatch):
    monkeypatch.setattr(MinimalCell, "__doc__", None)  # as with python -OO
    with pytest.raises(ValueError, match="UndocumentedCell has no documented equations"):
        equations_of(UndocumentedCell())
    with pytest.warns(UserWarning, match=r"UndocumentedCell has no .* in its docstring$"):
        laws = check_cell(UndocumentedCell())
    assert len(laws) == 12
    assert not any("equations" in law for law in laws)


def test_a_docstring_that_is_not_raw_is_reported(monkeypatch):
    monkeypatch.setattr(MinimalCell, "__doc__", MinimalCell.__doc__.replace(r"\b", "\b"))
    with pytest.warns(
        UserWarning, match=r"MinimalCell has no .*: one with backslashes needs r\"{3}$"
    ):
        check_cell(MinimalCell())


class NamedState(NamedTuple):
    h: torch.Tensor
    cell: torch.Tensor


class NamedCell(Cell):
    r"""Names of several letters, for a setting, a field, a block and a parameter; one is a scalar.

    $$
    \begin{aligned}
    \mathrm{k2}_t &= \sigma(W_{k2} x_t + b_{k2}) \\
    \nu_t &= \tanh(W_{nu} x_t + b_{nu}) \\
    \mathrm{cell}_t &= \mathrm{k2}_t \odot \mathrm{cell}_{t-1} + \mathrm{keep\_rate} \cdot \nu_t \\
    h_t &= \mathrm{gain} \odot \mathrm{cell}_t
    \end{aligned}
    $$
    """

    keep_rate: float = 0.25

    blocks = (Block("k2", "keep"), Block("nu", "candidate"))
    state_type, state_fields = NamedState, (Field("h"), Field("cell", float32=True))
    weights_type = namedtuple("Weights", "weight_ih gain bias_ih", defaults=[None])

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias)
        gain = Parameter((1,), r"\mathrm{gain}", init=torch.nn.init.ones_)
        kept = {name: found[name] for name in ("weight_ih", "bias_ih") if name in found}
        return kept | {"gain": gain}

    def step(self, wx, state, w):
        k2, nu = wx.chunk(2, dim=-1)
        k2, nu = torch.sigmoid(k2), torch.tanh(nu)
        cell = k2 * state.cell + self.keep_rate * nu
        return NamedState((w.gain * cell).to(wx.dtype), cell), {"k2": k2, "nu": nu}


class WithoutAnEquation(NamedCell):
    __doc__ = NamedCell.__doc__

    def step(self, wx, state, w):
        state, gates = super().step(wx, state, w)
        return state, gates | {"other": gates["nu"]}


def test_names_of_several_letters():
    check_cell(NamedCell())
    with pytest.raises(AssertionError, match=r"there is no equation for \\mathrm{other}_t"):
        check_cell(WithoutAnEquation())
