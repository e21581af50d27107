"""Second derivatives of kernels that have none, as cuDNN's, through the reference."""

import weakref

import pytest
import torch

from lstm_variants import VARIANTS
from lstm_variants.cells import LSTMCell
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.reference import Reference
from lstm_variants.kernels.second_order import run_twice_differentiable
from tests.test_kernels import IN_TORCH, call_of, every_variant
from tests.tolerances import assert_exact


def first_order_only(call):
    """A kernel whose backward pass has no derivative, as cuDNN's."""

    class Kernel(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *flat):
            with torch.enable_grad():
                ctx.leaves = [t.detach().requires_grad_() for t in flat]
                output, states = Reference().run(call.unflatten(ctx.leaves))
                ctx.results = [output, *states]
            return tuple(r.detach() for r in ctx.results)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, *gradients):
            return torch.autograd.grad(ctx.results, ctx.leaves, gradients, allow_unused=True)

    output, *states = Kernel.apply(*call.flatten())
    return output, call.cell.state_type(*states)


@every_variant
def test_second_derivatives_go_through_the_reference(name):
    cell = VARIANTS[name].cell
    call = call_of(cell, dtype=torch.float64)
    call = call._replace(x=torch.randn_like(call.x, requires_grad=True))
    found = []
    for run in (lambda call: run_twice_differentiable(first_order_only, call), Reference().run):
        output, last = run(call)
        leaves = [call.x, *(w for w in call.weights[0] if w is not None)]
        total = output.square().sum() + sum(s.square().sum() for s in last)
        first = torch.autograd.grad(total, leaves, create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), leaves)
        found.append((output, *last, *first, *second))
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)


def test_what_a_kernel_saves_is_freed_by_the_backward_pass():
    saved = []

    def compute(call):
        output, last = Reference().run(call)
        saved.append(weakref.ref(output))
        return output, last

    call = call_of(LSTMCell(), dtype=torch.float64)
    call = call._replace(x=torch.randn_like(call.x, requires_grad=True))
    output, _ = run_twice_differentiable(compute, call)
    loss = output.square().sum()
    loss.backward(retain_graph=True)
    once = call.x.grad.clone()
    assert saved[0]() is not None
    loss.backward()
    assert torch.equal(call.x.grad, 2 * once)
    assert saved[0]() is None
    output, _ = run_twice_differentiable(compute, call)
    output[0].sum().backward()
    with pytest.raises(RuntimeError, match=r"a second time.* retain_graph=True"):
        output[1].sum().backward()


def test_without_the_reference_there_would_be_no_second_derivative():
    call = call_of(LSTMCell(), dtype=torch.float64)
    call = call._replace(x=torch.randn_like(call.x, requires_grad=True))
    output, _ = first_order_only(call)
    (first,) = torch.autograd.grad(output.square().sum(), call.x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.square().sum().backward()


@pytest.mark.parametrize("name", IN_TORCH)
@pytest.mark.parametrize("lengths", [[3, 2], [0, 3], [0, 0]], ids=str)
def test_torchs_kernels_through_the_reference(name, lengths):
    """As on CUDA: first derivatives are the kernel's, second ones the reference's."""
    call = call_of(VARIANTS[name].cell, dtype=torch.float64)
    x = torch.randn_like(call.x, requires_grad=True)
    states = call.states._make(t.clone().requires_grad_() for t in call.states)
    call = call._replace(x=x, states=states, lengths=torch.tensor(lengths))
    compute = BACKENDS["torch"].compute
    found = []
    for run in (lambda call: run_twice_differentiable(compute, call), Reference().run):
        output, last = run(call)
        total = output.square().sum() + sum((s + 1).square().sum() for s in last)
        leaves = call.flatten()
        first = torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
        second = torch.autograd.grad(
            sum(g.square().sum() for g in first if g is not None), leaves, allow_unused=True
        )
        none = [torch.zeros_like(leaf) for leaf in leaves]
        grads = [z if g is None else g for g, z in zip((*first, *second), none * 2, strict=True)]
        found.append((output, *last, *grads))
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)
