"""Products of bfloat16 on the CPU kernels, against float64: every cell, odd shapes.

Tensors are float32 here, with values that bfloat16 has: results are not rounded at the end.
"""

from itertools import pairwise

import pytest
import torch
from torch import nn

from lstm_variants.cells import LSTMCell
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.reference import Reference
from lstm_variants.kernels.schema import FUSED
from lstm_variants.nn import PeepholeLSTM
from tests.cpu_kernels import BFLOAT16_SETS, INSTRUCTION_SETS, needs_kernels, use_threads
from tests.test_cpu_exactness import (
    CELLS,
    FEW,
    PROJECTING,
    SHAPES,
    call_of,
    error,
    in_dtype,
    results_of,
    some_resets,
)

IN_BFLOAT16 = FUSED["cpu_bfloat16"]
EPS = torch.finfo(torch.bfloat16).eps
pytestmark = needs_kernels
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
# The others multiply a state by a gate first, and round the result.
ONE_PRODUCT = {
    text: cell
    for text, cell in CELLS.items()
    if not text.startswith(("Multiplicative", "MGU")) and "reset_after=False" not in text
}


@pytest.fixture(params=BFLOAT16_SETS or INSTRUCTION_SETS[:1], autouse=True)
def products(request, monkeypatch):
    """Each instruction set with products of bfloat16; where there are none, the one in use."""
    monkeypatch.setattr(native.kernels(), "instruction_set", request.param)


def representable(call):
    """The call in float32, with values that bfloat16 has."""
    return in_dtype(in_dtype(call, torch.bfloat16), torch.float32)


def distance(got, exact):
    """The norm of the error, in units of that of the exact values."""
    return ((got.double() - exact).norm() / exact.norm().clamp(min=1e-30)).item()


def check(call, *, outputs=0.25, gradients=1):
    """Gradients: to two roundings, since those of gates are rounded. Outputs: to half of one."""
    call = representable(call)
    exact = results_of(Reference(), in_dtype(call, torch.float64))
    found = results_of(IN_BFLOAT16, call)
    n = 1 + sum(len(state) for state in call.states)
    for k, (got, right) in enumerate(zip(found, exact, strict=True)):
        if right.numel() > 8:  # of a few numbers, an unlucky rounding is a large part
            assert distance(got, right) <= (outputs if k < n else gradients) * EPS, (
                f"result {k} of {call}"
            )
        else:
            assert error(got, right) <= EPS


@pytest.mark.parametrize("cell", ONE_PRODUCT.values(), ids=list(ONE_PRODUCT))
def test_one_step_is_that_of_float32(cell):
    """Products of two numbers in bfloat16 are exact in float32."""
    for _, B, D, H in SHAPES:
        call = representable(call_of(cell, 1, B + 8, D + H % 40, H, directions=1 + H % 2))
        exact = Reference().run(in_dtype(call, torch.float64))
        plain, found = (backend.run(call) for backend in (Reference(), IN_BFLOAT16))
        allowed = 5 * torch.finfo(torch.float32).eps
        for single, got, right in zip(*map(flat, (plain, found, exact)), strict=True):
            assert error(got, right) <= max(5 * error(single, right), allowed)


def flat(results):
    output, states = results
    return [output, *(field for state in states for field in state)]


@every_cell
@pytest.mark.costly
def test_every_shape(cell):
    for T, B, D, H in SHAPES:
        check(call_of(cell, T, B, D, H, directions=1 + H % 2, bias=H % 4 > 0))


@every_cell
def test_a_few_shapes(cell):
    for T, B, D, H in FEW:
        check(call_of(cell, T, B, D, H))
    check(call_of(cell, T=3, B=40, D=150, H=130, directions=1))


@pytest.mark.parametrize(
    ("T", "B", "D", "H"), [(2, 6, 9001, 5), (2, 150, 2001, 7), (2, 8301, 3, 4)], ids=str
)
def test_sums_of_more_terms_than_are_converted_at_once(T, B, D, H):
    check(call_of(LSTMCell(), T, B, D, H, directions=1))


@every_cell
def test_lengths_and_resets(cell):
    lengths, resets = torch.tensor([9, 0, 4, 9, 1]), some_resets(9, 5)
    check(call_of(cell, T=9, B=5, D=3, H=20, lengths=lengths))
    check(call_of(cell, T=9, B=5, D=3, H=20, lengths=lengths, resets=resets))


@pytest.mark.parametrize("cell", PROJECTING.values(), ids=list(PROJECTING))
@pytest.mark.parametrize("P", [1, 7, 16])
def test_projection(cell, P):
    """Outputs are sums of rounded numbers; with P = 1, errors of few numbers do not cancel."""
    check(call_of(cell, T=6, B=5, D=3, H=17, P=P), outputs=1, gradients=4 if P == 1 else 1)


@every_cell
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_share_the_work(cell, threads):
    with use_threads(threads):
        for B, H in ((1, 48), (9, 65)):
            call = representable(call_of(cell, T=5, B=B, D=3, H=H))
            check(call)
            first, again = (results_of(IN_BFLOAT16, call) for _ in range(2))
            assert all(map(torch.equal, first, again))


@every_cell
@pytest.mark.parametrize("value", [1e4, torch.inf, -torch.inf, torch.nan])
def test_strange_numbers(cell, value):
    """Finite where the reference is, and in their own sequence only."""
    call = representable(call_of(cell, T=4, B=6, D=2, H=10, directions=1))
    clean, _ = IN_BFLOAT16.run(call)
    x = call.x.detach().clone()
    x[1, 2, 0] = value
    output, _ = IN_BFLOAT16.run(call._replace(x=x))
    expected, _ = Reference().run(call._replace(x=x))
    assert torch.equal(output.isfinite(), expected.isfinite())
    assert torch.equal(output.isnan(), expected.isnan())
    others = [b for b in range(6) if b != 2]
    assert torch.equal(output[:, others], clean[:, others])


@every_cell
def test_products_are_of_bfloat16_where_the_instruction_set_has_them(cell, monkeypatch):
    """Elsewhere, results are those of float32. Matrix units add long sums in another order."""
    kernels, found = native.kernels(), []
    for instruction_set in INSTRUCTION_SETS:
        monkeypatch.setattr(kernels, "instruction_set", instruction_set)
        call = representable(call_of(cell, T=5, B=9, D=300, H=33, directions=1))
        low, single = (results_of(backend, call) for backend in (IN_BFLOAT16, BACKENDS["cpu"]))
        assert all(map(torch.equal, low, single)) != kernels.multiplies_bfloat16
        if kernels.multiplies_bfloat16:
            found.append(low)
    assert all(not all(map(torch.equal, *pair)) for pair in pairwise(found))


@pytest.mark.parametrize(("T", "B", "D", "H"), [(100, 16, 24, 96), (50, 1, 40, 130)])
def test_zero_peepholes_are_torchs_lstm_in_bfloat16(T, B, D, H):
    """Both within their roundings of the exact result; ours is no further from it."""
    theirs = nn.LSTM(D, H, dtype=torch.bfloat16)
    ours = PeepholeLSTM(D, H, dtype=torch.bfloat16, backend="cpu")
    exact = nn.LSTM(D, H, dtype=torch.float64)
    with torch.no_grad():
        ours.weight_ch_l0.zero_()
    ours.load_state_dict(theirs.state_dict(), strict=False)
    exact.load_state_dict(theirs.state_dict())
    x = torch.randn(T, B, D).bfloat16()
    weighing = torch.randn(T, B, H).bfloat16()
    found = []
    for layer in (ours, theirs, exact):
        leaf = x.detach().to(layer.weight_ih_l0.dtype).requires_grad_()
        output, (_, c_n) = layer(leaf)
        output.backward(weighing.to(output.dtype))
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0")
        gradients = [getattr(layer, name).grad for name in names]
        found.append([t.detach() for t in (output, c_n, leaf.grad, *gradients)])
    rounded = [t.bfloat16().double() for t in found[2]]
    for mine, torchs, right, once in zip(*found, rounded, strict=True):
        assert distance(mine, right) <= 1.1 * distance(torchs, right)
        assert distance(mine, right) <= 4 * distance(once, right)
    assert distance(found[0][0], found[2][0]) <= 2 * distance(rounded[0], found[2][0])
