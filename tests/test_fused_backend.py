"""A backend of a user's: two passes, and everything else from the operators."""

import copy

import pytest
import torch
from torch.nn.functional import linear
from torch.testing import assert_close

from lstm_variants.kernels import (
    BACKENDS,
    FusedBackend,
    dispatch,
    explain,
    fused,
    register,
    signature_of,
)
from lstm_variants.nn import Recurrent
from tests.test_own_cell import FanInCell, LeakyCell


class Leaky(FusedBackend):
    """The passes of a leaky integrator, written out; without lengths and resets."""

    name, device, dtypes = "leaky", "cpu", (torch.float64,)
    forwards = backwards = 0

    def unsupported_reason(self, call):
        if call.lengths is not None or call.resets is not None:
            return "written without lengths and resets"
        return super().unsupported_reason(call)

    def name_of(self, cell):
        return "LeakyCell()" if type(cell) is LeakyCell else None

    def signature(self, name):
        return signature_of(LeakyCell()) if name == "LeakyCell()" else None

    def kept_shapes(self, layer):
        T, B, _ = layer.x.shape
        return [(T, B, layer.hidden_size)] * layer.directions  # of v

    def forward(self, layer, output, last, kept):
        Leaky.forwards += 1
        H = layer.hidden_size
        for k in range(layer.directions):
            x, (weight, slope, *bias), v = parts(layer, k)
            write, keep = linear(x, weight, *bias).chunk(2, -1)
            for t in range(len(x)) if k == 0 else reversed(range(len(x))):
                v = keep[t].sigmoid() * v + write[t]
                output[t, :, k * H : (k + 1) * H] = v * (slope * v).sigmoid()
                if kept:
                    kept[k][t] = v
            last[2 * k].copy_(output[t, :, k * H : (k + 1) * H])
            last[2 * k + 1].copy_(v)

    def backward(self, layer, output, kept, d_output, d_last, d_inputs):
        Leaky.backwards += 1
        H, T, n = layer.hidden_size, len(layer.x), len(layer.weights)
        d_x = torch.zeros_like(layer.x)
        for k in range(layer.directions):
            x, (weight, slope, *bias), v_0 = parts(layer, k)
            steps = range(T) if k == 0 else range(T - 1, -1, -1)
            keep = linear(x, weight, *bias).chunk(2, -1)[1].sigmoid()
            d_h_n, d_v = d_last[2 * k : 2 * k + 2]
            d_v = torch.zeros_like(v_0) if d_v is None else d_v
            d_pre, d_slope = torch.zeros(T, len(x[0]), 2 * H).to(x), torch.zeros_like(slope)
            for t in reversed(steps):
                d_h = torch.zeros_like(v_0)
                if d_output is not None:
                    d_h = d_h + d_output[t, :, k * H : (k + 1) * H]
                if d_h_n is not None and t == steps[-1]:
                    d_h = d_h + d_h_n
                v, gate = kept[k][t], (slope * kept[k][t]).sigmoid()
                d_v = d_v + d_h * (gate + slope * v * gate * (1 - gate))
                d_slope += (d_h * v * v * gate * (1 - gate)).sum(0)
                before = v_0 if t == steps[0] else kept[k][t - 1 if k == 0 else t + 1]
                d_pre[t] = torch.cat([d_v, d_v * before * keep[t] * (1 - keep[t])], -1)
                d_v = d_v * keep[t]
            d_x += d_pre @ weight
            found = [torch.einsum("tbg,tbd->gd", d_pre, x), d_slope, d_pre.sum((0, 1))]
            m = n // layer.directions
            for d_input, value in zip(d_inputs[1 + k * m :], found[:m], strict=False):
                fill(d_input, value)
            fill(d_inputs[1 + n + 2 * k], torch.zeros_like(d_v))
            fill(d_inputs[1 + n + 2 * k + 1], d_v)
        fill(d_inputs[0], d_x)


def parts(layer, k):
    """Input, weights and first v of a direction."""
    m = len(layer.names)
    return layer.x, layer.weights[k * m : (k + 1) * m], layer.states[2 * k + 1]


def fill(d_input, value):
    """Write a gradient if it is needed."""
    if d_input.numel():
        d_input.copy_(value)


@pytest.fixture
def backend(monkeypatch):
    monkeypatch.setattr(Leaky, "forwards", 0)
    monkeypatch.setattr(Leaky, "backwards", 0)
    before = dict(BACKENDS)
    yield register(Leaky(), priority=30)
    BACKENDS.clear()
    BACKENDS.update(before)
    del fused.FUSED["leaky"], dispatch._priorities["leaky"]


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


def test_half_precision_needs_float32(backend, capsys):
    layer = Recurrent(LeakyCell(), 2, 3, dtype=torch.bfloat16)
    explain(layer, torch.randn(5, 3, 2).bfloat16())
    assert "leaky      made for float64, and the input is torch.bfloat16" in capsys.readouterr().out


def test_the_signature_of_a_cell_that_has_not_all_sizes():
    with pytest.raises(ValueError, match="hidden_size should be even, got 1"):
        signature_of(FanInCell())
    assert signature_of(FanInCell(), H=2).blocks == 2
