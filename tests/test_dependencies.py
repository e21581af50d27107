"""Gradients where tensors of a call depend on one another, or are one tensor.

First derivatives with and without `create_graph`, second and third ones, against the reference in
float64.
"""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call

from lstm_variants.kernels import Call, run, torch_kernels
from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.kernels.second_order import run_twice_differentiable
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import MISSING, needs_kernels
from tests.layers import PROJECTING, random_hx, states_of
from tests.tolerances import assert_exact

F64 = {"dtype": torch.float64}
FAST = {
    "cpu": [name for name in VARIANTS if kernel_of(VARIANTS[name].cell) and not MISSING],
    "torch": [name for name in VARIANTS if VARIANTS[name].cell in torch_kernels.FUNCTIONS],
}
# As on CUDA, where second derivatives of torch's kernels go through the reference.
FAST["torch on CUDA"] = FAST["torch"]


def results(output, last):
    return [output, *states_of(last)]


def leaf_states(layer):
    hx = random_hx(layer, 2)
    return hx, [state.requires_grad_() for state in states_of(hx)]


def independent(layer, x):
    hx, leaves = leaf_states(layer)
    return results(*layer(x, hx)), leaves


def carried_state(layer, x):
    hx, leaves = leaf_states(layer)
    first, hx = layer(x[:2], hx)
    return [first, *results(*layer(x[2:], hx))], leaves


def carried_state_with_lengths(layer, x):
    hx, leaves = leaf_states(layer)
    first, hx = layer(x[:2], hx, lengths=torch.tensor([2, 1]))
    return [first, *results(*layer(x[2:], hx, lengths=torch.tensor([0, 2])))], leaves


def autoregressive(layer, x):
    step, hx, outputs = x[:1], None, []
    for _ in range(3):
        step, hx = layer(step, hx)
        outputs.append(step)
    return [*outputs, *states_of(hx)], []


def one_tensor_for_all_states(layer, x):
    state = torch.randn(layer.num_layers, 2, 3, **F64, requires_grad=True)
    count = len(layer.cell.state_type._fields)
    return results(*layer(x, (state,) * count if count > 1 else state)), [state]


def state_from_the_input(layer, x):
    hx = tuple(scale * x[:1].tanh() for scale in range(1, 1 + len(layer.cell.state_type._fields)))
    return results(*layer(x, hx if len(hx) > 1 else hx[0])), []


def weights_from_the_input(layer, x):
    """A hypernetwork."""
    weights = {k: p * (1 + x.mean()) for k, p in layer.named_parameters()}
    return results(*functional_call(layer, weights, (x,))), []


def tied_layers(layer, x):
    for name in [name for name, _ in layer.named_parameters() if name.endswith("_l0")]:
        setattr(layer, name.replace("_l0", "_l1"), getattr(layer, name))
    return results(*layer(x)), []


def tied_directions(layer, x):
    for name in [name for name, _ in layer.named_parameters() if not name.endswith("_reverse")]:
        setattr(layer, f"{name}_reverse", getattr(layer, name))
    return results(*layer(x)), []


def weights_that_are_views_of_one(layer, x):
    """All matrices and biases of a layer lie in one tensor, as those of a fused optimizer do."""
    names, parameters = zip(*layer.named_parameters(), strict=True)
    whole = torch.cat([p.detach().flatten() for p in parameters])
    parts = whole.requires_grad_().split([p.numel() for p in parameters])
    weights = {k: v.view_as(p) for k, v, p in zip(names, parts, parameters, strict=True)}
    return results(*functional_call(layer, weights, (x,))), [whole]


PATTERNS = {
    independent: {},
    carried_state: {"num_layers": 2},
    carried_state_with_lengths: {"bidirectional": True},
    autoregressive: {},
    one_tensor_for_all_states: {},
    state_from_the_input: {},
    weights_from_the_input: {},
    tied_layers: {"num_layers": 2},
    tied_directions: {"bidirectional": True},
    weights_that_are_views_of_one: {},
}


def as_on_cuda(monkeypatch):
    """Let torch's kernels have no second derivatives of their own; the name of the backend."""
    compute = torch_kernels.TorchKernels.compute
    monkeypatch.setattr(
        torch_kernels.TorchKernels,
        "run",
        lambda self, call: run_twice_differentiable(lambda inner: compute(self, inner), call),
    )
    return "torch"


def check(pattern, name, backend, monkeypatch, **options):
    if backend == "torch on CUDA":
        backend = as_on_cuda(monkeypatch)
    fast = VARIANTS[name].layer(3, 3, **{"bidirectional": False} | options, backend=backend, **F64)
    exact = copy.deepcopy(fast)
    exact.backend = "reference"
    x = torch.randn(4, 2, 3, **F64)
    expected, got = (derivatives(pattern, layer, x.clone()) for layer in (exact, fast))
    for order in expected:
        for a, b in zip(got[order], expected[order], strict=True):
            assert_exact(a, b)


def derivatives(pattern, layer, x):
    """The results, their gradients in both ways, and the gradients of those."""
    torch.manual_seed(1)
    outputs, leaves = pattern(layer, x.requires_grad_())
    leaves = [x, *leaves, *layer.parameters()]
    total = sum((r * torch.randn_like(r)).sum() + r.square().sum() for r in outputs)

    def gradient(value, **options):
        found = torch.autograd.grad(value, leaves, allow_unused=True, **options)
        return [torch.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True)]

    plain = gradient(total, retain_graph=True)
    first = gradient(total, create_graph=True)
    second = gradient(sum(g.square().sum() for g in first), create_graph=True)
    third = gradient(sum(g.square().sum() for g in second))
    return {
        "result": outputs,
        "gradient": plain,
        "create_graph": first,
        "second": second,
        "third": third,
    }


@pytest.mark.parametrize(
    ("backend", "name"), [(backend, name) for backend, names in FAST.items() for name in names]
)
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.__name__)
def test_gradients_of_tensors_that_depend_on_one_another(pattern, name, backend, monkeypatch):
    check(pattern, name, backend, monkeypatch, **PATTERNS[pattern])


@needs_kernels
@pytest.mark.parametrize("name", [name for name in PROJECTING if kernel_of(VARIANTS[name].cell)])
@pytest.mark.parametrize("pattern", [carried_state, carried_state_with_lengths])
def test_gradients_of_a_projected_layer_with_a_carried_state(pattern, name, monkeypatch):
    check(pattern, name, "cpu", monkeypatch, proj_size=2, **PATTERNS[pattern])


@pytest.mark.parametrize(
    ("backend", "name"),
    [(backend, name) for backend in ("cpu", "torch") for name in FAST[backend]],
)
def test_gradients_of_a_call_in_which_tensors_are_one(name, backend):
    """Without a layer around, which slices states: one state for both, one weight for both."""
    cell = VARIANTS[name].cell
    layer = VARIANTS[name].layer(3, 3, bidirectional=False, **F64)
    weights = layer.weights_of_cell()
    matrix = weights.weight_ih
    recurrent = getattr(weights, "weight_hh", None)
    if recurrent is not None and recurrent.shape == matrix.shape:  # D is H
        weights = weights._replace(weight_hh=matrix)
    state = torch.randn(2, 2, 3, **F64, requires_grad=True)
    states = cell.state_type(*(state for _ in cell.state_type._fields))
    found = []
    for chosen in (backend, "reference"):
        x = torch.cat([state, state.sin()])
        output, last = run(Call(cell, x, (weights, weights), states), chosen)
        total = output.square().sum() + sum(t.sin().sum() for t in last)
        plain = torch.autograd.grad(total, [state, matrix], retain_graph=True)
        first = torch.autograd.grad(total, [state, matrix], create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), [state, matrix])
        found.append((*plain, *first, *second))
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)


@pytest.mark.parametrize(
    ("backend", "name"), [(backend, name) for backend, names in FAST.items() for name in names]
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_lengths_that_change_before_the_gradient(backend, name, create_graph, monkeypatch):
    if backend == "torch on CUDA":
        backend = as_on_cuda(monkeypatch)
    layer = VARIANTS[name].layer(3, 4, backend=backend, **F64)
    x = torch.randn(4, 2, 3, **F64, requires_grad=True)
    found = []
    for change in (False, True):
        lengths = torch.tensor([4, 2])
        total = layer(x, lengths=lengths)[0].square().sum()
        if change:
            lengths.fill_(1)
        leaves = [x, *layer.parameters()]
        first = torch.autograd.grad(total, leaves, create_graph=create_graph)
        if create_graph:
            first += torch.autograd.grad(sum(g.square().sum() for g in first), leaves)
        found.append(first)
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)


@pytest.mark.parametrize(
    ("backend", "name"),
    [(backend, name) for backend in ("cpu", "torch on CUDA") for name in FAST[backend]],
)
@pytest.mark.parametrize("inside", [False, True], ids=["backward-outside", "backward-inside"])
def test_autocast_of_the_backward_pass_changes_nothing(backend, name, inside, monkeypatch):
    if backend == "torch on CUDA":
        backend = as_on_cuda(monkeypatch)
    layer = VARIANTS[name].layer(3, 4, backend=backend)
    x = torch.randn(4, 2, 3, requires_grad=True)
    total = layer(x)[0].square().sum()
    expected = torch.autograd.grad(total, x, retain_graph=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=inside):
        got = torch.autograd.grad(total, x, create_graph=True)
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("name", ["GRU", "RNN"])
def test_a_forward_pass_under_autocast_is_differentiated_outside(name, monkeypatch):
    layer = VARIANTS[name].layer(3, 4, backend=as_on_cuda(monkeypatch))
    x = torch.randn(4, 2, 3).bfloat16().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        total = layer(x)[0].float().square().sum()
    plain = torch.autograd.grad(total, x, retain_graph=True)
    first = torch.autograd.grad(total, x, create_graph=True)
    torch.testing.assert_close(first, plain, rtol=0.05, atol=0.05)
    second = torch.autograd.grad(first[0].float().square().sum(), layer.weight_hh_l0)
    exact, leaf = copy.deepcopy(layer), x.detach().float().requires_grad_()
    exact.backend = "reference"
    total = exact(leaf)[0].square().sum()
    (gradient,) = torch.autograd.grad(total, leaf, create_graph=True)
    expected = torch.autograd.grad(gradient.square().sum(), exact.weight_hh_l0)
    largest = expected[0].abs().max().item()
    assert largest > 0
    torch.testing.assert_close(second, expected, rtol=0.05, atol=0.05 * largest)


@needs_kernels
def test_gradient_penalty_of_a_discriminator():
    """Real and generated samples pass one layer, and the penalty differentiates its gradient."""
    found = []
    for backend in ("cpu", "reference"):
        torch.manual_seed(0)
        layer = VARIANTS["GRU"].layer(3, 4, backend=backend, **F64)
        head = nn.Linear(4, 1, **F64)
        real, noise = torch.randn(2, 5, 2, 3, **F64)
        generated = (noise * 0.5).requires_grad_()
        score = head(layer(real)[1][0]).mean() - head(layer(generated)[1][0]).mean()
        mixed = (0.3 * real + 0.7 * generated).requires_grad_()
        (slope,) = torch.autograd.grad(head(layer(mixed)[1][0]).sum(), mixed, create_graph=True)
        loss = score + (slope.norm() - 1).square()
        found.append(torch.autograd.grad(loss, [generated, *layer.parameters()]))
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)


@needs_kernels
def test_autocast_of_the_second_backward_pass_changes_nothing():
    found = []
    for enabled in (False, True):
        torch.manual_seed(0)
        layer = VARIANTS["GRU"].layer(3, 4, backend="cpu")
        x = torch.randn(4, 2, 3, requires_grad=True)
        [first] = torch.autograd.grad(layer(x)[0].square().sum(), x, create_graph=True)
        total = first.square().sum()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            found.append(torch.autograd.grad(total, [x, *layer.parameters()]))
    torch.testing.assert_close(*found)
