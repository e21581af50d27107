"""Batches of sequences of several lengths on the CPU kernels, which compute only existing rows."""

import pytest
import torch

from lstm_variants import nn as layers
from lstm_variants.cells import GRUCell, LSTMCell
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.cpu import native
from tests.cpu_kernels import INSTRUCTION_SETS, needs_kernels, use_threads
from tests.test_cpu_bfloat16 import check as check_bfloat16
from tests.test_cpu_exactness import (
    COMPUTING,
    PROJECTING,
    call_of,
    check,
    check_touches_nothing_outside,
    error,
    every_cell,
    in_dtype,
    results_of,
    some_resets,
    weighing_of,
)
from tests.tolerances import assert_exact

CPU = BACKENDS["cpu"]
pytestmark = needs_kernels

T = 14
LENGTHS = {
    "unsorted": [3, 14, 0, 7, 7, 1, 14, 9, 2],
    "sorted": [14, 12, 12, 9, 6, 5, 5, 2, 1, 0],
    "ascending": [0, 0, 1, 2, 5, 9, 13, 14],
    "one-long": [1, 2, 14, 1, 0, 2, 2, 1, 1, 2, 1],
    "equal": [9] * 7,
    "short": [3, 1, 0, 2],
    "one-sequence": [11],
    "none": [0, 0, 0],
    "many": [(k * k) % 15 for k in range(150)],
}
every_pattern = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=list(LENGTHS))
every_way = pytest.mark.parametrize(("instruction_set", "dtype"), COMPUTING, ids=str)


def call_with(cell, lengths, *, H=21, dtype=torch.float32, **options):
    return call_of(
        cell, T, len(lengths), 5, H, dtype=dtype, lengths=torch.tensor(lengths), **options
    )


@every_cell
@every_pattern
def test_every_pattern_of_lengths(cell, lengths):
    """As the reference in float64, gradients of weights included."""
    call = call_with(cell, lengths)
    check(call)
    states = cell.state_type(*(t.detach() for t in call.states))
    check(call._replace(states=states))  # where the last product is left out
    check(call_with(cell, lengths, directions=1, resets=some_resets(T, len(lengths))))


@pytest.mark.parametrize("cell", PROJECTING.values(), ids=list(PROJECTING))
@every_pattern
def test_projection(cell, lengths):
    for resets in (None, some_resets(T, len(lengths))):
        check(call_with(cell, lengths, P=7, resets=resets))


@every_cell
@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_bfloat16(cell, instruction_set, monkeypatch):
    monkeypatch.setattr(native.kernels(), "instruction_set", instruction_set)
    for name in ("unsorted", "one-long"):
        call = call_with(cell, LENGTHS[name], dtype=torch.bfloat16)
        check_bfloat16(call, outputs=1, gradients=1)


@every_cell
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_share_the_rows(cell, threads):
    """Sequences, and where few are left, hidden units."""
    with use_threads(threads):
        for name in ("unsorted", "one-long", "short"):
            lengths = LENGTHS[name]
            check(call_with(cell, lengths, H=40))
            resets = some_resets(T, len(lengths))
            check(call_with(cell, lengths, H=40, directions=1, resets=resets))


def results_alone(call, b, length):
    """The results of a sequence in a full batch of as many, which all have its length."""
    B = call.x.shape[1]
    resets = None if call.resets is None else call.resets[:length]
    full = call._replace(x=call.x[:length], lengths=None, resets=resets)
    leaves = [t.detach().requires_grad_() for t in full.flatten()]
    full = full.unflatten(leaves)
    output, states = CPU.run(full)
    results = [output, *states]
    d_output, *d_states = weighing_of([call.x.new_empty(T, B, output.shape[2]), *results[1:]])
    given = [d_output[:length], *d_states]
    d_x, *d_others = torch.autograd.grad(results, leaves, given)
    d_first = d_others[-len(d_states) :]
    return output[:, b], d_x[:, b], [t[:, b] for t in (*results[1:], *d_first)]


def assert_same(got, expected, cell):
    """Bit for bit; but for the gradient of one peephole.

    There the compiler fuses a product and a sum or not, depending on how many sequences are
    computed side by side.
    """
    is_fused = getattr(cell, "peephole", None) == "current"
    assert error(got, expected.double()) <= (4 * torch.finfo(got.dtype).eps if is_fused else 0)


@every_cell
@every_way
def test_bit_for_bit_the_rows_of_full_batches(cell, instruction_set, dtype, monkeypatch):
    """Output, last states, and gradients of input and first states."""
    monkeypatch.setattr(native.kernels(), "instruction_set", instruction_set)
    lengths = LENGTHS["unsorted"]
    call = call_with(cell, lengths, dtype=dtype, H=37, resets=some_resets(T, len(lengths)))
    n = len(cell.state_type._fields)
    output, *rest = results_of(CPU, call)
    last, d_x, d_first = rest[:n], rest[n], rest[-n:]
    for b, length in enumerate(lengths):
        assert not output[length:, b].any()
        assert not d_x[length:, b].any()
        if length:
            of_output, of_d_x, others = results_alone(call, b, length)
            assert_same(output[:length, b], of_output, cell)
            assert_same(d_x[:length, b], of_d_x, cell)
            for got, expected in zip((*last, *d_first), others, strict=True):
                assert_same(got[:, b], expected, cell)


@every_cell
@every_way
def test_nothing_outside_is_touched(cell, instruction_set, dtype, monkeypatch):
    """And nothing in the padding of input and gradient is read."""
    monkeypatch.setattr(native.kernels(), "instruction_set", instruction_set)
    for name in ("one-long", "none"):
        call = call_with(cell, LENGTHS[name], dtype=dtype)
        check_touches_nothing_outside(call)
        padding = torch.arange(T)[:, None] >= call.lengths
        found = []
        for value in (0, torch.nan):
            x = call.x.detach().masked_fill(padding.unsqueeze(-1), value)
            leaves = call._replace(x=x.requires_grad_()).flatten()
            output, _ = CPU.run(call.unflatten(leaves))
            [given] = weighing_of([output])
            given = given.masked_fill(padding.unsqueeze(-1), value)
            found.append([output, *torch.autograd.grad(output, leaves, given, allow_unused=True)])
        for a, b in zip(*found, strict=True):
            assert a is b is None or torch.equal(a, b)


@pytest.mark.parametrize("cell", [LSTMCell(), GRUCell(), *PROJECTING.values()], ids=str)
def test_random_batches(cell):
    """Sizes, lengths, resets, directions, projections and threads, drawn at random."""
    generator = torch.Generator().manual_seed(5)

    def draw(low, high):
        return int(torch.randint(low, high + 1, (), generator=generator))

    for _ in range(15):
        steps, B, D, H = draw(1, 40), draw(1, 40), draw(1, 9), draw(1, 40)
        limit = draw(0, steps)
        lengths = torch.randint(0, limit + 1, (B,), generator=generator)
        if draw(0, 1):
            lengths[draw(0, B - 1)] = steps
        resets = torch.rand(steps, B, generator=generator) < 0.2 if draw(0, 1) else None
        P = draw(0, 9) if cell.projects else 0
        call = call_of(
            cell, steps, B, D, H, P=P, directions=draw(1, 2), lengths=lengths, resets=resets
        )
        with use_threads(draw(1, 3)):
            check(in_dtype(call, (torch.float32, torch.float64)[draw(0, 1)]))


@pytest.mark.parametrize("shared", [True, False], ids=["same-lengths", "own-lengths"])
def test_samples_of_vmap(shared):
    """What is saved for one batch has another order than for several."""
    layer = layers.GRU(3, 5, dtype=torch.float64, backend="cpu")
    parameters = dict(layer.named_parameters())
    x = torch.randn(3, 6, 4, 3, dtype=torch.float64)
    lengths = torch.tensor([[2, 6, 0, 4], [5, 1, 6, 2], [3, 3, 1, 6]])

    def loss(parameters, x, lengths):
        output, _ = torch.func.functional_call(layer, parameters, (x,), {"lengths": lengths})
        return output.sin().sum()

    own = [lengths[0 if shared else k] for k in range(3)]
    gradient = torch.func.grad(loss, argnums=(0, 1))
    dims = (None, 0, None if shared else 0)
    found = torch.func.vmap(gradient, dims)(parameters, x, lengths[0] if shared else lengths)
    for k in range(3):
        expected, expected_x = gradient(parameters, x[k], own[k])
        assert_exact(found[1][k], expected_x)
        for name in parameters:
            assert_exact(found[0][name][k], expected[name])


def test_batched_gradients():
    call = call_with(GRUCell(), LENGTHS["unsorted"], dtype=torch.float64, H=5)
    output, _ = CPU.run(call)
    given = torch.randn(3, *output.shape, dtype=torch.float64)
    many = torch.autograd.grad(output, call.x, given, retain_graph=True, is_grads_batched=True)
    for k in range(3):
        one = torch.autograd.grad(output, call.x, given[k], retain_graph=True)
        assert_exact(many[0][k], one[0])


def packed(tensor, batch_sizes):
    """The rows `[N, ...]` of a tensor `[T, B, ...]`."""
    return torch.cat([rows[:n] for rows, n in zip(tensor, batch_sizes.tolist(), strict=True)])


def packed_call(call):
    """A call whose lengths are sorted, with packed rows."""
    sizes = (torch.arange(len(call.x))[:, None] < call.lengths).sum(1)
    resets = None if call.resets is None else packed(call.resets, sizes)
    x = packed(call.x.detach(), sizes)
    return call._replace(x=x, lengths=None, resets=resets, batch_sizes=sizes)


def passes(call, d_output, d_last):
    """Results of both passes of the backend, which get memory full of NaN."""

    def memory(shape, dtype=call.x.dtype):
        return torch.full(tuple(shape), torch.nan, dtype=dtype)

    output = memory(call.output_shape)
    last = call.states._make(memory(t.shape) for t in call.states)
    saved = [memory(shape, CPU.saved_dtype(call.x.dtype)) for shape in CPU.saved_shapes(call)]
    CPU.forward(call, output, last, saved)
    found = [memory(t.shape) for t in call.flatten()]
    CPU.backward(call, output, saved, d_output, d_last, call.unflatten(found))
    return [output, found[0]], [*last, *found[1:]]


@every_cell
@every_way
@pytest.mark.parametrize("threads", [1, 3])
def test_packed_rows(cell, instruction_set, dtype, threads, monkeypatch):
    """The same bit for bit as with lengths, in memory of the rows that there are."""
    monkeypatch.setattr(native.kernels(), "instruction_set", instruction_set)
    for name in ("sorted", "one-sequence"):
        lengths = LENGTHS[name]
        resets = some_resets(T, len(lengths)) if name == "sorted" else None
        P = 7 if cell.projects else 0
        call = call_with(cell, lengths, dtype=dtype, P=P, resets=resets)
        call = call.unflatten([t.detach() for t in call.flatten()])
        of_packed = packed_call(call)
        assert CPU.saved_shapes(of_packed)[0][0] == sum(lengths)
        d_output = torch.randn(call.output_shape).to(dtype)
        d_last = call.states._make(map(torch.randn_like, call.states))
        with use_threads(threads):
            expected_rows, expected = passes(call, d_output, d_last)
            sizes = of_packed.batch_sizes
            rows, found = passes(of_packed, packed(d_output, sizes), d_last)
        for got, right in zip(rows, expected_rows, strict=True):
            assert torch.equal(got, packed(right, sizes))
        for got, right in zip(found, expected, strict=True):
            assert torch.equal(got, right)


@pytest.mark.parametrize("sizes", [[2, 3], [3, 2], [4, 1], [-1, 6], [5, 0, 1]], ids=str)
def test_batch_sizes_that_do_not_fit(sizes):
    call = call_of(GRUCell(), T=2, B=3, D=2, H=3, dtype=torch.float32)
    x = torch.zeros(5 if sizes != [3, 2] else 4, 2)
    call = call._replace(x=x, batch_sizes=torch.tensor(sizes))
    call = call.unflatten([t.detach() for t in call.flatten()])
    output = torch.empty(call.output_shape)
    with pytest.raises(ValueError, match="batch_sizes should not increase"):
        CPU.forward(call, output, call.states, [])
