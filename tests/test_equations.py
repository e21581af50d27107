"""The equations in the docstrings, evaluated as they stand, against the step."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
import torch

from lstm_variants import VARIANTS
from lstm_variants.cells import ElmanCell, GRUCell, LSTMCell
from lstm_variants.equations import equations_of
from lstm_variants.equations.evaluation import evaluate_step
from lstm_variants.kernels.cpu.cells import every_cell
from lstm_variants.testing import check_cell
from lstm_variants.testing.declarations import check_equations
from tests.layers import as_state
from tests.tolerances import assert_exact

FGR = LSTMCell(peephole="current", gate_recurrence=True)
VARIANT_CELLS = list(dict.fromkeys(variant.cell for variant in VARIANTS.values()))
CELLS = list(dict.fromkeys([*VARIANT_CELLS, FGR, LSTMCell(gate_recurrence=True), *every_cell()]))
B, D = 4, 3


def random_step(cell, H, proj_size=0, bias=True):
    """Input, state and weights of a step, none of them special."""
    shapes = cell.parameter_shapes(D, H, bias=bias, proj_size=proj_size)
    w = {k: torch.empty(shape, dtype=torch.float64).uniform_(-1, 1) for k, shape in shapes.items()}
    state = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H, proj_size)
    drawn = (as_state(name, torch.randn_like(s)) for name, s in state._asdict().items())
    state = cell.state_type(*drawn)
    return torch.randn(B, D, dtype=torch.float64), state, cell.weights_type(**w)


def assert_equations_are_the_step(cell, H, proj_size=0, bias=True):
    x, state, w = random_step(cell, H, proj_size, bias)
    after, gates = cell.step(cell.project(x, w), state, w)
    expected = evaluate_step(cell, x, state, w, proj_size=proj_size)
    fields = zip(cell.state_type._fields, after, strict=True)
    for name, value in [*gates.items(), *fields]:
        assert_exact(value, expected[name])


@pytest.mark.parametrize("H", [1, 2, 7])
@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_the_documented_equations_are_the_step(cell, H):
    assert_equations_are_the_step(cell, H)
    x, state, w = random_step(cell, H)
    _, gates = cell.step(cell.project(x, w), state, w)
    # The only block of a simple network is no gate.
    assert set(cell.block_names) <= set(gates) | {"h"}


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "nobias"])
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.projects], ids=repr)
def test_the_projection_is_documented(cell, bias):
    assert_equations_are_the_step(cell, H=5, proj_size=2, bias=bias)


@pytest.mark.parametrize("cell", VARIANT_CELLS, ids=repr)
def test_biases_that_a_layer_lacks_are_zero(cell):
    assert_equations_are_the_step(cell, H=5, bias=False)


@pytest.mark.parametrize("cell", VARIANT_CELLS, ids=repr)
def test_every_setting_shows_in_the_equations(cell):
    """No two variants of different settings share their documented equations."""
    assert [other for other in VARIANT_CELLS if equations_of(other) == equations_of(cell)] == [cell]


def test_settings_are_applied_together():
    cell = LSTMCell(peephole="current", output_activation=False, gate_recurrence=True)
    lines = equations_of(cell, proj_size=2)
    assert lines["h_t"] == r"W_{hr} (o_t \odot c_t)"
    assert lines["o_t"] == (
        r"\sigma(W_o x_t + U_o h_{t-1} + p_o \odot c_t + R_o (i, f, o)_{t-1} + b_o)"
    )
    assert list(lines) == ["i_t", "f_t", "g_t", "c_t", "o_t", "h_t"]


def documented(cell, old, new):
    """The same cell with another text in its docstring."""
    doc = type(cell).__doc__
    assert old in doc
    changed = type(type(cell).__name__, (type(cell),), {"__doc__": doc.replace(old, new)})
    settings = {name: getattr(cell, name) for name in type(cell).__dataclass_fields__}
    return changed(**settings)


WRONG = [
    (LSTMCell(), r"f_t \odot c_{t-1}", r"i_t \odot c_{t-1}", "c_t differs"),
    (LSTMCell(), "U_o h_{t-1}", "U_i h_{t-1}", "o_t differs"),
    (LSTMCell(), " + b_g", "", "g_t differs"),
    (LSTMCell(), r"h_t &= o_t \odot \tanh(c_t)", r"h_t &= \sigma(c_t) \odot o_t", "h_t differs"),
    (LSTMCell(), "W_{hr} (o_t", "W_{hr} (i_t", "h_t with a projection differs"),
    (LSTMCell(peephole="current"), "$c^\\ast = c_t$", "$c^\\ast = c_{t-1}$", "o_t differs"),
    (LSTMCell(peephole="previous"), r"p_f \odot c", r"p_i \odot c", "f_t differs"),
    (LSTMCell(coupled=True), "1 - i_t", "1 + i_t", "f_t differs"),
    (FGR, "R_f (i, f, o)", "R_f (f, i, o)", "f_t differs"),
    (GRUCell(), r"z_t \odot h_{t-1}", "h_{t-1}", "h_t differs"),
    (GRUCell(), "+ d_n)) ", ")) ", "n_t differs"),
    (GRUCell(reset_after=False), r"U_n (r_t \odot h_{t-1})", r"U_n h_{t-1}", "n_t differs"),
    (ElmanCell(), r"\tanh", r"\sigma", "h_t differs"),
    (ElmanCell("relu"), r"\mathrm{relu}", r"\tanh", "h_t differs"),
    (LSTMCell(), r"i_t &= ", r"j_t &= ", "i_t is not defined"),
    (
        LSTMCell(),
        r"\tanh(c_t)",
        r"\sinh(c_t)",
        r"\\sinh in .* is not supported, in the equation \\sinh",
    ),
    (GRUCell(), "r_t &=", "q_t &=", "r_t is not defined"),
    (GRUCell(), "d_z", "e_z", "e_z is not defined.* in the equation z_t"),
]


@pytest.mark.parametrize(("cell", "old", "new", "message"), WRONG)
def test_a_wrong_equation_is_found(cell, old, new, message):
    with pytest.raises((AssertionError, ValueError), match=message):
        check_equations(documented(cell, old, new))


def test_the_law_of_the_equations_is_named():
    cell = documented(LSTMCell(), "h_t &= o_t", "m_t &= o_t")
    message = "equations agree with the step, but there is no equation for h_t"
    with pytest.raises(AssertionError, match=message):
        check_cell(cell)


def test_a_setting_that_the_cell_lacks_is_an_error():
    with pytest.raises(ValueError, match="has no setting cupled"):
        equations_of(documented(LSTMCell(), "`coupled=", "`cupled="))


def test_a_block_without_an_equation_is_an_error():
    with pytest.raises(ValueError, match="expected an equation, left &= right, got h_t = "):
        equations_of(documented(ElmanCell(), "h_t &=", "h_t ="))


def test_braces_make_no_difference():
    cell = documented(LSTMCell(coupled=True), "f_t &=", "f_{t} &=")
    assert equations_of(cell) == equations_of(LSTMCell(coupled=True))


def test_an_equation_may_span_lines():
    cell = GRUCell()
    longer = documented(cell, r" \odot n_t + z_t", " \\odot n_t \\\\\n    &\\quad + z_t")
    assert equations_of(longer)["h_t"] == r"(1 - z_t) \odot n_t \quad + z_t \odot h_{t-1}"
    x, state, w = random_step(cell, 2)
    assert_exact(
        evaluate_step(longer, x, state, w)["h"], cell.step(cell.project(x, w), state, w)[0].h
    )


@pytest.mark.parametrize("name", ["weight_ch", "weight_gh", "weight_hr"])
def test_a_weight_that_the_cell_lacks_is_an_error(name):
    x, state, w = random_step(LSTMCell(), 2)
    w = w._replace(**{name: torch.ones(6)})
    with pytest.raises(ValueError, match=rf"LSTMCell\(\) with proj_size=0 has no parameter {name}"):
        evaluate_step(LSTMCell(), x, state, w)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_other_batch_sizes_are_an_error(size):
    x, state, w = random_step(LSTMCell(), 2)
    with pytest.raises(ValueError, match=rf"got {size} for x and \[4, 4\] for the state"):
        evaluate_step(LSTMCell(), x[:size], state, w)


def test_an_empty_batch_is_an_error():
    x, state, w = random_step(LSTMCell(), 2)
    with pytest.raises(ValueError, match=r"at least 1, got 0 for x and \[0, 0\] for the state"):
        evaluate_step(LSTMCell(), x[:0], type(state)(*(s[:0] for s in state)), w)


class SlowCell(ElmanCell):
    r"""$$ \begin{aligned} h_t &= h_{t-1} + \alpha \odot x_t \end{aligned} $$"""

    alpha: float = 0.5


@pytest.mark.parametrize(("alpha", "factor"), [(2, 2), (0.5, 0.5), (Fraction(1, 4), 0.25)])
def test_a_setting_may_be_any_number(alpha, factor):
    x, state, w = random_step(SlowCell(), D)
    assert_exact(evaluate_step(SlowCell(alpha=alpha), x, state, w)["h"], state.h + factor * x)


@dataclass(frozen=True, repr=False, slots=True)
class SlottedCell(ElmanCell):
    r"""$$ \begin{aligned} h_t &= h_{t-1} + \alpha \odot x_t \end{aligned} $$"""

    alpha: float = 0.5


def test_a_setting_may_be_in_a_slot():
    x, state, w = random_step(SlottedCell(), D)
    assert_exact(evaluate_step(SlottedCell(alpha=3), x, state, w)["h"], state.h + 3 * x)


def test_a_setting_that_is_true_is_no_number():
    x, state, w = random_step(SlowCell(), D)
    with pytest.raises(ValueError, match=r"\\alpha is not defined"):
        evaluate_step(SlowCell(alpha=True), x, state, w)
