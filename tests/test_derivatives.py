"""Derivatives of every kind, through every variant."""

import pytest
import torch
from torch.func import functional_call, grad, hessian, jvp, vmap
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_variants import VARIANTS
from tests.layers import PROJECTING, assert_same_states, conditioned, random_hx, states_of
from tests.tolerances import assert_exact

F64 = {"dtype": torch.float64}
DTYPES = [torch.float32, torch.float64]

every_variant = pytest.mark.parametrize("name", VARIANTS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_backend = pytest.mark.parametrize("backend", ["auto", "reference"])


@every_variant
@every_dtype
@every_backend
def test_forward_mode(name, dtype, backend):
    """The directional derivative by jvp and by the dual numbers of autograd, against backward."""
    layer = conditioned(VARIANTS[name].layer(3, 4, num_layers=2, backend=backend, dtype=dtype))
    x, direction = torch.randn(2, 5, 2, 3, dtype=dtype)

    def run(x):
        return layer(x)[0].square().sum()

    (expected,) = torch.autograd.grad(run(x.requires_grad_()), x)
    expected = (expected * direction).sum()
    _, tangent = jvp(run, (x.detach(),), (direction,))
    torch.testing.assert_close(tangent, expected)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x.detach(), direction)
        tangent = torch.autograd.forward_ad.unpack_dual(run(dual)).tangent
    torch.testing.assert_close(tangent, expected)


@every_variant
@every_dtype
def test_vmap(name, dtype):
    layer = conditioned(VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True, dtype=dtype))
    many = torch.randn(3, 5, 2, 3, dtype=dtype)
    output, last = vmap(layer)(many)
    for k, x in enumerate(many):
        alone, alone_last = layer(x)
        assert_exact(output[k], alone)
        assert_same_states(tuple(s[k] for s in states_of(last)), states_of(alone_last))


@every_variant
def test_vmap_over_an_ensemble(name):
    members = [VARIANTS[name].layer(3, 4, **F64) for _ in range(3)]
    parameters, _ = torch.func.stack_module_state(members)
    x = torch.randn(5, 2, 3, **F64)
    outputs = vmap(lambda p: functional_call(members[0], p, (x,))[0])(parameters)
    for output, member in zip(outputs, members, strict=True):
        assert_exact(output, member(x)[0])


@every_variant
@every_dtype
def test_gradients_per_sample(name, dtype):
    layer = conditioned(VARIANTS[name].layer(3, 4, num_layers=2, dtype=dtype))
    parameters = {k: p.detach() for k, p in layer.named_parameters()}
    many = torch.randn(3, 5, 3, dtype=dtype)

    def loss(parameters, x):
        return functional_call(layer, parameters, (x,))[0].square().sum()

    per_sample = vmap(grad(loss), in_dims=(None, 0))(parameters, many)
    for k, x in enumerate(many):
        alone = torch.autograd.grad(layer(x)[0].square().sum(), list(layer.parameters()))
        for gradient, expected in zip(per_sample.values(), alone, strict=True):
            assert_exact(gradient[k], expected)


@every_variant
@every_dtype
@every_backend
def test_double_backward(name, dtype, backend):
    """The gradient of a gradient's square, against the same in float64 on the reference."""
    layer = conditioned(
        VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True, backend=backend)
    )
    exact = VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True, backend="reference", **F64)
    exact.load_state_dict(layer.to(dtype).state_dict())
    x = torch.randn(5, 2, 3, dtype=dtype)
    found = []
    for module in (layer, exact):
        inputs = x.to(module.weight_ih_l0.dtype).requires_grad_()
        output, last = module(inputs, lengths=torch.tensor([5, 3]))
        total = output.square().sum() + sum(s.square().sum() for s in states_of(last))
        (first,) = torch.autograd.grad(total, inputs, create_graph=True)
        found.append(torch.autograd.grad(first.square().sum(), [inputs, *module.parameters()]))
    for a, b in zip(*found, strict=True):
        assert_exact(a, b, dtype)


@every_variant
@every_dtype
def test_hessian(name, dtype):
    layer = conditioned(VARIANTS[name].layer(2, 2, dtype=dtype))
    x = torch.randn(3, 2, dtype=dtype)
    matrix = hessian(lambda x: layer(x)[0].square().sum())(x).reshape(6, 6)
    torch.testing.assert_close(matrix, matrix.T)
    (first,) = torch.autograd.grad(
        layer(x.requires_grad_())[0].square().sum(), x, create_graph=True
    )
    rows = [torch.autograd.grad(g, x, retain_graph=True)[0].flatten() for g in first.flatten()]
    torch.testing.assert_close(matrix, torch.stack(rows))


@every_variant
@pytest.mark.costly
def test_gradcheck_through_packing(name):
    """First and second derivatives of input, state and parameters, with lengths and packing."""
    layer = VARIANTS[name].layer(2, 2, bidirectional=True, **F64)
    names, parameters = zip(*layer.named_parameters(), strict=True)
    hx = states_of(random_hx(layer, 2))

    def run(x, *rest):
        state, values = rest[: len(hx)], rest[len(hx) :]
        packed = pack_padded_sequence(x, torch.tensor([2, 3]), enforce_sorted=False)
        output, last = functional_call(
            layer,
            dict(zip(names, values, strict=True)),
            (packed, state if len(hx) > 1 else state[0]),
        )
        return output.data, *states_of(last)

    inputs = [torch.randn(3, 2, 2, **F64), *hx, *parameters]
    inputs = tuple(tensor.detach().requires_grad_() for tensor in inputs)
    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)


@pytest.mark.parametrize("name", PROJECTING)
@pytest.mark.costly
def test_gradcheck_through_a_projection(name):
    layer = VARIANTS[name].layer(2, 3, proj_size=2, **F64)
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def run(x, *values):
        output, last = functional_call(layer, dict(zip(names, values, strict=True)), (x,))
        return output, *last

    inputs = tuple(t.detach().requires_grad_() for t in (torch.randn(3, 2, 2, **F64), *parameters))
    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)
