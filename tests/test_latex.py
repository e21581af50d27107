"""Expressions in LaTeX: what is supported, what it means, and what is an error."""

import pytest
import torch

from lstm_variants.equations.document import substitute
from lstm_variants.equations.evaluation import evaluate
from lstm_variants.equations.latex import parse, write
from tests.tolerances import assert_exact

a, b = torch.tensor([[0.5, -2.0, 3.0], [1.5, 0.3, -0.7]], dtype=torch.float64)
M, N = torch.arange(12, dtype=torch.float64).reshape(2, 2, 3) - 5
s = torch.tensor(0.25, dtype=torch.float64)
SYMBOLS = {"a_t": a, "b_{t-1}": b, "M": M, "N_{hr}": N, r"\gamma": s, r"\tilde{a}_t": -a} | {
    r"c^\ast": a + b,
    "q_{t-1}": 2 * a,
    r"\mathrm{scale}": s,
    r"\mathrm{cell2}_{t-1}": b,
}

MEANING = {
    r"a_t + b_{t-1} - 1": a + b - 1,
    r"a_t - b_{t-1} + a_t": a - b + a,
    r"-a_t \odot b_{t-1}": -a * b,
    r"(1 - a_t) \odot b_{t-1}": (1 - a) * b,
    r"M a_t + N_{hr} b_{t - 1}": M @ a + N @ b,
    r"M (a_t \odot b_{t-1})": M @ (a * b),
    r"M a_t \odot N_{hr} b_{t-1}": (M @ a) * (N @ b),
    r"2 \gamma a_{t}": 2 * s * a,
    r"0.5 \cdot a_t": 0.5 * a,
    r"a_t / 2 / b_{t-1}": a / 2 / b,
    r"\frac{a_t + 1}{2 b_{t-1}}": (a + 1) / (2 * b),
    r"a_t^2 + b_{t-1}^{2}": a**2 + b**2,
    r"(1 - a_t)^2": (1 - a) ** 2,
    r"\tanh M a_t": torch.tanh(M @ a),
    r"\tanh(M a_t) \odot \sigma(M a_t)": torch.tanh(M @ a) * torch.sigmoid(M @ a),
    r"\log \sigma(a_t)": torch.log(torch.sigmoid(a)),
    r"\exp(-a_t)": torch.exp(-a),
    r"\max(a_t, b_{t-1}, 0)": a.maximum(b).clamp(min=0),
    r"\min\left(a_t, b_{t-1}\right)": a.minimum(b),
    r"\mathrm{relu}(a_t) + \operatorname{relu}(b_{t-1})": a.relu() + b.relu(),
    r"\sqrt{1 - \sigma(a_t)^2} \odot b_{t-1}": (1 - a.sigmoid() ** 2).sqrt() * b,
    r"-\gamma \mathrm{softplus}(a_t)": -s * torch.nn.functional.softplus(a),
    r"[a_t, b_{t-1}]": torch.cat([a, b]),
    r"(b, q)_{t-1}": torch.cat([b, 2 * a]),
    r"\tilde{a}_t + \tilde a_t": -2 * a,
    r"c^\ast\, - a_t": b,
    r"\mathrm{scale} \cdot \operatorname{cell2}_{t-1} + \mathrm{a}_t": s * b + a,
}


@pytest.mark.parametrize("text", MEANING)
def test_what_is_evaluated_is_what_is_written(text):
    assert_exact(evaluate(parse(text), SYMBOLS), MEANING[text])
    assert_exact(evaluate(parse(write(parse(text))), SYMBOLS), MEANING[text])


SYNTAX = {
    r"\sinh(a_t)": r"\\sinh in .* is not supported",
    r"a_t ? b_t": r"\? in .* is not supported",
    r"\mathrm{dt} (a_t)": r"\\mathrm{dt} in .* is not supported as a function: .* needs \\cdot",
    r"\sqrt(a_t)": r"unexpected \( in",
    r"(a_t + b_t": r"unexpected the end in .*, expected \)",
    r"a_t + b_t)": r"unexpected \) in",
    r"a_t + \odot b_t": r"unexpected \\odot in",
    r"\frac a_t 2": "unexpected a_t in .*, expected {",
    r"\max(a_t)": r"\\max has 1 arguments in",
    r"\tanh(a_t, b_t)": r"\\tanh has 2 arguments in",
    "": "unexpected the end",
}


@pytest.mark.parametrize("text", SYNTAX)
def test_what_is_not_supported_is_named(text):
    with pytest.raises(ValueError, match=SYNTAX[text]):
        parse(text)


VALUES = {
    "a_t + e_t": "e_t is not defined, expected one of a_t, ",
    r"a_t b_{t-1}": r"\[3\] and \[3\] do not fit in the matrix product a_t b_{t-1}",
    r"M M": r"\[2, 3\] and \[2, 3\] do not fit in the matrix product M M",
    r"a_t \odot (M a_t)": r"\[3\] and \[2\] differ in a_t \\odot \(M a_t\)",
    r"\max(a_t, M a_t)": r"\[3\] and \[2\] differ in \\max",
    r"(b + q)_{t-1}": r"expected symbols inside the parentheses of \(b \+ q\)_{t-1}",
}


@pytest.mark.parametrize("text", VALUES)
def test_what_is_not_defined_is_named(text):
    with pytest.raises(ValueError, match=VALUES[text]):
        evaluate(parse(text), SYMBOLS)


SUBSTITUTIONS = [
    (r"\sigma(W_i x_t + p_i \odot c_t + b_i)", "p", "0", r"\sigma(W_i x_t + b_i)"),
    (r"\sigma(p_i \odot c_t + b_i)", "p", "0", r"\sigma(b_i)"),
    ("a - (b p_i) / 2 - c", "p", "0", "a - c"),
    (r"p_i - \frac{p_i}{b}", "p", "0", "0"),
    (r"p_i - b", "p", "0", "-b"),
    (r"\max(p_i, b)", "p", "0", r"\max(0, b)"),
    (r"\sigma(p_i)", "p", "0", r"\sigma(0)"),
    (r"W_p x_t + pq", "p", "0", "W_p x_t"),
    (r"o_t \odot \tanh(c_t)", r"\tanh(c_t)", "c_t", r"o_t \odot c_t"),
    (r"p_o \odot c^\ast + c_t", r"c^\ast", "c_{t-1}", r"p_o \odot c_{t-1} + c_t"),
    (r"o_t \odot \tanh(c_t)", r"\tanh(c_t)", "c_t + 1", r"o_t \odot (c_t + 1)"),
    (r"(1 - f_t) \odot g_t", "f_t", "1 - i_t", r"(1 - (1 - i_t)) \odot g_t"),
    ("x_t^2", "x_t", "-y_t", "(-y_t)^2"),
    ("a_t / b_t", "b_t", r"c_t \odot d_t", r"a_t / (c_t \odot d_t)"),
    ("U_g h_{t-1}", "h_{t-1}", r"r_t \odot h_{t-1}", r"U_g (r_t \odot h_{t-1})"),
    ("a_t - b_t", "b_t", "-d_t", "a_t - (-d_t)"),
    ("a_t - b_t", "b_t", "c_t + d_t", "a_t - (c_t + d_t)"),
    ("a_t + b_t", "b_t", "c_t - d_t", "a_t + c_t - d_t"),
    (r"\tanh(c_t)", "c_t", "c_t + n_t", r"\tanh(c_t + n_t)"),
    (r"\frac{a_t}{b_t}", "b_t", "c_t + d_t", r"\frac{a_t}{c_t + d_t}"),
    ("c_t", "c_t", "a_t + b_t", "a_t + b_t"),
    (r"a_t - b_t \odot c_t", "b_t", "0.5", r"a_t - 0.5 \odot c_t"),
]


@pytest.mark.parametrize(("text", "old", "new", "expected"), SUBSTITUTIONS)
def test_substitution(text, old, new, expected):
    assert write(substitute(parse(text), parse(old), parse(new))) == expected


@pytest.mark.parametrize(
    "new", ["b_{t-1} + 2", "b_{t-1} - 2", "-b_{t-1}", r"b_{t-1} \odot b_{t-1}", "b_{t-1}^2"]
)
@pytest.mark.parametrize("text", [text for text in MEANING if r" a_t" in f" {text}"])
def test_a_substitution_has_the_value_of_what_is_put_in(text, new):
    written = write(substitute(parse(text), parse("a_t"), parse(new)))
    value = evaluate(parse(new), SYMBOLS).expand_as(a)
    assert_exact(evaluate(parse(written), SYMBOLS), evaluate(parse(text), SYMBOLS | {"a_t": value}))


def test_numbers_have_dtype_and_device_of_what_they_are_combined_with():
    x, W = torch.tensor([1.0, 2.0]), torch.ones(2, 3)
    with torch.device("meta"):
        value = evaluate(parse("W [x_t, 1] + 0.5 x_t"), {"x_t": x, "W": W})
    assert torch.equal(value, torch.tensor([4.5, 5.0]))


GREEK = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho tau upsilon phi
    chi psi omega Gamma Delta Theta Lambda Xi Pi Upsilon Phi Psi Omega
"""


@pytest.mark.parametrize("name", GREEK.split())
def test_greek_letters(name):
    """All but sigma, which is the function."""
    assert parse(rf"\{name}").kind == parse(rf"\{name}_t").kind == "symbol"
