"""The CPU kernels against the reference in float64: every cell, odd shapes, strange numbers."""

import itertools

import pytest
import torch

from lstm_variants.kernels import BACKENDS, Call
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.cpu.cells import KERNELS
from lstm_variants.kernels.operators.eager import empty_results
from lstm_variants.kernels.reference import Reference
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import BFLOAT16_SETS, INSTRUCTION_SETS, needs_kernels, use_threads
from tests.layers import as_state

CELLS = {repr(v.cell): v.cell for v in VARIANTS.values() if repr(v.cell) in KERNELS}
OTHERS = {text: kernel.cell for text, kernel in KERNELS.items() if text not in CELLS}
PROJECTING = {text: cell for text, cell in CELLS.items() if cell.projects}
pytestmark = needs_kernels
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=list(CELLS))
every_kernel = pytest.mark.parametrize("cell", (CELLS | OTHERS).values(), ids=[*CELLS, *OTHERS])
every_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])

# H from 1 to 65, B from 1 to 17, T in {1, 2, 63}: every H and every B, in changing company.
SHAPES = [(T, H * 7 % 17 + 1, H % 5 + 1, H) for H in range(1, 66) for T in [(1, 2, 63)[H % 3]]]
FEW = [(3, 1, 2, 1), (1, 3, 7, 19), (5, 4, 3, 16), (2, 9, 1, 33), (7, 17, 5, 65)]


@pytest.fixture(params=[name for name in INSTRUCTION_SETS if name not in BFLOAT16_SETS])
def instruction_set(request, monkeypatch):
    monkeypatch.setattr(native.kernels(), "instruction_set", request.param)


def call_of(
    cell,
    T,
    B,
    D,
    H,
    *,
    P=0,
    dtype=torch.float64,
    directions=2,
    lengths=None,
    resets=None,
    bias=True,
):
    def draw(*shape):
        # Larger weights would make a chaotic system, where no two roundings lead to the same end.
        size = 0.3 / shape[-1] ** 0.5 if len(shape) == 2 else 0.25
        return torch.randn(shape, dtype=torch.float64).mul(size).to(dtype).requires_grad_()

    shapes = cell.parameter_shapes(D, H, bias=bias, proj_size=P)

    def draw_state():
        sizes = dict.fromkeys(cell.state_type._fields, H) | {"h": P or H}
        drawn = (as_state(name, draw(directions, B, size)) for name, size in sizes.items())
        return cell.state_type(*(tensor.detach().requires_grad_() for tensor in drawn))

    weights = [
        cell.weights_type(**{k: draw(*v) for k, v in shapes.items()}) for _ in range(directions)
    ]
    return Call(cell, draw(T, B, D), tuple(weights), draw_state(), lengths, resets)


def in_dtype(call, dtype):
    copies = (t.detach().to(dtype).requires_grad_(t.requires_grad) for t in call.flatten())
    return call.unflatten(copies)


def results_of(backend, call, weighing=torch.float64):
    """The output, the last states, and the gradients of a weighing of them, drawn in a dtype."""
    output, states = backend.run(call)
    results = [output, *states]
    leaves = [tensor for tensor in call.flatten() if tensor.requires_grad]
    total = sum((r * w).sum() for r, w in zip(results, weighing_of(results, weighing), strict=True))
    found = torch.autograd.grad(total, leaves, allow_unused=True)
    gradients = zip(leaves, found, strict=True)
    return [*results, *(torch.zeros_like(t) if g is None else g for t, g in gradients)]


def weighing_of(results, dtype=torch.float64):
    """The gradients of a loss, for results: numbers of this dtype in that of the results."""
    generator = torch.Generator().manual_seed(1)
    drawn = (torch.randn(r.shape, generator=generator, dtype=torch.float64) for r in results)
    return [w.to(dtype).to(r.dtype) for r, w in zip(results, drawn, strict=True)]


def error(got, exact):
    """The largest error, in units of the largest number, or of 1."""
    scale = exact.abs().max().clamp(min=1)
    return ((got.double() - exact).abs().max() / scale).item()


def check(call):
    """float64: to 1e-12. float32: to five times the error that the reference has in float32.

    That is the largest of the call: a result that happens to be rounded well is no measure.
    """
    exact = results_of(Reference(), in_dtype(call, torch.float64))
    allowed = 1e-12
    if call.x.dtype == torch.float32:
        plain = results_of(Reference(), call)
        allowed = 5 * max(*map(error, plain, exact), torch.finfo(torch.float32).eps)
    for k, (got, right) in enumerate(zip(results_of(BACKENDS["cpu"], call), exact, strict=True)):
        assert error(got, right) <= allowed, f"result {k} of {call}"


@every_cell
@every_dtype
@pytest.mark.costly
def test_every_shape(cell, dtype):
    for T, B, D, H in SHAPES:
        check(call_of(cell, T, B, D, H, dtype=dtype, directions=1 + H % 2, bias=H % 4 > 0))


@every_cell
@every_dtype
def test_every_instruction_set(cell, dtype, instruction_set):
    for T, B, D, H in FEW:
        check(call_of(cell, T, B, D, H, dtype=dtype))


@every_cell
@pytest.mark.parametrize("needs_first", [False, True], ids=["", "initial-states"])
def test_few_rows(cell, needs_first, instruction_set):
    """Where weights are read as they lie, and gradients are written without a sum in between."""
    for T, B, D, H in [(1, 1, 2, 1), (1, 3, 5, 16), (2, 2, 3, 33), (4, 1, 17, 65), (1, 5, 4, 31)]:
        for directions in (1, 2):
            call = call_of(cell, T, B, D, H, dtype=torch.float32, directions=directions)
            states = cell.state_type(*(t.detach() for t in call.states))
            check(call if needs_first else call._replace(states=states))


@every_cell
def test_few_rows_of_large_weights(cell):
    for T, B, H in ((1, 6, 423), (2, 4, 423), (1, 16, 423), (1, 17, 423), (2, 4, 130), (1, 9, 130)):
        check(call_of(cell, T, B, D=5, H=H, dtype=torch.float32, directions=1))


@pytest.mark.parametrize("cell", OTHERS.values(), ids=list(OTHERS))
def test_every_combination_of_settings(cell):
    check(call_of(cell, T=5, B=3, D=2, H=9))


@every_cell
@pytest.mark.parametrize("lengths", [[9, 0, 4, 9, 1], [0, 0, 0, 0, 0]], ids=str)
def test_lengths(cell, lengths, instruction_set):
    call = call_of(cell, T=9, B=5, D=3, H=20, lengths=torch.tensor(lengths))
    check(call)
    # What stands in the padding has no influence, whatever it is.
    past = torch.arange(9)[:, None] >= call.lengths
    x = call.x.detach().masked_fill(past.unsqueeze(-1), torch.nan).requires_grad_()
    for got, expected in zip(
        results_of(BACKENDS["cpu"], call._replace(x=x)),
        results_of(BACKENDS["cpu"], call),
        strict=True,
    ):
        assert torch.equal(got, expected)


def some_resets(T, B):
    """A third of all steps, and every sequence of one step."""
    return (torch.arange(T)[:, None] + 2 * torch.arange(B)) % 3 == 0


@every_cell
@every_dtype
def test_resets(cell, dtype, instruction_set):
    for T, B, D, H in FEW:
        check(call_of(cell, T, B, D, H, dtype=dtype, resets=some_resets(T, B)))
    lengths, resets = torch.tensor([9, 0, 4, 9, 1]), some_resets(9, 5)
    check(call_of(cell, T=9, B=5, D=3, H=20, dtype=dtype, lengths=lengths, resets=resets))


@pytest.mark.parametrize("cell", OTHERS.values(), ids=list(OTHERS))
def test_resets_with_every_combination_of_settings(cell):
    check(call_of(cell, T=5, B=3, D=2, H=9, resets=some_resets(5, 3)))


@pytest.mark.parametrize("cell", PROJECTING.values(), ids=list(PROJECTING))
@pytest.mark.parametrize("P", [1, 7, 16])
def test_projection(cell, P, instruction_set):
    check(call_of(cell, T=6, B=5, D=3, H=17, P=P))
    lengths, resets = torch.tensor([6, 0, 2]), some_resets(6, 3)
    check(call_of(cell, T=6, B=3, D=3, H=40, P=P, lengths=lengths))
    check(call_of(cell, T=6, B=3, D=3, H=40, P=P, lengths=lengths, resets=resets))


@every_cell
@pytest.mark.parametrize("threads", [2, 3, 4])
@pytest.mark.parametrize("B", [1, 2, 9])
def test_threads_share_the_work(cell, threads, B):
    with use_threads(threads):
        for H in (5, 48, 65):
            check(call_of(cell, T=5, B=B, D=3, H=H))
            check(call_of(cell, T=5, B=B, D=3, H=H, directions=1))
            check(call_of(cell, T=1, B=B, D=3, H=H, directions=1))
            check(call_of(cell, T=5, B=B, D=3, H=H, resets=some_resets(5, B)))


@every_cell
@pytest.mark.parametrize("frozen", [("weight_hh",), ("weight_hh", "weight_gh"), ("weight_ih",)])
def test_weights_may_be_frozen_in_one_direction(cell, frozen):
    """Threads of one direction and of the other wait for each other the same number of times."""
    with use_threads(4):
        call = call_of(cell, T=5, B=1, D=3, H=64)
        first = call.weights[0]._asdict()
        some = {k: first[k].detach() for k in frozen if first.get(k) is not None}
        check(call._replace(weights=(call.weights[0]._replace(**some), call.weights[1])))


COMPUTING = [
    *itertools.product(
        (name for name in INSTRUCTION_SETS if name not in BFLOAT16_SETS),
        [torch.float32, torch.float64],
    ),
    *((name, torch.bfloat16) for name in INSTRUCTION_SETS),
]
"""Instruction sets, and dtypes that they compute in ways of their own."""


def windows(sizes, dtype):
    """Tensors inside of one storage that is full of NaN, and a check that the rest still is."""
    margin = 40
    total = sum(margin + size.numel() for size in sizes) + margin
    storage = torch.full((total,), torch.nan, dtype=dtype)
    free = torch.ones(total, dtype=torch.bool)
    found, place = [], margin
    for size in sizes:
        found.append(storage[place : place + size.numel()].view(size))
        free[place : place + size.numel()] = False
        place += size.numel() + margin
    return found, lambda: storage[free].isnan().all()


@every_cell
@pytest.mark.parametrize(("T", "B", "D", "H"), FEW)
@pytest.mark.parametrize(("instruction_set", "dtype"), COMPUTING, ids=str)
def test_nothing_is_touched_outside(cell, instruction_set, dtype, T, B, D, H, monkeypatch):
    """A read from outside shows in the results, and a write in what lies outside."""
    monkeypatch.setattr(native.kernels(), "instruction_set", instruction_set)
    check_touches_nothing_outside(call_of(cell, T, B, D, H, dtype=dtype, directions=2))


def check_touches_nothing_outside(call):
    """The same results if all tensors lie in storage full of NaN, which stays NaN."""
    dtype = call.x.dtype
    expected = results_of(BACKENDS["cpu"], call)
    flat = [t.detach() for t in call.flatten()]
    inputs, inputs_are_whole = windows([t.shape for t in flat], dtype)
    for window, tensor in zip(inputs, flat, strict=True):
        window.copy_(tensor)
    call, backend = call.unflatten(inputs), BACKENDS["cpu"]
    output, last, saved = empty_results(call, backend, save_for_backward=True)
    saved, saved_is_whole = windows([t.shape for t in saved], saved[0].dtype)
    (output, *last), outputs_are_whole = windows([t.shape for t in (output, *last)], dtype)
    backend.forward(call, output, call.states._make(last), saved)
    gradients, gradients_are_whole = windows([t.shape for t in (output, *last)], dtype)
    for window, drawn in zip(gradients, weighing_of(gradients), strict=True):
        window.copy_(drawn)
    found, found_is_whole = windows([t.shape for t in inputs], dtype)
    d_last = call.states._make(gradients[1:])
    backend.backward(call, output, saved, gradients[0], d_last, call.unflatten(found))
    got = [output, *last, *found]
    for a, b in zip(got, expected, strict=True):
        assert torch.equal(a, b)
    wholes = (
        inputs_are_whole,
        saved_is_whole,
        outputs_are_whole,
        gradients_are_whole,
        found_is_whole,
    )
    assert all(is_whole() for is_whole in wholes)
