"""torch.func on the kernels: against the reference in float64, and against loops of autograd."""

import pytest
import torch
from torch.func import (
    functional_call,
    functionalize,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    vjp,
    vmap,
)

from lstm_variants import nn
from lstm_variants.kernels import torch_kernels
from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import needs_kernels
from tests.layers import TWINS, states_of, twins
from tests.tolerances import assert_exact
from tests.transforms import (
    CASES,
    F64,
    FORWARD_ONLY,
    B,
    D,
    Functions,
    H,
    T,
    backends_that_run,
    flat,
    hessian_by_autograd,
    layers_of,
    samples,
)

LENGTHS = [None, [3, 1]]
FAST = [name for name in VARIANTS if kernel_of(VARIANTS[name].cell)]
IN_TORCH = [name for name in VARIANTS if VARIANTS[name].cell in torch_kernels.FUNCTIONS]
SOME = ["RNN", "PeepholeLSTM", "GRU"]

every_fast_variant = pytest.mark.parametrize("name", FAST)
some_variants = pytest.mark.parametrize("name", SOME)
every_lengths = pytest.mark.parametrize("lengths", LENGTHS, ids=["whole", "lengths"])


@needs_kernels
@every_fast_variant
@every_lengths
@pytest.mark.parametrize("case", CASES)
def test_transforms_run_on_the_kernels(name, lengths, case):
    fast, exact = layers_of(name)
    transformed, by_hand = CASES[case]
    with backends_that_run() as ran:
        got = flat(transformed(Functions(fast, lengths)))
    assert ran["backends"] == {"cpu"}
    assert (ran["backward"] > 0) == (case not in FORWARD_ONLY)
    for function in (transformed, by_hand):
        for a, b in zip(got, flat(function(Functions(exact, lengths))), strict=True):
            assert_exact(a, b)


@needs_kernels
@some_variants
def test_reverse_mode_is_forward_mode(name):
    """A Jacobian by the kernels, and by jvp, which takes the reference."""
    fast, _ = layers_of(name)
    f = Functions(fast)
    expected = jacfwd(lambda x: f.results(x, f.parameters)[0])
    fast.backend = "auto"
    with backends_that_run() as ran:
        expected = expected(samples()[0])
    assert ran["backends"] == {"reference"}
    fast.backend = "cpu"
    assert_exact(jacrev(lambda x: f.results(x, f.parameters)[0])(samples()[0]), expected)


@needs_kernels
@pytest.mark.parametrize("name", TWINS)
def test_gradients_per_sample_are_those_of_torch(name):
    ours, theirs = twins(name, D, H, bidirectional=True, **F64)
    f = Functions(ours)
    got = vmap(grad(f.loss, argnums=1), in_dims=(0, None))(samples(), f.parameters)
    for k, x in enumerate(samples()):
        output, last = theirs(x)
        total = sum(result.square().sum() for result in (output, *states_of(last)))
        expected = torch.autograd.grad(total, [*theirs.parameters()])
        for (parameter, _), gradient in zip(theirs.named_parameters(), expected, strict=True):
            assert_exact(got[parameter][k], gradient)


@needs_kernels
@some_variants
def test_a_gradient_with_create_graph_is_computed_by_the_kernel(name):
    fast, _ = layers_of(name)
    x = samples()[0].requires_grad_()
    with backends_that_run() as ran:
        (first,) = torch.autograd.grad(fast(x)[0].square().sum(), x, create_graph=True)
    assert ran["backward"] == 1
    assert first.requires_grad


@needs_kernels
@some_variants
def test_a_gradient_that_is_differentiated_after_its_level_has_ended(name):
    """The pullback of a gradient, as it is and along a direction."""
    found = []
    for layer in layers_of(name):
        f, x = Functions(layer), samples()[0]
        _, pullback = vjp(grad(f.loss), x, f.parameters)
        _, first = vjp(lambda x: f.results(x, f.parameters)[0], x)  # noqa: B023
        v = torch.ones(T, B, 2 * H, **F64)
        found.append([*flat(pullback(x)), *flat(jvp(first, (v,), (v.cos(),)))])
        wanted = x.clone().requires_grad_()
        found[-1] += torch.autograd.grad(
            vjp(grad(f.loss), wanted, f.parameters)[1](x)[0].sum(), wanted
        )
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)


@needs_kernels
@some_variants
def test_a_gradient_along_a_direction(name):
    """Forward mode over a backward pass that was recorded without it."""
    found = []
    for layer in layers_of(name):
        x = samples()[0].requires_grad_()
        output = layer(x)[0]
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(output.detach(), output.detach().cos())
            (gradient,) = torch.autograd.grad(output, x, dual)
            found.append(torch.autograd.forward_ad.unpack_dual(gradient))
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)


@needs_kernels
@some_variants
def test_hessian_goes_through_the_reference(name):
    fast, exact = layers_of(name, backend="auto")
    with backends_that_run() as ran:
        got = hessian(Functions(fast).loss)(samples()[0], Functions(fast).parameters)
    assert ran["backends"] == {"reference"}
    expected = hessian_by_autograd(Functions(exact))
    assert_exact(got, expected[0])


@needs_kernels
def test_lengths_out_of_range_under_transforms_are_an_error():
    fast, _ = layers_of("GRU")
    many = torch.tensor([[3, 1], [4, 1]])
    with pytest.raises(ValueError, match="lengths should be from 0 to 3"):
        vmap(lambda x, lengths: fast(x, lengths=lengths)[0])(samples()[:2], many)
    with pytest.raises(ValueError, match=r"lengths should be from 0 to 3, .* got \[4\]"):
        grad(Functions(fast, [4, 1]).loss)(samples()[0], Functions(fast).parameters)


@needs_kernels
@some_variants
def test_functionalize_goes_through_the_reference(name):
    fast, _ = layers_of(name, backend="auto")
    with backends_that_run() as ran:
        got = functionalize(lambda x: fast(x)[0])(samples()[0])
    assert ran["backends"] == {"reference"}
    assert_exact(got, fast(samples()[0])[0])


@pytest.mark.parametrize("name", IN_TORCH)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("case", ["grad", "vjp", "grad of grad", "jacrev", "jacrev of grad"])
def test_derivatives_of_torchs_kernels(name, dtype, case, monkeypatch):
    fast, exact = layers_of(name, backend="torch")
    transformed, by_hand = CASES[case]
    expected = flat(by_hand(Functions(exact)))
    sample = samples()[:1].to(dtype)
    monkeypatch.setattr("tests.transforms.samples", lambda: sample)
    with backends_that_run() as ran:
        got = flat(transformed(Functions(fast.to(dtype))))
    assert ran["backends"] == {"torch"}
    for a, b in zip(got, expected, strict=True):
        assert_exact(a, b, dtype)


def test_transforms_that_torchs_kernels_do_not_support():
    layer = VARIANTS["GRU"].layer(D, H, backend="torch", **F64)
    with pytest.raises(RuntimeError, match="torch's kernels do not support vmap"):
        vmap(layer)(samples())
    with pytest.raises(RuntimeError, match="do not support forward-mode differentiation"):
        jvp(lambda x: layer(x)[0], (samples()[0],), (samples()[1],))
    with pytest.raises(RuntimeError, match="packing does not support"):
        grad(Functions(layer, [3, 1]).loss)(samples()[0], Functions(layer).parameters)


@needs_kernels
def test_no_samples_with_resets_of_their_own():
    layer = nn.LSTM(D, H)
    samples_of = {"x": torch.randn(0, T, B, D), "resets": torch.zeros(0, T, B, dtype=torch.bool)}

    def loss(parameters, x, resets):
        return functional_call(layer, parameters, (x,), {"resets": resets})[0].sum()

    found = vmap(grad(loss), (None, 0, 0))(dict(layer.named_parameters()), *samples_of.values())
    assert found["weight_hh_l0"].shape == (0, 4 * H, H)
