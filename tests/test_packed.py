"""Packed sequences on the CPU kernels, which compute them as they are."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

import lstm_variants as lv
from lstm_variants import VARIANTS
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.cpu.cells import kernel_of
from tests.cpu_kernels import needs_kernels, use_threads
from tests.layers import random_hx, states_of
from tests.tolerances import assert_exact

pytestmark = needs_kernels
F64 = {"dtype": torch.float64}
D, H = 3, 5
FAST = [name for name in VARIANTS if kernel_of(VARIANTS[name].cell)]
LENGTHS = {
    "unsorted": [3, 7, 1, 7, 2],
    "sorted": [6, 4, 4, 1],
    "equal": [4, 4, 4],
    "one": [5],
    "one-long": [40, 1, 2, 1, 1, 2, 1, 1, 1],
}
every_pattern = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=list(LENGTHS))
every_variant = pytest.mark.parametrize("name", FAST)


def packed_of(lengths, dtype=torch.float64):
    sequences = [torch.randn(n, D, dtype=dtype) for n in lengths]
    packed = pack_sequence(sequences, enforce_sorted=False)
    return packed._replace(data=packed.data.requires_grad_())


def shapes_of_calls(monkeypatch):
    """The inputs that the kernels get."""
    backend, found = BACKENDS["cpu"], []
    directly = type(backend).forward_directly  # returns None for what it leaves to `forward`
    for name in ("forward", "forward_directly"):
        forward = getattr(type(backend), name)

        def note(self, call, *others, forward=forward):
            results = forward(self, call, *others)
            if forward is not directly or results is not None:
                found.append(call.x.shape)
            return results

        monkeypatch.setattr(type(backend), name, note)
    return found


def results(layer, packed, hx=None):
    """Output, last states and the gradients of a weighing of them."""
    output, last = layer(packed, hx)
    assert torch.equal(output.batch_sizes, packed.batch_sizes)
    assert output.sorted_indices is packed.sorted_indices
    found = [output.data, *states_of(last)]
    generator = torch.Generator().manual_seed(1)
    total = sum(
        (r * torch.randn(r.shape, generator=generator, dtype=torch.float64)).sum() for r in found
    )
    states = () if hx is None else states_of(hx)
    leaves = [packed.data, *layer.parameters(), *states]
    return [*found, *torch.autograd.grad(total, leaves)]


@every_variant
@every_pattern
@pytest.mark.parametrize("with_hx", [False, True], ids=["", "hx"])
def test_a_packed_batch_is_computed_without_padding(name, lengths, with_hx, monkeypatch):
    layer = lv.nn.Recurrent(VARIANTS[name].cell, D, H, 2, bidirectional=True, **F64)
    packed = packed_of(lengths)
    hx = random_hx(layer, len(lengths)) if with_hx else None
    for state in states_of(hx) if with_hx else ():
        state.requires_grad_()
    shapes = shapes_of_calls(monkeypatch)
    found = results(layer, packed, hx)
    assert shapes == [(sum(lengths), D), (sum(lengths), 2 * H)]
    layer.backend = "reference"
    for a, b in zip(found, results(layer, packed, hx), strict=True):
        assert_exact(a, b)


@pytest.mark.parametrize(("ours", "theirs"), [(lv.nn.LSTM, nn.LSTM), (lv.nn.GRU, nn.GRU)])
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}], ids=str)
@every_pattern
def test_a_packed_batch_is_torchs(ours, theirs, options, lengths):
    layer, other = ours(D, H, **options, **F64), theirs(D, H, **options, **F64)
    other.load_state_dict(layer.state_dict())
    packed = packed_of(lengths)
    for a, b in zip(results(layer, packed), results(other, packed), strict=True):
        assert_exact(a, b)


def test_dropout_between_layers_is_torchs():
    """The same elements with the same seed."""
    layer, other = (kind(D, H, 3, dropout=0.5, **F64) for kind in (lv.nn.LSTM, nn.LSTM))
    other.load_state_dict(layer.state_dict())
    packed, outputs = packed_of(LENGTHS["unsorted"]), []
    for module in (layer, other):
        torch.manual_seed(3)
        outputs.append(module(packed)[0].data)
    assert_exact(*outputs)


def test_a_projection_of_packed_sequences():
    layer = lv.nn.PeepholeLSTM(D, H, 2, proj_size=2, bidirectional=True, **F64)
    packed = packed_of(LENGTHS["unsorted"])
    found = results(layer, packed)
    layer.backend = "reference"
    for a, b in zip(found, results(layer, packed), strict=True):
        assert_exact(a, b)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("threads", [1, 2])
def test_each_sequence_is_that_of_a_batch_of_one(dtype, threads):
    layer, packed = lv.nn.PeepholeLSTM(D, 40, dtype=dtype), packed_of(LENGTHS["unsorted"], dtype)
    tolerance = {"rtol": 2 * torch.finfo(dtype).eps, "atol": torch.finfo(dtype).eps}
    with use_threads(threads), torch.no_grad():
        output, (h_n, _) = layer(packed)
        for k, sequence in enumerate(nn.utils.rnn.unpack_sequence(packed)):
            alone, (h, _) = layer(sequence)
            got = nn.utils.rnn.unpack_sequence(output)[k]
            torch.testing.assert_close(got, alone, **tolerance)
            torch.testing.assert_close(h_n[:, k], h, **tolerance)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "IndRNN"])
def test_derivatives_that_kernels_do_not_have(name):
    """Second ones, and several gradients at once."""
    layer, packed = VARIANTS[name].layer(D, H, **F64), packed_of([3, 1, 2])

    def output(data):
        return layer(packed._replace(data=data))[0].data

    torch.autograd.gradcheck(output, packed.data)
    torch.autograd.gradgradcheck(output, packed.data)
    rows = torch.randn(2, *output(packed.data).shape, **F64)
    many = torch.autograd.grad(output(packed.data), packed.data, rows, is_grads_batched=True)[0]
    for row, got in zip(rows, many, strict=True):
        assert_exact(got, torch.autograd.grad(output(packed.data), packed.data, row)[0])


def test_batch_sizes_that_change_before_the_gradient():
    layer, packed = lv.nn.GRU(D, H, **F64), packed_of([4, 2, 2])
    expected = torch.autograd.grad(layer(packed)[0].data.sum(), packed.data)[0]
    changed = packed._replace(batch_sizes=packed.batch_sizes.clone())
    total = layer(changed)[0].data.sum()
    changed.batch_sizes.zero_()
    assert torch.equal(torch.autograd.grad(total, packed.data)[0], expected)


@pytest.mark.parametrize("option", [{"recurrent_dropout": 0.5}, {"zoneout": 0.2}], ids=str)
def test_masks_have_the_padded_form(option, monkeypatch):
    layer, packed = lv.nn.LSTM(D, H, **option, **F64).eval(), packed_of(LENGTHS["unsorted"])
    shapes = shapes_of_calls(monkeypatch)
    layer(packed)
    assert all(len(shape) == 3 for shape in shapes)


def test_what_observes_a_layer_has_the_padded_form(capsys):
    layer, packed = lv.nn.LSTM(D, H, **F64), packed_of(LENGTHS["unsorted"])
    [steps] = lv.trace(layer, packed)
    assert steps["h"].shape == (7, 5, H)
    lv.explain(layer, packed)
    assert "T=7 B=5 D=3 H=5 with lengths" in capsys.readouterr().out


@pytest.mark.parametrize("batch_sizes", [torch.tensor([1, 2]), torch.tensor([2, 2])], ids=str)
def test_batch_sizes_that_do_not_fit_are_an_error(batch_sizes):
    """The library would read past the end."""
    with pytest.raises((ValueError, RuntimeError)):
        lv.nn.LSTM(D, H)(PackedSequence(torch.zeros(3, D), batch_sizes))
