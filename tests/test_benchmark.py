"""The benchmark notices wrong results before it times them."""

from pathlib import Path

import pytest
import torch

from experiments.benchmarks import __main__ as timing
from experiments.benchmarks import paired
from experiments.benchmarks import test_speed as suite
from lstm_variants import VARIANTS

size = paired.Size(B=3, T=5, D=2, H=4)


cases = [(name, {}) for name in VARIANTS]
cases += [(name, settings) for name, (*_, settings) in suite.OWN_BASELINES.items() if settings]


@pytest.mark.parametrize("mode", suite.MODES)
@pytest.mark.parametrize(
    ("name", "settings"), cases, ids=["-".join((n, *s.values())) for n, s in cases]
)
def test_every_tensor_of_a_result_is_checked(name, settings, mode):
    variant = suite.with_settings(name, settings)
    model = suite.build(variant, size)
    x = torch.randn(size.B, size.T, size.D)
    grad = torch.randn(size.B, size.T, size.H * variant.directions)
    results = paired.step_of(model, x, grad, mode)()
    paired.check(name, settings, model, x, grad, results)
    for k, result in enumerate(results):
        wrong = list(results)
        wrong[k] = result.detach().clone(memory_format=torch.contiguous_format)
        wrong[k].view(-1)[result.numel() // 2] += 0.01 * result.abs().max()
        with pytest.raises(AssertionError, match="wrong by"):
            paired.check(name, settings, model, x, grad, tuple(wrong))


@pytest.mark.parametrize("mode", suite.MODES)
@pytest.mark.parametrize(("dtype", "name"), suite.HALF)
def test_results_in_half_precision_are_checked(dtype, name, mode):
    model = suite.layer(VARIANTS[name], size).to(dtype)
    x, grad = torch.randn(size.B, size.T, size.D), torch.randn(size.B, size.T, size.H)
    results = paired.step_of(model, x, grad, mode)()
    paired.check(name, {}, model, x, grad, results)
    for k, result in enumerate(results):
        wrong = list(results)
        wrong[k] = result.detach().clone(memory_format=torch.contiguous_format)
        wrong[k].view(-1)[result.numel() // 2] += 0.1 * result.abs().max()
        with pytest.raises(AssertionError, match="wrong by"):
            paired.check(name, {}, model, x, grad, tuple(wrong))


def test_the_peepholes_of_a_timed_model_are_on():
    model = suite.build(VARIANTS["PeepholeLSTM-previous"], size)
    assert all(getattr(model, f"C_{gate}").all() for gate in "ifo")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"devices": ()}, "--devices should be among cpu"),
        ({"devices": ("tpu",)}, "--devices should be among cpu.* got 'tpu'"),
        ({"threads": ()}, "--threads should be numbers of 1 or more"),
        ({"threads": (0,)}, "--threads should be numbers of 1 or more"),
        ({"threads": (77,)}, "benchmarks is for results with .* another folder: --out DIR"),
        ({"out": Path(__file__)}, "--out should be a folder that can be written"),
    ],
)
def test_options_are_checked_before_anything_is_timed(options, message):
    with pytest.raises(SystemExit, match=message):
        timing.check(timing.Options(**options))


def test_default_options_are_those_of_the_published_results():
    timing.check(timing.Options())
