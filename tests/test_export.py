"""Layers that torch.export, torch.jit.trace and make_fx trace: any sizes, lengths and strides."""

import pytest
import torch
from torch import nn
from torch.export import Dim, export
from torch.func import functional_call
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import lstm_variants
from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import needs_kernels
from tests.layers import conditioned, random_hx, states_of, strided
from tests.tracing import LENGTHS, OUT_OF_RANGE, assert_same, flat, layers_in, operators_in

pytestmark = [needs_kernels, pytest.mark.usefixtures("fresh_compiler")]
every_variant = pytest.mark.parametrize("name", VARIANTS)


class WithLengths(nn.Module):
    """A layer whose lengths are an argument by position, as torch.export takes them."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, lengths):
        return self.layer(x, lengths=lengths)


every_way = pytest.mark.parametrize("strict", [False, True], ids=["traced", "strict"])


@every_variant
@every_way
@pytest.mark.costly
def test_export_with_dynamic_batch_time_and_lengths(name, strict):
    module = WithLengths(VARIANTS[name].layer(3, 5, num_layers=2))
    fixed = not kernel_of(VARIANTS[name].cell)  # the reference is a loop of as many steps
    T, B = Dim("T", min=0, max=1000), Dim("B", min=0, max=1000)
    shapes = ({1: B} if fixed else {0: T, 1: B}, {0: B})
    program = export(module, (torch.randn(7, 4, 3), LENGTHS), dynamic_shapes=shapes, strict=strict)
    assert operators_in(program.graph)[0] == layers_in(name, 2)
    sizes = ((7, 4), (11, 2), (1, 1), (64, 9), (0, 2), (3, 0))
    for T, B in ((7, 4), (7, 9), (7, 1)) if fixed else sizes:
        lengths = torch.randint(0, T + 1, (B,))
        for x in (torch.randn(T, B, 3), torch.randn(B, 3, T).permute(2, 0, 1)):
            assert_same(flat(program.module()(x, lengths)), flat(module(x, lengths)))


@every_variant
@pytest.mark.costly
def test_lengths_out_of_range_are_an_error_when_an_exported_layer_runs(name):
    module = WithLengths(VARIANTS[name].layer(3, 5))
    program = export(module, (torch.zeros(7, 4, 3), LENGTHS)).module()
    for wrong in OUT_OF_RANGE:
        with pytest.raises((ValueError, RuntimeError), match="lengths should be from 0 to"):
            program(torch.zeros(7, 4, 3), torch.tensor(wrong))


@every_variant
@every_way
@pytest.mark.parametrize("batch_first", [False, True], ids=["timefirst", "batchfirst"])
@pytest.mark.costly
def test_an_exported_program_takes_any_strides(name, strict, batch_first):
    """Traced with contiguous tensors, run with others: input and initial state."""
    layer = conditioned(VARIANTS[name].layer(3, 4, batch_first=batch_first))
    x, hx = torch.randn(5, 2, 3), random_hx(layer, 5 if batch_first else 2, dtype=torch.float32)
    program = export(layer, (x, hx), strict=strict).module()
    expected = flat(layer(x, hx))
    for change in strided:
        states = tuple(change(state) for state in states_of(hx))
        got = program(change(x), states if len(states) > 1 else states[0])
        if kernel_of(layer.cell):  # operators copy the tensors
            assert all(torch.equal(a, b) for a, b in zip(flat(got), expected, strict=True))
        else:
            assert_same(flat(got), expected)


class Packing(nn.Module):
    """Packs what it gives to a layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, lengths):
        output, last = self.layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return pad_packed_sequence(output)[0], *states_of(last)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN", "CoupledLSTM"])
@pytest.mark.parametrize("seen", [[5, 5, 5], [5, 2, 4]], ids=["equal", "different"])
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore:`torch.jit.trace:DeprecationWarning")
def test_a_jit_trace_of_packed_sequences_takes_other_lengths(name, seen):
    module = Packing(getattr(lstm_variants.nn, name)(4, 6))
    traced = torch.jit.trace(module, (torch.randn(5, 3, 4), torch.tensor(seen)))
    for lengths in ([5, 3, 2], [4, 4, 4], [2, 7, 1], [3, 1, 4, 1, 5], [2]):
        x = torch.randn(max(lengths), len(lengths), 4)
        results = (run(x, torch.tensor(lengths)) for run in (traced, module))
        for a, b in zip(*results, strict=True):
            torch.testing.assert_close(a, b)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(
    "backend", [pytest.param("cpu", marks=needs_kernels), "torch", "reference"]
)
def test_traced_with_weights_as_inputs_of_symbolic_sizes(backend, size):
    """A batch and features of size 1 are numbers, where the hidden size is a symbol."""
    layer = VARIANTS["GRU"].layer(size, 4, backend=backend)
    weights, x = dict(layer.named_parameters()), torch.randn(5, size, size)

    def run(x, weights):
        return functional_call(layer, weights, (x,))[0]

    program = make_fx(run, tracing_mode="symbolic")(x, weights)
    torch.testing.assert_close(program(x, weights), layer(x)[0])
