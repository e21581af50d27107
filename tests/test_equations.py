"""The equations in the docstrings, evaluated as they stand, against the step."""

import re

import numpy as np
import pytest
import torch

from lstm_variants import VARIANTS
from lstm_variants.cells import ElmanCell, LSTMCell, Weights
from lstm_variants.equations import equations
from tests.oracles import float64, sigmoid
from tests.tolerances import assert_exact

CELLS = {name: variant.cell for name, variant in VARIANTS.items()} | {
    "RNN-relu": ElmanCell(nonlinearity="relu"),
    "PeepholeLSTM-previous-coupled": LSTMCell(peephole="previous", coupled=True),
}
every_cell = pytest.mark.parametrize("name", CELLS)

TOKENS = {
    r"\sigma": "sigmoid",
    r"\tanh": "tanh",
    r"\mathrm{relu}": "relu",
    r"\odot": "*",
    "(i, f, o)_{t-1}": "q_old",
}
FUNCTIONS = {"sigmoid": sigmoid, "tanh": np.tanh, "relu": lambda a: np.maximum(a, 0)}


def python(latex):
    """An equation's right-hand side as Python: what stands side by side is a matrix product."""
    for command, name in TOKENS.items():
        latex = latex.replace(command, name)
    latex = re.sub(r"(\w)_\{t-1\}", r"\1_old", latex)
    tokens = re.findall(r"[A-Za-z]\w*|\d+|[-+*()]", latex)
    assert "".join(tokens) == latex.replace(" ", ""), f"not understood: {latex}"
    code = ""
    for before, token in zip(["+", *tokens], tokens, strict=False):
        operand = token == "(" or token[0].isalnum()
        product = operand and (before == ")" or before[0].isalnum()) and before not in FUNCTIONS
        code += ("@" if product else "") + token
    return code


def by_gate(symbol, stacked, gates):
    """A stacked parameter as the equations name its parts: `W_i`, `W_f`, ..."""
    parts = zip(gates, np.split(stacked, len(gates)), strict=True)
    return {f"{symbol}_{k}": part for k, part in parts}


def evaluated(cell, x, state, w):
    """One step for one sequence, by the documented equations alone."""
    p = {k: float64(v) for k, v in w.items()}
    names = {"x_t": x, **FUNCTIONS, **{f"{k}_old": v for k, v in state.items()}}
    blocks = cell.block_names
    names |= by_gate("W", p["weight_ih"], blocks) | by_gate("U", p["weight_hh"], blocks)
    if "d_r" in str(equations(cell)):  # two biases that act apart
        names |= by_gate("b", p["bias_ih"], blocks) | by_gate("d", p["bias_hh"], blocks)
    else:
        names |= by_gate("b", p["bias_ih"] + p["bias_hh"], blocks)
    if cell.peepholes:
        names |= by_gate("p", p["weight_ch"], cell.peepholes)
    if "weight_gh" in p:
        names |= by_gate("R", p["weight_gh"], "ifo")
        names["q_old"] = np.concatenate([state[k] for k in "ifo"])
    for left, right in equations(cell).items():
        names[left] = eval(python(right), {"__builtins__": {}}, names)
    return {k.removesuffix("_t"): value for k, value in names.items() if k.endswith("_t")}


@every_cell
@pytest.mark.parametrize("H", [1, 2, 7])
def test_the_documented_equations_are_the_step(name, H):
    cell = CELLS[name]
    w = {
        k: torch.empty(shape, dtype=torch.float64).uniform_(-1, 1)
        for k, shape in cell.parameter_shapes(3, H).items()
    }
    x = torch.randn(4, 3, dtype=torch.float64)
    fields = cell.state_type._fields
    state = cell.state_type(*(torch.randn(4, H, dtype=torch.float64) for _ in fields))
    weights = Weights(**w)
    after, gates = cell.step(cell.project(x, weights), state, weights)
    assert set(cell.block_names) <= set(gates) | {
        "h"
    }  # the only block of a simple network is no gate
    for b in range(4):
        before = {k: float64(v[b]) for k, v in zip(fields, state, strict=True)}
        expected = evaluated(cell, float64(x[b]), before, w)
        for k, value in [*gates.items(), *zip(fields, after, strict=True)]:
            assert_exact(value[b], torch.from_numpy(np.asarray(expected[k])))


def test_what_is_evaluated_is_what_is_written():
    assert python(r"\sigma(W_i x_t + p_i \odot c_{t-1} + b_i)") == "sigmoid(W_i@x_t+p_i*c_old+b_i)"
    assert python(r"(1 - z_t) \odot U_n (r_t \odot h_{t-1})") == "(1-z_t)*U_n@(r_t*h_old)"
    with pytest.raises(AssertionError, match="not understood"):
        python(r"\frac{1}{2} x_t")


@every_cell
def test_every_setting_shows_in_the_equations(name):
    """No two cells of different settings share their documented equations."""
    same = [other for other, cell in CELLS.items() if equations(cell) == equations(CELLS[name])]
    assert {CELLS[other] for other in same} == {CELLS[name]}
