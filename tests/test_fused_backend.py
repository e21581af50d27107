"""A backend of a user's: two passes, and everything else from the operators."""

import copy
import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from lstm_variants.kernels import (
    BACKENDS,
    dispatch,
    explain,
    register,
    signature_of,
)
from lstm_variants.kernels.passes import FUSED
from lstm_variants.nn import Recurrent
from tests.test_own_cell import FanInCell, LeakyCell

EXAMPLE = Path(__file__).parent.parent / "docs" / "includes" / "leaky_backend.py"
spec = importlib.util.spec_from_file_location("leaky_backend", EXAMPLE)
leaky_backend = sys.modules["leaky_backend"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(leaky_backend)


class Leaky(leaky_backend.LeakyBackend):
    """It counts."""

    forwards = backwards = 0

    def forward(self, *arguments):
        Leaky.forwards += 1
        super().forward(*arguments)

    def backward(self, *arguments):
        Leaky.backwards += 1
        super().backward(*arguments)


@pytest.fixture
def backend(monkeypatch):
    monkeypatch.setattr(Leaky, "forwards", 0)
    monkeypatch.setattr(Leaky, "backwards", 0)
    before = dict(BACKENDS)
    yield register(Leaky(), priority=30)
    BACKENDS.clear()
    BACKENDS.update(before)
    del FUSED["leaky"], dispatch._priorities["leaky"]


def twins():
    """A layer on the backend and the same on the reference."""
    options = {"num_layers": 2, "bidirectional": True, "dtype": torch.float64}
    layer = Recurrent(LeakyCell(), 2, 3, **options)
    reference = Recurrent(LeakyCell(), 2, 3, backend="reference", **options)
    reference.load_state_dict(layer.state_dict())
    return layer, reference


def x(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_gradients_of_both_orders(backend):
    layer, reference = twins()
    data = x(5, 3, 2)
    results = []
    for module in (layer, reference):
        inputs = [data, *module.parameters()]
        output, _ = module(data)
        first = torch.autograd.grad(output.square().sum(), inputs, create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), inputs)
        results.append([output, *first, *second])
    # The second derivative with respect to the first layer goes through its first one again.
    assert (Leaky.forwards, Leaky.backwards) == (2, 4)
    for a, b in zip(*results, strict=True):
        assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_transforms(backend):
    layer, reference = twins()
    samples = x(4, 5, 3, 2).detach()

    def loss(module, parameters, data):
        return torch.func.functional_call(module, parameters, data)[0].square().sum()

    parameters = {name: p.detach() for name, p in layer.named_parameters()}
    got = torch.func.vmap(torch.func.grad(lambda p, d: loss(layer, p, d)), in_dims=(None, 0))(
        parameters, samples
    )
    assert Leaky.forwards
    for k in range(4):
        expected = torch.func.grad(lambda p, d: loss(reference, p, d))(parameters, samples[k])
        for name, gradient in expected.items():
            assert_close(got[name][k], gradient, rtol=1e-12, atol=1e-12)


def test_compile_and_export(backend):
    layer, reference = twins()
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    exported = torch.export.export(layer, (x(4, 3, 2).detach(),)).module()
    for data in (x(4, 3, 2), x(4, 3, 2)[..., [1, 0]]):
        for program in (compiled, exported):
            assert_close(program(data)[0], reference(data)[0], rtol=1e-12, atol=1e-12)
    graph = str(torch.export.export(layer, (x(4, 3, 2).detach(),)).graph)
    assert graph.count("torch.ops.lstm_variants.layer") == 2


def test_what_it_does_not_support(backend, capsys):
    layer, reference = twins()
    data, lengths = x(5, 3, 2), torch.tensor([5, 0, 2])
    assert torch.equal(layer(data, lengths=lengths)[0], reference(data, lengths=lengths)[0])
    explain(layer, data, lengths=lengths)
    assert capsys.readouterr().out.count("leaky      written without lengths") == 2
    explain(layer.float(), data.float())
    assert capsys.readouterr().out.count("leaky      made for float64, and the input is") == 2
    assert Leaky.forwards == 0


def test_what_is_inside_is_exact_under_autocast(backend, monkeypatch):
    monkeypatch.setattr(Leaky, "dtypes", (torch.float32,))
    layer, x = Recurrent(LeakyCell(), 2, 3), torch.randn(5, 3, 2)
    expected = copy.deepcopy(layer).bfloat16()(x.bfloat16())[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(layer(x)[0], expected)
    assert Leaky.forwards == 2


@pytest.mark.parametrize("dtypes", [(torch.float32,), (torch.float32, torch.bfloat16)], ids=len)
def test_input_that_autocast_has_rounded_already(backend, monkeypatch, dtypes):
    """That of a second layer, or of a layer after a Linear; weights are in float32."""
    monkeypatch.setattr(Leaky, "dtypes", dtypes)
    layer, x = Recurrent(LeakyCell(), 2, 3, num_layers=2), torch.randn(5, 3, 2).bfloat16()
    expected = copy.deepcopy(layer).bfloat16()(x)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(layer(x)[0], expected)
    assert Leaky.forwards == 4


def test_half_precision_needs_float32(backend, capsys):
    layer = Recurrent(LeakyCell(), 2, 3, dtype=torch.bfloat16)
    explain(layer, torch.randn(5, 3, 2).bfloat16())
    assert "leaky      made for float64, and the input is torch.bfloat16" in capsys.readouterr().out


def test_the_signature_of_a_cell_that_has_not_all_sizes():
    with pytest.raises(ValueError, match="hidden_size should be even, got 1"):
        signature_of(FanInCell())
    assert signature_of(FanInCell(), H=2).blocks == 2
