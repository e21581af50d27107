"""The benchmark notices wrong results before it times them."""

import pytest
import torch

from experiments.benchmarks import test_speed as suite

size = suite.Size(B=3, T=5, D=2, H=4)


@pytest.mark.parametrize("mode", suite.MODES)
@pytest.mark.parametrize("name", suite.MODELS)
def test_every_tensor_of_a_result_is_checked(name, mode):
    variant = suite.MODELS[name]
    model = suite.build(variant, size)
    x = torch.randn(size.B, size.T, size.D, requires_grad=mode == "training")
    grad = torch.randn(size.B, size.T, size.H * variant.directions)
    results = suite.step_of(model, x, grad, mode)()
    suite.check(model, x, grad, results)
    for k, result in enumerate(results):
        wrong = list(results)
        wrong[k] = result.detach().clone(memory_format=torch.contiguous_format)
        wrong[k].view(-1)[0] += 0.01 * result.abs().max()
        with pytest.raises(AssertionError, match="wrong by"):
            suite.check(model, x, grad, tuple(wrong))


def test_the_peepholes_of_a_timed_model_are_on():
    model = suite.build(suite.MODELS["PeepholeLSTM-previous"], size)
    assert all(getattr(model, f"C_{gate}").all() for gate in "ifo")
