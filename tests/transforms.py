"""Transforms of torch.func over a layer, each written twice.

With `torch.func`, and by hand with `torch.autograd` and Python loops over samples.
"""

from contextlib import contextmanager

import pytest
import torch
from torch.func import functional_call, grad, grad_and_value, jacrev, vjp, vmap

from lstm_variants.kernels import dispatch
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.cpu.backend import CPU
from lstm_variants.variants import VARIANTS
from tests.layers import states_of

F64 = {"dtype": torch.float64}
T, B, D, H = 3, 2, 2, 3


@contextmanager
def backends_that_run():
    """The names of the backends that run, and how often the library is called backward."""
    ran, run, directly = (
        {"backends": set(), "backward": 0},
        native.Kernels.run,
        CPU.backward_directly,
    )

    def counting(kernels, call, *, backward=False):
        ran["backward"] += backward
        run(kernels, call, backward=backward)

    def counting_directly(backend, *arguments):
        gradients = directly(backend, *arguments)
        ran["backward"] += gradients is not None
        return gradients

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native.Kernels, "run", counting)
        patch.setattr(CPU, "backward_directly", counting_directly)
        with dispatch.observed(lambda _, backend: ran["backends"].add(backend.name)):
            yield ran


def layers_of(name, backend="cpu", **options):
    """A layer on a backend and the same on the reference, in both directions."""
    options = {"bidirectional": True, **F64} | options
    fast = VARIANTS[name].layer(D, H, backend=backend, **options)
    exact = VARIANTS[name].layer(D, H, backend="reference", **options)
    exact.load_state_dict(fast.state_dict())
    return fast, exact


class Functions:
    """Pure functions of an input and the parameters of a layer."""

    def __init__(self, layer, lengths=None):
        self.layer = layer
        self.lengths = None if lengths is None else torch.tensor(lengths)
        self.parameters = {k: p.detach() for k, p in layer.named_parameters()}

    def results(self, x, parameters, lengths=None):
        keywords = {"lengths": self.lengths if lengths is None else lengths}
        output, last = functional_call(self.layer, parameters, (x,), keywords)
        return output, *states_of(last)

    def loss(self, x, parameters):
        return sum(result.square().sum() for result in self.results(x, parameters))

    def slope(self, x, parameters):
        """How steep the loss is, a scalar: the penalty of a gradient."""
        return sum(g.square().sum() for g in grad(self.loss, argnums=(0, 1))(x, parameters)[:1])


def flat(tree):
    """The tensors of a result of torch.func."""
    if isinstance(tree, torch.Tensor):
        return [tree]
    parts = tree.values() if isinstance(tree, dict) else tree
    return [tensor for part in parts for tensor in flat(part)]


def by_autograd(functions, x, total, *, weights=True, create_graph=False):
    """Gradients by torch.autograd alone, of a function of the input and the parameters."""
    x = x.detach().requires_grad_()
    parameters = {k: p.clone().requires_grad_() for k, p in functions.parameters.items()}
    leaves = [x, *parameters.values()] if weights else [x]
    return torch.autograd.grad(total(x, parameters), leaves, create_graph=create_graph)


def slope_by_autograd(functions):
    def total(x, parameters):
        (first,) = torch.autograd.grad(functions.loss(x, parameters), x, create_graph=True)
        return first.square().sum()

    return total


def each(samples, function):
    """A loop over samples, results stacked."""
    return [torch.stack(parts) for parts in zip(*map(function, samples), strict=True)]


def each_row(outputs, leaves):
    """A Jacobian row by row."""
    rows = torch.eye(outputs.numel(), **F64).view(-1, *outputs.shape)
    found = each(rows, lambda row: torch.autograd.grad(outputs, leaves, row, retain_graph=True))
    return [g.view(*outputs.shape, *leaf.shape) for g, leaf in zip(found, leaves, strict=True)]


def samples():
    return torch.randn(4, T, B, D, generator=torch.Generator().manual_seed(1), **F64)


def weighted(results):
    """A sum that has a gradient for each result."""
    return sum((k * result).sum() for k, result in enumerate(results, start=1))


def jacobian_by_autograd(f):
    x = samples()[0].requires_grad_()
    parameters = {k: p.clone().requires_grad_() for k, p in f.parameters.items()}
    output = f.results(x, parameters)[0][:, :, :2]
    return each_row(output, [x, *parameters.values()])


def hessian_by_autograd(f):
    x = samples()[0].requires_grad_()
    (first,) = torch.autograd.grad(f.loss(x, f.parameters), x, create_graph=True)
    return each_row(first, [x])


def vjp_outside(f):
    results, pullback = vjp(f.results, samples()[0], f.parameters)
    return pullback(tuple(torch.full_like(r, k) for k, r in enumerate(results, start=1)))


def sampled_loss(f):
    return lambda many, parameters: vmap(f.loss, in_dims=(0, None))(many, parameters).sum()


CASES = {
    "grad": (
        lambda f: grad(f.loss, argnums=(0, 1))(samples()[0], f.parameters),
        lambda f: by_autograd(f, samples()[0], f.loss),
    ),
    "grad_and_value": (
        lambda f: grad_and_value(f.loss)(samples()[0], f.parameters)[0],
        lambda f: by_autograd(f, samples()[0], f.loss, weights=False),
    ),
    "vjp": (
        vjp_outside,
        lambda f: by_autograd(f, samples()[0], lambda x, p: weighted(f.results(x, p))),
    ),
    "grad of grad": (
        lambda f: grad(f.slope, argnums=(0, 1))(samples()[0], f.parameters),
        lambda f: by_autograd(f, samples()[0], slope_by_autograd(f)),
    ),
    # The inner level differentiates with respect to x alone, the outer one to the weights alone.
    "grad of grad of another input": (
        lambda f: grad(lambda p: grad(f.loss)(samples()[0], p).square().sum())(f.parameters),
        lambda f: by_autograd(f, samples()[0], slope_by_autograd(f))[1:],
    ),
    "vmap": (
        lambda f: vmap(f.results, in_dims=(0, None))(samples(), f.parameters),
        lambda f: each(samples(), lambda x: f.results(x, f.parameters)),
    ),
    "vmap along another dimension": (
        lambda f: vmap(f.results, in_dims=(3, None), out_dims=1)(
            samples().movedim(0, 3), f.parameters
        ),
        lambda f: [r.movedim(0, 1) for r in each(samples(), lambda x: f.results(x, f.parameters))],
    ),
    "vmap of vmap": (
        lambda f: vmap(vmap(f.results, in_dims=(0, None)), in_dims=(1, None))(
            samples().unflatten(0, (2, 2)), f.parameters
        ),
        lambda f: [
            r.unflatten(0, (2, 2)).transpose(0, 1)
            for r in each(samples(), lambda x: f.results(x, f.parameters))
        ],
    ),
    "gradients per sample": (
        lambda f: vmap(grad(f.loss, argnums=(0, 1)), in_dims=(0, None))(samples(), f.parameters),
        lambda f: each(samples(), lambda x: by_autograd(f, x, f.loss)),
    ),
    "gradients of inputs per sample": (
        lambda f: vmap(grad(f.loss), in_dims=(0, None))(samples(), f.parameters),
        lambda f: each(samples(), lambda x: by_autograd(f, x, f.loss, weights=False)),
    ),
    "grad of vmap": (
        lambda f: grad(sampled_loss(f), argnums=(0, 1))(samples(), f.parameters),
        lambda f: by_autograd(f, samples(), lambda many, p: sum(f.loss(x, p) for x in many)),
    ),
    "vmap of grad of vmap": (
        lambda f: vmap(grad(sampled_loss(f), argnums=(0, 1)), in_dims=(0, None))(
            samples().unflatten(0, (2, 2)), f.parameters
        ),
        lambda f: each(
            samples().unflatten(0, (2, 2)),
            lambda many: by_autograd(f, many, lambda xs, p: sum(f.loss(x, p) for x in xs)),
        ),
    ),
    "second derivatives per sample": (
        lambda f: vmap(grad(f.slope, argnums=(0, 1)), in_dims=(0, None))(
            samples()[:2], f.parameters
        ),
        lambda f: each(samples()[:2], lambda x: by_autograd(f, x, slope_by_autograd(f))),
    ),
    "jacrev": (
        lambda f: jacrev(lambda x, p: f.results(x, p)[0][:, :, :2], argnums=(0, 1))(
            samples()[0], f.parameters
        ),
        jacobian_by_autograd,
    ),
    # The graph of the inner gradient is used after its level has ended, and under vmap.
    "jacrev of grad": (
        lambda f: jacrev(grad(f.loss))(samples()[0], f.parameters),
        hessian_by_autograd,
    ),
}
FORWARD_ONLY = {"vmap", "vmap along another dimension", "vmap of vmap"}
