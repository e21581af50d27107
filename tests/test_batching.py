"""Many calls of a layer at once: `vmap` over any of its arguments, and batched gradients."""

import pytest
import torch
from torch.func import functional_call, grad, stack_module_state, vmap

import lstm_variants
from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.kernels.operators.schema import layer_operator
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import needs_kernels
from tests.layers import states_of
from tests.test_cpu_exactness import call_of
from tests.tolerances import assert_exact
from tests.transforms import (
    F64,
    B,
    D,
    Functions,
    H,
    T,
    backends_that_run,
    each,
    flat,
    layers_of,
    samples,
)

every_fast_variant = pytest.mark.parametrize(
    "name", [name for name in VARIANTS if kernel_of(VARIANTS[name].cell)]
)
some_variants = pytest.mark.parametrize("name", ["RNN", "PeepholeLSTM", "GRU"])


@needs_kernels
@every_fast_variant
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("weights", [False, True], ids=["input", "weights"])
@pytest.mark.parametrize("lengths", [None, [3, 1]], ids=["", "lengths"])
def test_batched_gradients(name, create_graph, weights, lengths):
    """`is_grads_batched=True`, which is another vmap than that of `torch.func`.

    With lengths, what is saved for one batch has another order than for several.
    """
    fast, _ = layers_of(name)
    fast.requires_grad_(weights)
    x = samples()[0].requires_grad_()
    leaves = [x, *fast.parameters()] if weights else [x]
    output = fast(x, lengths=lengths)[0]
    rows = torch.randn(4, *output.shape, **F64)
    options = {"retain_graph": True, "create_graph": create_graph}
    with backends_that_run() as ran:
        got = torch.autograd.grad(output, leaves, rows, is_grads_batched=True, **options)
    assert ran["backward"] == (len(rows) if weights or lengths else 1)
    expected = each(rows, lambda row: torch.autograd.grad(output, leaves, row, **options))
    for a, b in zip(got, expected, strict=True):
        assert_exact(a, b)
    if create_graph:
        second, wanted = (torch.autograd.grad(g[0].square().sum(), x) for g in (got, expected))
        assert_exact(second[0], wanted[0])


@needs_kernels
@every_fast_variant
def test_vmap_over_states_and_lengths(name):
    """Some arguments are one for each sample, and the others one for all."""
    fast, _ = layers_of(name)
    fields = len(fast.cell.state_type._fields)
    states = torch.randn(fields, 4, 2, B, H, **F64)
    lengths = torch.tensor([[3, 1], [0, 2], [0, 0], [3, 3]])
    x = samples()[0]

    def run(x, states, lengths):
        hx = tuple(states) if fields > 1 else states[0]
        output, last = fast(x, hx, lengths=lengths)
        return output, *states_of(last)

    for dims in ((None, 1, 0), (None, 1, None), (None, None, 0), (0, None, 0)):
        arguments = [
            samples() if dims[0] == 0 else x,
            states if dims[1] == 1 else states[:, 0],
            lengths if dims[2] == 0 else lengths[0],
        ]
        with backends_that_run() as ran:
            got = vmap(run, in_dims=dims)(*arguments)
        assert ran["backends"] == {"cpu"}
        alone = [
            run(
                *(
                    a if dim is None else a.select(dim, k)
                    for a, dim in zip(arguments, dims, strict=True)
                )
            )
            for k in range(4)
        ]
        for a, b in zip(got, zip(*alone, strict=True), strict=True):
            assert_exact(a, torch.stack(b))


@needs_kernels
@some_variants
def test_vmap_over_nothing(name):
    fast, _ = layers_of(name)
    f, none = Functions(fast), torch.zeros(0, T, B, D, **F64)
    assert vmap(f.results, in_dims=(0, None))(none, f.parameters)[0].shape == (0, T, B, 2 * H)
    # Not f.loss: torch cannot add two numbers under vmap over nothing.
    loss = grad(lambda x, p: f.results(x, p)[0].square().sum(), argnums=(0, 1))
    found = vmap(loss, in_dims=(0, None))(none, f.parameters)
    assert found[0].shape == none.shape
    for key, gradient in found[1].items():
        assert gradient.shape == (0, *f.parameters[key].shape)


@needs_kernels
@every_fast_variant
def test_an_ensemble_goes_through_the_reference(name, capsys):
    members = [VARIANTS[name].layer(D, H, **F64) for _ in range(3)]
    parameters, _ = stack_module_state(members)
    x = samples()[0]

    def run(x):
        return vmap(lambda p: functional_call(members[0], p, (x,))[0])(parameters)

    lstm_variants.explain(run, x)
    text = capsys.readouterr().out
    assert "cpu        the kernels do not support vmap over the weights" in text
    assert "reference  runs" in text
    for output, member in zip(run(x), members, strict=True):
        assert_exact(output, member(x)[0])
    members[0].backend = "cpu"
    with pytest.raises(RuntimeError, match="vmap over the weights"):
        run(x)


@needs_kernels
@every_fast_variant
def test_operators_take_other_weights_for_each_sample(name):
    """A layer does not call them in this way, and the operators are right all the same."""
    calls = [call_of(VARIANTS[name].cell, T=3, B=2, D=2, H=3) for _ in range(2)]
    lists = []
    for call in calls:
        weights = [w.detach() for group in call.weights for w in group if w is not None]
        states = [s.detach() for s in call.states]
        lists.append((call.x.detach(), weights, states))
    cell = repr(VARIANTS[name].cell)

    def run(x, weights, states):
        results = layer_operator(x, weights, states, None, None, None, None, cell, "cpu", False)
        loss = sum(result.square().sum() for result in results)
        return [*results, loss]

    x, weights, states = (
        torch.stack(parts)
        if isinstance(parts[0], torch.Tensor)
        else [*map(torch.stack, zip(*parts, strict=True))]
        for parts in zip(*lists, strict=True)
    )
    got = vmap(run)(x, weights, states)
    for a, b in zip(got, zip(*(run(*arguments) for arguments in lists), strict=True), strict=True):
        assert_exact(a, torch.stack(b))
    found = vmap(grad(lambda *a: run(*a)[-1], argnums=(0, 1, 2)))(x, weights, states)
    alone = [flat(grad(lambda *a: run(*a)[-1], argnums=(0, 1, 2))(*a)) for a in lists]
    for a, b in zip(flat(found), zip(*alone, strict=True), strict=True):
        assert_exact(a, torch.stack(b))
