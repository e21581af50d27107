"""The CPU kernels on infinity, NaN, large and small numbers: as the reference."""

import math

import pytest
import torch

from lstm_variants.cells import ElmanCell, IndRNNCell, LayerNormLSTMCell, LSTMCell, MinLSTMCell
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.reference import Reference
from tests.cpu_kernels import needs_kernels, use_threads
from tests.test_cpu_exactness import (
    CELLS,
    call_of,
    every_cell,
    every_dtype,
    every_kernel,
    in_dtype,
    instruction_set,
    results_of,
)

pytestmark = needs_kernels
__all__ = ["instruction_set"]  # a fixture


@every_cell
@pytest.mark.parametrize("value", [1e4, -1e4, torch.inf, -torch.inf, torch.nan])
def test_strange_numbers(cell, value, instruction_set):
    """As the reference, and in their own sequence only."""
    call = call_of(cell, T=4, B=6, D=2, H=10, directions=1)
    clean, _ = BACKENDS["cpu"].run(call)
    x = call.x.detach().clone()
    x[1, 2, 0] = value
    output, last = BACKENDS["cpu"].run(call._replace(x=x))
    expected, last_expected = Reference().run(call._replace(x=x))
    for got, right in zip((output, *last), (expected, *last_expected), strict=True):
        torch.testing.assert_close(got, right, rtol=1e-12, atol=1e-12, equal_nan=True)
    others = [b for b in range(6) if b != 2]
    assert torch.equal(output[:, others], clean[:, others])


@every_kernel
@pytest.mark.parametrize("value", [torch.inf, -torch.inf, torch.nan])
def test_gradients_of_strange_numbers(cell, value, instruction_set):
    """Finite where those of the reference are, also where H is no whole number of vectors.

    And NaN where those are: nothing hides that training has diverged.
    """
    call = call_of(cell, T=4, B=3, D=2, H=10, directions=1)
    x = call.x.detach().clone()
    x[1, 1, 0] = value
    call = call._replace(x=x.requires_grad_())
    found = []
    for backend in (BACKENDS["cpu"], Reference()):
        output, _ = backend.run(call)
        total = (output if math.isnan(value) else output.nan_to_num(0.0, 0.0, 0.0)).sum()
        found.append(torch.autograd.grad(total, call.flatten(), allow_unused=True))
    for got, expected in zip(*found, strict=True):
        if expected is not None:
            torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12, equal_nan=True)


@every_kernel
def test_gradients_after_the_end_of_a_sequence(cell, instruction_set):
    """They are zero with infinite weights too."""
    call = call_of(cell, T=4, B=3, D=2, H=10, directions=1)
    with torch.no_grad():
        call.weights[0].weight_ih[0, 0] = torch.inf
    lengths = torch.tensor([4, 2, 0])
    output, _ = BACKENDS["cpu"].run(call._replace(lengths=lengths))
    [gradient] = torch.autograd.grad(output.sum(), call.x)
    padded = torch.arange(4)[:, None] >= lengths
    assert (gradient[padded] == 0).all()
    assert not gradient[~padded].isfinite().all()


@every_cell
@every_dtype
def test_gradients_that_vanish(cell, dtype, instruction_set):
    """They are right to the smallest normal number, and none is smaller than that but zero."""
    call = call_of(cell, T=20, B=3, D=2, H=9, dtype=dtype, directions=1)
    tiny = torch.finfo(dtype).tiny

    def gradient(backend, call):
        output, _ = backend.run(call)
        sizes = tiny * torch.tensor([1, 1e3, 1e6], dtype=output.dtype)
        return torch.autograd.grad(output, call.x, sizes[:, None].expand_as(output))[0].abs()

    exact = gradient(Reference(), in_dtype(call, torch.float64))
    assert ((exact > 0) & (exact < tiny)).any()
    got = gradient(BACKENDS["cpu"], call)
    assert (got >= tiny).any()
    assert ((got == 0) | (got >= tiny)).all()
    # Normalisation divides a gradient by standard deviations, which are about 0.1 here.
    allowed = 500 if isinstance(cell, LayerNormLSTMCell) else 50
    torch.testing.assert_close(got.double(), exact, rtol=1e-4, atol=allowed * tiny)


@pytest.mark.parametrize("threads", [1, 2])
def test_small_numbers_of_others_are_left_alone(threads):
    small = torch.full((200_000,), torch.finfo(torch.float32).tiny / 8)
    with use_threads(threads):
        results_of(BACKENDS["cpu"], call_of(CELLS["LSTMCell()"], T=5, B=9, D=3, H=8))
        assert (small * 1.0 > 0).all()


@pytest.mark.parametrize(
    "cell", [c for c in CELLS.values() if getattr(c, "nonlinearity", "") != "relu"], ids=str
)
def test_states_that_decay_are_never_subnormal(cell):
    """Without an input, for example in padding: computing with them takes many times as long."""
    call = call_of(cell, T=400, B=2, D=2, H=9, dtype=torch.float32, directions=1, bias=False)
    call = call._replace(x=torch.zeros_like(call.x))
    _, states = BACKENDS["cpu"].run(call)
    tiny = torch.finfo(torch.float32).tiny
    assert all(((s == 0) | (s.abs() >= tiny)).all() for s in states)


@pytest.mark.parametrize("flushes", [False, True])
def test_rounding_is_that_of_the_calling_thread(flushes):
    call = call_of(IndRNNCell("relu"), T=1, B=8, D=1, H=64, directions=1, bias=False)
    call = in_dtype(call, torch.float32)
    weights = call.weights[0]._replace(weight_ih=torch.ones(64, 1))
    small = torch.full((1, 8, 1), torch.finfo(torch.float32).tiny / 4)
    states = call.states._replace(h=torch.zeros(1, 8, 64))
    call = call._replace(x=small, weights=(weights,), states=states)
    with use_threads(2):
        torch.zeros(200_000).add_(1)  # the other thread exists
        torch.set_flush_denormal(flushes)
        try:
            output, _ = BACKENDS["cpu"].run(call)
        finally:
            torch.set_flush_denormal(False)
    assert ((output > 0) != flushes).all()


@every_dtype
def test_gates_of_a_minlstm_that_are_far_apart(dtype, instruction_set):
    """Their quotient needs the inverse of numbers near the largest one."""
    call = call_of(MinLSTMCell(), T=1, B=1, D=1, H=40, directions=1, bias=False)
    far = torch.finfo(dtype).max ** 0.5
    steps = torch.linspace(0, 2.2 * math.log(far), 40, dtype=torch.float64)
    zeros = torch.zeros(40, dtype=torch.float64)
    for f, i in ((zeros, -steps), (-steps, zeros)):
        weights = call.weights[0]._replace(weight_ih=torch.cat([f, i, zeros + 1])[:, None])
        changed = call._replace(x=torch.ones_like(call.x), weights=(weights,))
        output, _ = BACKENDS["cpu"].run(in_dtype(changed, dtype))
        expected, _ = Reference().run(changed)
        tolerance = 4 * torch.finfo(dtype).eps
        torch.testing.assert_close(output.double(), expected, rtol=tolerance, atol=tolerance)


def test_a_closed_gate_is_closed():
    """Infinity times a gate that is exactly zero is NaN in the reference: here too."""
    cell = LSTMCell(input_activation=False)
    call = call_of(cell, T=1, B=1, D=1, H=4, directions=1, bias=False)
    to_gates = torch.tensor([[-1.0], [1], [1], [1]], dtype=torch.float64).repeat_interleave(4, 0)
    w = call.weights[0]._replace(weight_ih=to_gates)
    call = call._replace(x=torch.full_like(call.x, torch.inf), weights=(w,))
    assert Reference().run(call)[0].isnan().all()
    assert BACKENDS["cpu"].run(call)[0].isnan().all()


def both_gradients(call, weighing):
    """Of the input, by the kernels and by the reference."""
    found = []
    for backend in (BACKENDS["cpu"], Reference()):
        x = call.x.detach().requires_grad_()
        output, _ = backend.run(call._replace(x=x))
        found.append(torch.autograd.grad(output, x, weighing.expand_as(output))[0])
    return found


@pytest.mark.parametrize("cell", [IndRNNCell("relu"), ElmanCell("relu")], ids=repr)
def test_small_positive_outputs_of_relu_have_a_gradient(cell, instruction_set):
    """Also subnormal ones, where the gradient itself is large."""
    call = call_of(cell, T=160, B=1, D=1, H=1, directions=1, dtype=torch.float32, bias=False)
    weights = call.weights[0]._replace(
        weight_ih=torch.ones(1, 1), weight_hh=torch.full_like(call.weights[0].weight_hh, 0.5)
    )
    x = torch.zeros(160, 1, 1)
    x[0] = 1.0
    states = call.states._replace(h=torch.zeros(1, 1, 1))
    got, expected = both_gradients(
        call._replace(x=x, weights=(weights,), states=states), torch.ones(1)
    )
    assert expected[140] > 1
    # The reference's own outputs are zero at the end, and so are their gradients.
    torch.testing.assert_close(got[:140], expected[:140], rtol=1e-6, atol=0)


@pytest.mark.parametrize("size", [-1e9, -1.2e9, -1e20, 1e20])
@every_dtype
def test_both_gates_of_a_minlstm_far_away(size, dtype, instruction_set):
    call = call_of(MinLSTMCell(), T=1, B=1, D=1, H=1, directions=1, dtype=dtype)
    blocks = torch.tensor([[size], [size], [-0.4]], dtype=dtype)
    weights = call.weights[0]._replace(
        weight_ih=blocks, **dict.fromkeys({"bias_ih", "bias_hh"} & {*call.weights[0]._fields})
    )
    call = call._replace(x=torch.ones_like(call.x).detach(), weights=(weights,))
    found = []
    for backend in (BACKENDS["cpu"], Reference()):
        leaf = blocks.clone().requires_grad_()
        output, _ = backend.run(call._replace(weights=(weights._replace(weight_ih=leaf),)))
        found.append(torch.autograd.grad(output.sum(), leaf)[0])
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-12)


def test_an_infinite_gradient_past_a_projection(instruction_set):
    """It is infinite where the reference's is, though H and P are no whole vectors."""
    cell = LSTMCell(input_activation=False, output_activation=False)
    call = call_of(cell, T=3, B=3, D=1, H=2, P=1, directions=1)
    call = call.unflatten(t.detach().abs() for t in call.flatten())  # no infinity less another
    weighing = torch.zeros(3, 3, 1, dtype=torch.float64)
    weighing[-1] = torch.inf
    got, expected = both_gradients(call, weighing)
    assert expected[1].isinf().any()
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12, equal_nan=True)
