"""Weight dropout and recurrent dropout, and what they and zoneout have in common."""

import copy
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import torch

from lstm_variants import VARIANTS, trace
from lstm_variants import nn as layers
from lstm_variants.cells import MinGRUCell
from tests.cpu_kernels import needs_kernels
from tests.layers import (
    OURS,
    TWINS,
    assert_same_states,
    backend_of,
    check_derivatives,
    observed_call,
    random_hx,
    states_of,
    twins,
)
from tests.tolerances import TOLERANCES, assert_exact

F64 = {"dtype": torch.float64}
T, B, D, H = 6, 3, 4, 5
RECURRENT = [name for name in VARIANTS if "weight_hh" in VARIANTS[name].cell.parameters(1, 1)]
every_variant = pytest.mark.parametrize("name", VARIANTS)
every_recurrent_variant = pytest.mark.parametrize("name", RECURRENT)


@pytest.mark.parametrize("name", TWINS)
def test_weight_dropout_is_torchs_layer_with_dropped_weights(name):
    ours, theirs = twins(name, D, H, **F64)
    ours.weight_dropout = 0.4
    x = torch.randn(T, B, D, **F64)
    (output, last), [(call, _)] = observed_call(ours, x)
    [weights] = call.weights
    dropped = weights.weight_hh == 0
    assert_exact(weights.weight_hh, ours.weight_hh_l0.where(~dropped, 0) / 0.6)
    assert 0 < dropped.sum() < dropped.numel()
    theirs.weight_hh_l0.data.copy_(weights.weight_hh)
    expected, expected_last = theirs(x)
    assert_exact(output, expected)
    assert_same_states(last, expected_last)


@every_recurrent_variant
def test_weight_dropout(name):
    """Of recurrent weights alone; others at each call, layer and direction; none in evaluation."""
    layer = VARIANTS[name].layer(
        D, 40, num_layers=2, bidirectional=True, weight_dropout=0.25, **F64
    )
    x = torch.randn(T, B, D, **F64)
    _, calls = observed_call(layer, x)
    again, more = observed_call(layer, x)
    given = [w for call, _ in (*calls, *more) for w in call.weights]
    masks = []
    for k, weights in enumerate(given):
        names = layer.spec.names[k % 4]
        for kind, parameter in zip(layer.spec.kinds, names, strict=True):
            weight, parameter = getattr(weights, kind), getattr(layer, parameter)
            if kind not in ("weight_hh", "weight_gh"):
                assert torch.equal(weight, parameter)
                continue
            dropped = weight == 0
            assert_exact(weight, parameter.where(~dropped, 0) / 0.75)
            n = dropped.numel()
            assert abs(dropped.sum().item() - n / 4) < 5 * (n * 3 / 16) ** 0.5
            if kind == "weight_hh":
                masks.append(dropped)
    assert not any(torch.equal(a, b) for k, a in enumerate(masks) for b in masks[:k])
    plain = VARIANTS[name].layer(D, 40, num_layers=2, bidirectional=True, **F64)
    plain.load_state_dict(layer.state_dict())
    assert torch.equal(layer.eval()(x)[0], plain(x)[0])
    assert not torch.equal(again[0], plain(x)[0])


@needs_kernels
def test_weight_dropout_runs_on_the_kernels():
    layer = layers.PeepholeLSTM(D, H, weight_dropout=0.5, backend="cpu", **F64)
    x = torch.randn(T, B, D, **F64)
    found = []
    for backend in ("cpu", "reference"):
        layer.backend = backend
        torch.manual_seed(0)
        output, _ = layer(x)
        found.append((output, *torch.autograd.grad(output.square().sum(), layer.parameters())))
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)
    assert not found[0][2].all()  # a weight that is dropped has no gradient


@every_recurrent_variant
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
def test_recurrent_dropout_is_scaled_columns(name, bidirectional):
    """Of one sequence: its recurrent weights see h times factors that are the same at all steps."""
    layer = VARIANTS[name].layer(D, H, bidirectional=bidirectional, recurrent_dropout=0.4, **F64)
    x, hx = torch.randn(T, 1, D, **F64), random_hx(layer, 1)
    (output, last), [(call, backend)] = observed_call(layer, x, hx)
    assert backend == backend_of(layer)
    plain = VARIANTS[name].layer(D, H, bidirectional=bidirectional, **F64)
    plain.load_state_dict(layer.state_dict())
    for (factors, kept), suffix in zip(call.masks, ("", "_reverse"), strict=False):
        assert set(kept) == {None}
        assert_exact(factors, factors.where(factors == 0, 1 / 0.6))
        with torch.no_grad():
            weight = getattr(plain, f"weight_hh_l0{suffix}")
            # Of a multiplicative LSTM, the first block sees h, and the others see m.
            rows = slice(0, H) if name == "MultiplicativeLSTM" else slice(None)
            weight[rows] *= factors[0]
    expected, expected_last = plain(x, hx)
    assert_exact(output, expected)
    assert_same_states(last, expected_last)


@every_recurrent_variant
def test_recurrent_dropout_of_a_batch(name):
    """Other factors for each sequence, at each call; none in evaluation."""
    layer = VARIANTS[name].layer(D, 40, bidirectional=False, recurrent_dropout=0.2, **F64)
    x = torch.randn(T, 50, D, **F64)
    _, [(call, _)] = observed_call(layer, x)
    [(factors, _)] = call.masks
    dropped = factors == 0
    n = dropped.numel()
    assert factors.shape == (50, 40)
    assert abs(dropped.sum().item() - n / 5) < 5 * (n * 0.16) ** 0.5
    assert not torch.equal(layer(x)[0], layer(x)[0])
    _, [(call, _)] = observed_call(layer.eval(), x)
    assert call.masks is None


def test_recurrent_dropout_of_a_projection():
    layer = layers.LSTM(D, H, proj_size=2, recurrent_dropout=0.5, zoneout=(0.1, 0.2), **F64)
    (output, _), [(call, _)] = observed_call(layer, torch.randn(T, B, D, **F64))
    [(factors, (of_h, of_c))] = call.masks
    assert (factors.shape, of_h.shape, of_c.shape) == ((B, 2), (T, B, 2), (T, B, H))
    assert output.shape == (T, B, 2)


ALL = {"weight_dropout": 0.3, "recurrent_dropout": 0.3, "zoneout": 0.3}


def options_of(name):
    return ALL if name in RECURRENT else {"zoneout": 0.3}


@every_variant
@pytest.mark.costly
def test_derivatives_see_the_masks_of_the_call(name):
    """First and second ones, with the same seed at each call."""
    layer = VARIANTS[name].layer(2, 2, bidirectional=False, **options_of(name), **F64)
    check_derivatives(layer, seed=3)


@every_variant
def test_traces_see_the_masks_of_the_call(name):
    layer = VARIANTS[name].layer(D, H, bidirectional=True, **options_of(name), **F64)
    outputs = []
    layer.register_forward_hook(lambda module, inputs, results: outputs.append(results[0]))
    steps = trace(layer, torch.randn(T, B, D, **F64))
    assert_exact(torch.cat([record["h"] for record in steps], dim=-1), outputs[0])


@every_variant
@pytest.mark.costly
@pytest.mark.usefixtures("fresh_compiler")
def test_compiled(name):
    layer = VARIANTS[name].layer(D, H, **options_of(name))
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    x = torch.randn(T, B, D)
    output, _ = compiled(x)
    assert output.isfinite().all()
    assert not torch.equal(output, compiled(x)[0])


def compare_at_rate_one(name, option, dtype, run):
    """With a probability of 1, the results are not random: the forward direction, in float32."""
    layer = VARIANTS[name].layer(D, H, dtype=dtype, **{option: 1.0})
    x, hx = torch.randn(2, B, D).to(dtype), random_hx(layer, B, dtype=dtype)
    output, _ = run(layer)(x, hx)
    exact = copy.deepcopy(layer).float()
    cell, w = exact.cell, exact.weights_of_cell()
    state = cell.state_type(*(field[0].float() for field in states_of(hx)))
    if option == "weight_dropout":
        names = {"weight_hh", "weight_gh"} & {*w._fields}
        w = w._replace(**{key: getattr(w, key) * 0 for key in names if getattr(w, key) is not None})
    expected = []
    for x_t in x.float():
        if option == "recurrent_dropout":
            state, _ = cell.step(cell.project(x_t, w), state, w, h_recurrent=torch.zeros(B, H))
        elif option == "weight_dropout":
            state, _ = cell.step(cell.project(x_t, w), state, w)
        expected.append(state[0])
    tolerance = TOLERANCES.get(dtype, 0.02)
    found = output[..., :H].float()
    torch.testing.assert_close(found, torch.stack(expected), rtol=tolerance, atol=tolerance)


every_option_of_every_variant = pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in VARIANTS for option in options_of(name)]
)


@every_option_of_every_variant
@pytest.mark.costly
@pytest.mark.usefixtures("fresh_compiler")
def test_each_is_compiled(name, option):
    whole = partial(torch.compile, backend="eager", fullgraph=True)
    compare_at_rate_one(name, option, torch.float32, whole)


@every_option_of_every_variant
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_each_in_half_precision(name, option, dtype):
    compare_at_rate_one(name, option, dtype, lambda layer: layer)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@every_variant
def test_half_precision(name, dtype):
    layer = VARIANTS[name].layer(D, H, dtype=dtype, **options_of(name))
    output, last = layer(torch.randn(T, B, D).to(dtype))
    assert all(tensor.dtype == dtype for tensor in (output, *states_of(last)))
    output.sum().backward()
    assert all(p.grad.isfinite().all() for p in layer.parameters())


@pytest.mark.parametrize("name", OURS)
def test_every_layer_takes_them(name):
    options = ALL if name not in ("MinGRU", "MinLSTM") else {"zoneout": 0.3}
    layer = OURS[name](D, H, **options)
    assert "zoneout=0.3" in repr(layer)
    again = copy.deepcopy(layer)
    x = torch.randn(T, B, D)
    found = []
    for module in (layer, again):
        torch.manual_seed(5)
        found.append(module(x)[0])
    assert torch.equal(*found)


WRONG = {
    "text": (layers.LSTM, {"weight_dropout": "0.5"}, TypeError, "weight_dropout should be a prob"),
    "a flag": (layers.LSTM, {"zoneout": True}, TypeError, "zoneout should be a probability"),
    "negative": (layers.GRU, {"recurrent_dropout": -0.1}, ValueError, "from 0 to 1, got -0.1"),
    "above 1": (layers.GRU, {"zoneout": 1.5}, ValueError, "from 0 to 1, got 1.5"),
    "two for h": (
        layers.GRU,
        {"zoneout": (0.1, 0.1)},
        ValueError,
        r"one for each of \('h',\) of GRUCell\(\), got \(0.1, 0.1\)",
    ),
    "of c in an sLSTM": (layers.SLSTM, {"zoneout": (0.1, 0.1)}, ValueError, r"each of \('h',\)"),
    "no weights": (layers.MinGRU, {"weight_dropout": 0.1}, ValueError, "has no recurrent weights"),
    "no product": (layers.MinLSTM, {"recurrent_dropout": 0.1}, ValueError, "no recurrent weights"),
}


@pytest.mark.parametrize(("layer", "options", "error", "message"), WRONG.values(), ids=list(WRONG))
def test_what_has_no_meaning_is_an_error(layer, options, error, message):
    with pytest.raises(error, match=message):
        layer(D, H, **options)


def test_a_cell_of_your_own_without_seen():
    class OwnCell(MinGRUCell):
        def parameters(self, D, H, **options):
            found = super().parameters(D, H, **options)
            return found | {"weight_hh": found["weight_ih"]}

    with pytest.raises(ValueError, match="whose step has no argument `h_recurrent`"):
        layers.Recurrent(OwnCell(), D, H, recurrent_dropout=0.1)


def test_lists_and_numbers_of_numpy():
    layer = layers.LSTM(D, H, zoneout=[np.float32(0.1), 0.2], weight_dropout=np.float64(0.5))
    assert layer(torch.randn(T, B, D))[0].isfinite().all()


def test_rates_that_are_fractions():
    options = ("weight_dropout", "recurrent_dropout", "zoneout")
    exact, rounded = (
        layers.LSTM(D, H, **dict.fromkeys(options, rate)) for rate in (Fraction(1, 4), 0.25)
    )
    exact.load_state_dict(rounded.state_dict())
    x = torch.randn(T, B, D)
    for mode in (True, False):
        results = []
        for layer in (exact, rounded):
            torch.manual_seed(0)
            results.append(layer.train(mode)(x)[0])
        assert torch.equal(*results)


@pytest.mark.parametrize("value", [1.5, (0.1,), "much"], ids=str)
def test_rates_that_are_set_later_are_checked(value):
    layer = layers.LSTM(D, H)
    layer.zoneout = value
    with pytest.raises((TypeError, ValueError), match="zoneout should be"):
        layer(torch.zeros(T, B, D))


@pytest.mark.parametrize("option", ["recurrent_dropout", "zoneout"])
@every_recurrent_variant
def test_dtypes_under_autocast(name, option):
    layer = VARIANTS[name].layer(D, H, **{option: 0.3})
    for mode in (True, False):
        layer.train(mode)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output, last = layer(torch.randn(T, B, D))
        assert {output.dtype, *(s.dtype for s in states_of(last))} == {torch.bfloat16}


@pytest.mark.parametrize("option", ["recurrent_dropout", "zoneout"])
def test_torchs_kernels_have_none(option):
    layer = layers.LSTM(D, H, backend="torch", **{option: 0.5})
    with pytest.raises(RuntimeError, match="no recurrent dropout and no zoneout"):
        layer(torch.zeros(T, B, D))
