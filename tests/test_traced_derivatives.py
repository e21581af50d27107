"""Derivatives of programs that were traced: exported, compiled, or an operator on its own."""

import copy
import weakref

import pytest
import torch
from torch.autograd import forward_ad
from torch.export import export
from torch.func import functional_call, hessian, jacfwd, jacrev, jvp

from lstm_variants import VARIANTS
from lstm_variants import nn as layers
from lstm_variants.kernels.cpu.cells import kernel_of
from tests.cpu_kernels import needs_kernels
from tests.test_dependencies import as_on_cuda
from tests.tolerances import assert_exact

F64 = {"dtype": torch.float64}
FAST = [name for name in VARIANTS if kernel_of(VARIANTS[name].cell)]
every_variant = pytest.mark.parametrize("name", FAST)
LENGTHS = torch.tensor([2, 4])


def exported(name):
    """A layer, its program, and an input."""
    layer = VARIANTS[name].layer(3, 4, **F64)
    x = torch.randn(4, 2, 3, **F64)
    return layer, export(layer, (x,), {"lengths": LENGTHS}).module(), x


@needs_kernels
@every_variant
@pytest.mark.costly
def test_forward_mode_through_an_exported_program(name):
    """The operator has no such derivative of its own: with a zero, nobody would notice."""
    layer, program, x = exported(name)

    def outputs(module):
        return lambda x: module(x, lengths=LENGTHS)[0]

    def derivatives(module):
        yield jvp(outputs(module), (x,), (torch.ones_like(x),))[1]
        yield jacfwd(outputs(module))(x)
        yield hessian(lambda x: outputs(module)(x).square().sum())(x)
        yield jacrev(outputs(module))(x)
        values = dict(module.named_parameters())
        ones = {key: torch.ones_like(value) for key, value in values.items()}

        def of_weights(values):
            return functional_call(module, values, (x,), {"lengths": LENGTHS})[0]

        yield jvp(of_weights, (values,), (ones,))[1]

    for a, b in zip(derivatives(program), derivatives(layer), strict=True):
        assert b.any()
        assert_exact(a, b)


@needs_kernels
@pytest.mark.parametrize("name", ["PeepholeLSTM", "GRU"])
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("is_first", [True, False], ids=["inside first", "outside first"])
@pytest.mark.usefixtures("fresh_compiler")
def test_dual_numbers_through_a_compiled_layer(name, backend, is_first):
    layer = VARIANTS[name].layer(3, 4, **F64).requires_grad_(requires_grad=False)
    compiled = torch.compile(layer, backend=backend)
    x = torch.randn(4, 2, 3, **F64)
    if not is_first:
        compiled(x)

    def tangent(module):
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(x, torch.ones_like(x))
            return forward_ad.unpack_dual(module(dual)[0]).tangent

    assert_exact(tangent(compiled), tangent(layer))


@needs_kernels
def test_forward_mode_of_what_a_program_for_training_saves_is_an_error():
    layer, x = layers.GRU(3, 4), torch.randn(4, 2, 3)
    weights, state = list(layer.parameters()), [torch.zeros(1, 2, 4)]
    operator = torch.ops.lstm_variants.layer
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, torch.ones_like(x))
        with pytest.raises(NotImplementedError, match="was traced for training has no forward-"):
            operator(dual, weights, state, None, None, None, None, repr(layer.cell), "cpu", True)


@needs_kernels
def test_a_tangent_of_the_gradient_alone():
    layer, x = layers.PeepholeLSTM(3, 4, **F64), torch.randn(4, 2, 3, **F64, requires_grad=True)
    reference = copy.deepcopy(layer)
    reference.backend = "reference"
    found = []
    for module in (layer, reference):
        with forward_ad.dual_level():
            output, _ = module(x)
            weighing = forward_ad.make_dual(torch.ones_like(output), torch.ones_like(output))
            (gradient,) = torch.autograd.grad(output, x, weighing)
            found.append(forward_ad.unpack_dual(gradient).tangent)
    assert_exact(*found)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
@pytest.mark.usefixtures("fresh_compiler")
def test_training_a_compiled_layer_on_torchs_kernels(name):
    """Its input needs no gradient, as that of the first layer of a model."""
    layer = VARIANTS[name].layer(3, 4, backend="torch")
    x = torch.randn(5, 2, 3)
    layer(x)[0].square().sum().backward()
    expected = [p.grad.clone() for p in layer.parameters()]
    layer.zero_grad()
    torch.compile(layer, backend="aot_eager", fullgraph=True)(x)[0].square().sum().backward()
    for parameter, gradient in zip(layer.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


@pytest.mark.parametrize("backend", [pytest.param("cpu", marks=needs_kernels), "torch on CUDA"])
def test_the_backward_pass_frees_the_input(backend, monkeypatch):
    if backend == "torch on CUDA":
        backend = as_on_cuda(monkeypatch)
    layer, x = layers.GRU(3, 4, backend=backend), torch.randn(5, 2, 3, requires_grad=True)
    inside = x * 2
    loss = layer(inside)[0].sum()
    alive = weakref.ref(inside)
    del inside
    assert alive() is not None
    loss.backward()
    assert alive() is None
