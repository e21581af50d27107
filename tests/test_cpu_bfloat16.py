"""Layers in bfloat16 on the CPU kernels, against float64: every cell, odd shapes."""

import copy
from itertools import pairwise

import pytest
import torch
from torch import nn

from lstm_variants.cells import LayerNormLSTMCell, LSTMCell
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.operators.schema import layer_operator
from lstm_variants.kernels.reference import Reference
from lstm_variants.nn import RNN, IndRNN, MinGRU, MinLSTM, PeepholeLSTM
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

CPU = BACKENDS["cpu"]
EPS = torch.finfo(torch.bfloat16).eps
pytestmark = needs_kernels
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
# The others multiply a state by a gate first, and round the result.
ONE_PRODUCT = {
    text: cell
    for text, cell in CELLS.items()
    if not text.startswith(("Multiplicative", "MGU")) and "reset_after=False" not in text
}


CONVERTING = [name for name in INSTRUCTION_SETS if name not in BFLOAT16_SETS]


@pytest.fixture(params=[*BFLOAT16_SETS, *CONVERTING[:1]], autouse=True)
def products(request, monkeypatch):
    """Each instruction set with products of bfloat16, and the fastest of the others."""
    monkeypatch.setattr(native.kernels(), "instruction_set", request.param)


def distance(got, exact):
    """The norm of the error, in units of that of the exact values."""
    return ((got.double() - exact).norm() / exact.norm().clamp(min=1e-30)).item()


def check(call, *, outputs=0.25, gradients=1):
    """Besides that of the result: gradients to two roundings, since those of gates are rounded;
    outputs to half of one.

    Of a gradient, normalisation cancels a part, and of a few numbers nearly all: there, the error
    may be twice that of torch's functions in bfloat16 too.
    """
    call = in_dtype(call, torch.bfloat16)
    exact = results_of(Reference(), in_dtype(call, torch.float64), torch.bfloat16)
    found = results_of(CPU, call, torch.bfloat16)
    normalises = isinstance(call.cell, LayerNormLSTMCell)
    torchs = results_of(Reference(), rounded_factors(call), torch.bfloat16) if normalises else exact
    n = 1 + len(call.states)
    for k, (got, right, plain) in enumerate(zip(found, exact, torchs, strict=True)):
        if right.numel() > 8:  # of a few numbers, an unlucky rounding is a large part
            allowed = (outputs if k < n else gradients) * EPS + distance(right.bfloat16(), right)
            allowed = max(allowed, 2 * distance(plain, right))
            assert distance(got, right) <= allowed, f"result {k} of {call}"
        else:
            assert error(got, right) <= max(EPS, 2 * error(plain, right))


def rounded_factors(call):
    """The call with factors of recurrent dropout in bfloat16, as torch's functions need them."""
    if call.masks is None or call.masks[0].dropout_factors is None:
        return call
    rounded = (m._replace(dropout_factors=m.dropout_factors.bfloat16()) for m in call.masks)
    return call._replace(masks=tuple(rounded))


@pytest.mark.parametrize("cell", ONE_PRODUCT.values(), ids=list(ONE_PRODUCT))
def test_one_step_is_that_of_float32(cell):
    """Rounded once: products of two numbers in bfloat16 are exact in float32."""
    for _, B, D, H in SHAPES:
        drawn = call_of(cell, 1, B + 8, D + H % 40, H, directions=1 + H % 2)
        call = in_dtype(drawn, torch.bfloat16)
        single, double = (in_dtype(call, dtype) for dtype in (torch.float32, torch.float64))
        runs = Reference().run(single), CPU.run(call), Reference().run(double)
        for plain, got, right in zip(*map(flat, runs), strict=True):
            eps = torch.finfo(torch.float32).eps
            allowed = 5 * max(error(plain, right), eps) * right.abs().max().clamp(min=1)
            assert ((right - allowed).bfloat16() <= got).all()
            assert (got <= (right + allowed).bfloat16()).all()


def flat(results):
    output, states = results
    return [output, *states]


def test_numbers_are_written_as_torch_rounds_them():
    """Ties, the largest numbers, infinity and NaN: h = relu(x + b)."""
    tiny, largest = torch.finfo(torch.bfloat16).tiny, torch.finfo(torch.bfloat16).max
    numbers = [0.0, tiny, 2**-8, 2**-9, 3 * 2**-8, 0.1, 1.0, largest / 200, largest]
    x = torch.tensor([*numbers, torch.inf, torch.nan, -1.0]).bfloat16()
    rnn = RNN(1, len(x), nonlinearity="relu", dtype=torch.bfloat16, backend="cpu")
    with torch.no_grad():
        for name, value in {"weight_ih": 1, "weight_hh": 0, "bias_ih": x, "bias_hh": 0}.items():
            getattr(rnn, f"{name}_l0").copy_(torch.as_tensor(value))
        output, _ = rnn(x.view(1, -1, 1))
    expected = (x[:, None].float() + x.float()).relu().bfloat16()
    torch.testing.assert_close(output[0], expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("layer", [MinGRU, MinLSTM, IndRNN, RNN])
def test_gradients_at_a_steady_state_are_those_of_float32(layer):
    """There, a change of h is far below the last digit that bfloat16 has of it."""
    low = layer(3, 5, dtype=torch.bfloat16, backend="cpu")
    single = copy.deepcopy(low).float()
    x = torch.randn(3).bfloat16().expand(100, 2, 3)
    for module in (low, single):
        output, _ = module(x.to(module.weight_ih_l0.dtype))
        output[-1].float().sum().backward()
    found, expected = (m.bias_ih_l0.grad.double().view(-1, 5) for m in (low, single))
    for block, right in zip(found, expected, strict=True):
        assert distance(block, right) <= EPS


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
            call = in_dtype(call_of(cell, T=5, B=B, D=3, H=H), torch.bfloat16)
            check(call)
            first, again = (results_of(CPU, call) for _ in range(2))
            assert all(map(torch.equal, first, again))


@every_cell
@pytest.mark.parametrize("value", [1e4, torch.inf, -torch.inf, torch.nan])
def test_strange_numbers(cell, value):
    """Finite where the reference is, and in their own sequence only."""
    call = in_dtype(call_of(cell, T=4, B=6, D=2, H=10, directions=1), torch.bfloat16)
    clean, _ = CPU.run(call)
    x = call.x.detach().clone()
    x[1, 2, 0] = value
    output, _ = CPU.run(call._replace(x=x))
    expected, _ = Reference().run(in_dtype(call._replace(x=x), torch.float32))
    assert torch.equal(output.isfinite(), expected.isfinite())
    assert torch.equal(output.isnan(), expected.isnan())
    others = [b for b in range(6) if b != 2]
    assert torch.equal(output[:, others], clean[:, others])


@every_cell
def test_products_are_of_bfloat16_where_the_instruction_set_has_them(cell, monkeypatch):
    """Elsewhere, gates are those of float32. Matrix units add long sums in another order."""
    kernels, found = native.kernels(), []
    call = in_dtype(call_of(cell, T=5, B=9, D=300, H=33, directions=1), torch.bfloat16)
    for instruction_set in INSTRUCTION_SETS:
        monkeypatch.setattr(kernels, "instruction_set", instruction_set)
        low, single = map(first_gate, (call, in_dtype(call, torch.float32)))
        assert torch.equal(low, single) != kernels.multiplies_bfloat16
        if kernels.multiplies_bfloat16:
            found.append(low)
    assert not any(torch.equal(*pair) for pair in pairwise(found))


def first_gate(call):
    """A gate, or what it is before its function, as the forward pass keeps it: in float32."""
    weights = [w.detach() for w in call.weights[0] if w is not None]
    states = [s.detach() for s in call.states]
    name = repr(call.cell)
    results = layer_operator(
        call.x.detach(), weights, states, None, None, None, None, name, "cpu", True
    )
    gates = results[1 + len(states)]
    assert gates.dtype == torch.float32
    return gates[..., : weights[0].shape[0] // len(call.cell.blocks)]


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
