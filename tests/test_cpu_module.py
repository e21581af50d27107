"""The module of Python that calls the library for ordinary tensors, against the calls by ctypes."""

import copy
import gc
import sys
from itertools import product
from pathlib import Path

import pytest
import torch

from lstm_variants.cells import GRUCell, LSTMCell
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.call import packed_rows
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.cpu.backend import CPU
from lstm_variants.kernels.cpu.plan import Plan, extents_of
from tests.cpu_kernels import needs_kernels, use_threads
from tests.test_cpu_exactness import (
    COMPUTING,
    FEW,
    PROJECTING,
    call_of,
    every_cell,
    every_kernel,
    results_of,
    some_resets,
)

pytestmark = needs_kernels
T, B, D, H = 7, 4, 3, 21
LENGTHS = torch.tensor([7, 3, 1, 1])
every_way = pytest.mark.parametrize(("instruction_set", "dtype"), COMPUTING, ids=str)


def test_it_is_there():
    """Or the other tests would compare nothing."""
    assert native.kernels().module is not None


def observed(call, monkeypatch):
    """Results of a direct call, and for each pass whether the module computed it."""
    passes = []

    def noting(way):
        def note(*arguments):
            results = way(*arguments)
            passes.append(results is not None)
            return results

        return note

    with monkeypatch.context() as patch:
        for name in ("forward_directly", "backward_directly"):
            patch.setattr(CPU, name, noting(getattr(CPU, name)))
        results = results_of(BACKENDS["cpu"], call._replace(is_direct=True), call.x.dtype)
    return results, passes


def by_ctypes(call, monkeypatch):
    """Results without the module."""
    with monkeypatch.context() as patch:
        for name in ("forward_directly", "backward_directly"):
            patch.setattr(CPU, name, lambda *_: None)
        return results_of(BACKENDS["cpu"], call._replace(is_direct=True), call.x.dtype)


def check(call, monkeypatch, directly=(True, True)):
    """The same numbers both ways, of the passes that the module computes."""
    results, passes = observed(call, monkeypatch)
    assert tuple(passes) == directly
    for a, b in zip(results, by_ctypes(call, monkeypatch), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        assert torch.equal(a, b)


def packed(call):
    """The same sequences, packed."""
    sizes = (torch.arange(T)[:, None] < LENGTHS).sum(1)
    resets = None if call.resets is None else packed_rows(call.resets, sizes)
    x = packed_rows(call.x, sizes).detach().requires_grad_()
    return call._replace(x=x, lengths=None, resets=resets, batch_sizes=sizes)


@every_kernel
def test_every_cell(cell, monkeypatch):
    for directions in (1, 2):
        for bias in (False, True):
            call = call_of(cell, T, B, D, H, dtype=torch.float32, directions=directions, bias=bias)
            check(call, monkeypatch)
    check(packed(call), monkeypatch)
    check(call._replace(resets=some_resets(T, B), lengths=LENGTHS), monkeypatch)


@every_cell
@every_way
def test_every_way_to_compute(cell, instruction_set, dtype, monkeypatch):
    """In bfloat16, the module leaves some calls to Python: sums of two directions, and all without
    products of bfloat16."""
    kernels = native.kernels()
    monkeypatch.setattr(kernels, "instruction_set", instruction_set)
    is_float32 = dtype == torch.bfloat16 and not kernels.multiplies_bfloat16
    for k, (steps, sequences, features, units) in enumerate(FEW):
        directions = 1 + k % 2
        call = call_of(cell, steps, sequences, features, units, dtype=dtype, directions=directions)
        resets = some_resets(steps, sequences)
        with use_threads(2):
            forward = not is_float32
            backward = forward and not (dtype == torch.bfloat16 and directions == 2)
            check(call._replace(resets=resets), monkeypatch, (forward, backward))


@pytest.mark.parametrize("cell", PROJECTING.values(), ids=list(PROJECTING))
def test_projection(cell, monkeypatch):
    call = call_of(cell, T, B, D, H, P=5, resets=some_resets(T, B))
    check(call, monkeypatch)
    check(packed(call), monkeypatch)


def test_gradients_that_are_not_needed(monkeypatch):
    """Each alone, and all but each."""
    call = call_of(LSTMCell(peephole="current"), T, B, D, H, directions=1)
    for others, number in product((False, True), range(len(call.flatten()))):
        for k, tensor in enumerate(call.flatten()):
            tensor.requires_grad_(others != (k == number))
        check(call, monkeypatch)


@pytest.mark.parametrize(
    "change",
    [lambda x: x.transpose(0, 1).contiguous().transpose(0, 1), lambda x: x[:, :1].expand(T, B, D)],
    ids=["batch-first", "expanded"],
)
def test_strides_of_the_input(change, monkeypatch):
    call = call_of(GRUCell(), T, B, D, H)
    x = change(call.x).detach().requires_grad_()
    check(call._replace(x=x), monkeypatch)


def test_strides_of_gradients():
    """As sums and slices give them."""
    call = call_of(LSTMCell(), T, B, D, H)._replace(is_direct=True)
    ways = [
        lambda output, last: output.sum() + last[0].sum(),
        lambda output, last: output.transpose(0, 2).square().sum() + last[1][:, ::2].sum(),
        lambda output, _: output[::2, 1:, ::3].sum(),
        lambda _, last: last[1].mean(),
    ]
    for way in ways:
        both = []
        for direct in (True, False):
            output, last = BACKENDS["cpu"].run(call._replace(is_direct=direct))
            output, last = output * 1, [state * 1 for state in last]
            both.append(torch.autograd.grad(way(output, last), call.flatten(), allow_unused=True))
        for a, b in zip(*both, strict=True):
            assert torch.equal(a, b)


def test_what_is_left_to_python(monkeypatch):
    call = call_of(LSTMCell(), T, B, D, H, directions=1)
    weights = call.weights[0]
    strided = torch.randn(D, 4 * H, dtype=torch.float64).t().requires_grad_()
    check(
        call._replace(weights=(weights._replace(weight_ih=strided),)), monkeypatch, (False, False)
    )
    backwards = call.x.detach().transpose(0, 2).contiguous().transpose(0, 2).requires_grad_()
    check(call._replace(x=backwards), monkeypatch, (False, False))
    check(call._replace(x=call.x[:0]), monkeypatch, (False, False))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"lengths": torch.tensor([7, 3, 8, 1])}, ValueError, "length"),
        ({"lengths": torch.tensor([7, 3, 1])}, ValueError, "lengths should be"),
        ({"resets": torch.zeros(T, B)}, ValueError, "resets should be"),
        ({"resets": torch.zeros(T, B + 1).bool()}, ValueError, "resets should be"),
        ({"x": torch.zeros(T, B, D + 1).double()}, ValueError, "weight_ih should be"),
        ({"x": torch.zeros(T, B + 1, D).double()}, ValueError, "should be"),
        ({"x": torch.zeros(T, B, D)}, ValueError, "should be"),
        ({"x": torch.zeros(T, D).double()}, ValueError, "x should be"),
        ({"x": torch.zeros(()).double()}, ValueError, "x should be"),
    ],
)
def test_mistakes_are_reported_as_without_it(change, error, message):
    call = call_of(LSTMCell(), T, B, D, H, directions=1)
    for direct in (True, False):
        with pytest.raises(error, match=message):
            BACKENDS["cpu"].run(call._replace(**change, is_direct=direct))


def test_batch_sizes_that_do_not_fit():
    call = packed(call_of(LSTMCell(), T, B, D, H, directions=1))._replace(is_direct=True)
    for sizes in ([4] * T, [4, 2, 2, 1, 1, 1, 2], [5, 2, 1, 1, 1, 1, 1]):
        with pytest.raises(ValueError, match="batch_sizes should not increase"):
            BACKENDS["cpu"].run(call._replace(batch_sizes=torch.tensor(sizes)))


def test_storage_that_was_freed():
    call = call_of(LSTMCell(), T, B, D, H, directions=1)._replace(is_direct=True)
    output, _ = BACKENDS["cpu"].run(call)
    call.weights[0].weight_hh.untyped_storage().resize_(0)
    with pytest.raises(RuntimeError, match="its storage was freed"):
        output.sum().backward()
    with pytest.raises(RuntimeError, match="its storage was freed"):
        BACKENDS["cpu"].run(call)


def test_references_are_released():
    """Nothing keeps tensors alive that a call has made or taken."""
    call = call_of(LSTMCell(), T, B, D, H)

    def tensors():
        gc.collect()
        return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects())

    counts = []
    gc.freeze()  # leaves out what other tests have made, which takes seconds to count
    for _ in range(4):
        results_of(BACKENDS["cpu"], call._replace(is_direct=True), call.x.dtype)
        counts.append((tensors(), sys.getrefcount(call.x)))
    gc.unfreeze()
    assert counts[1] == counts[3]


def test_sizes_of_weights_are_multiples():
    weight_ih, weight_hr = extents_of(LSTMCell(), ("weight_ih", "weight_hr"))
    assert weight_ih == ((4, "H"), (1, "D"))
    assert weight_hr == ((1, "P"), (1, "H"))


@pytest.mark.parametrize("place", range(7))
def test_arguments_of_a_plan_are_checked(place, monkeypatch):
    """Names and sizes that do not fit are errors and not accesses to memory."""
    given = []
    module = native.kernels().module
    stand_in = copy.copy(native.kernels())
    monkeypatch.setattr(native, "kernels", lambda: stand_in)

    class Noting:
        @staticmethod
        def plan(*arguments):
            given.append(arguments)

    stand_in.module = Noting
    Plan(LSTMCell(), ("weight_ih", "weight_hh"), 1, torch.float32)
    arguments = list(given[0])
    assert module.plan(*arguments) is not None
    wrong = [None, "0", b"short", (("weight_xx", ((1, "D"),)),), ("z",), ("h_0",) * 3, None]
    if place == 6:
        arguments = arguments[:-1]
    else:
        arguments[place] = wrong[place]
    with pytest.raises((TypeError, ValueError, KeyError)):
        module.plan(*arguments)
    with pytest.raises((TypeError, ValueError)):
        module.forward(object(), *[None] * 7)
    with pytest.raises(TypeError, match="8 arguments, got 1"):
        module.forward(None)
    with pytest.raises(TypeError, match="11 arguments, got 1"):
        module.backward(None)


def test_a_module_that_was_built_from_other_sources_is_not_used(tmp_path):
    module = native.kernels().module
    folder = Path(module.__file__).parent
    assert native.load_module(folder, module.digest) is not None
    assert native.load_module(folder, "another") is None
    assert native.load_module(tmp_path, module.digest) is None


def test_a_python_without_a_global_lock_does_not_load_it(monkeypatch):
    """Its objects are laid out in another way, so that loading would crash."""
    module = native.kernels().module
    monkeypatch.setattr(native, "get_config_var", lambda _: 1)
    assert native.load_module(Path(module.__file__).parent, module.digest) is None


def test_calls_without_it_are_named(monkeypatch):
    call = call_of(GRUCell(), T=T, B=B, D=D, H=H)
    assert "ctypes" not in CPU().details(call)
    monkeypatch.setattr(native.kernels(), "module", None)
    assert "called by ctypes" in CPU().details(call)
