"""What torch.nn's recurrent layers do not do, and every variant here does."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence

from experiments import oracles
from lstm_variants import VARIANTS
from lstm_variants import nn as layers
from lstm_variants.models import StandardLSTM
from tests.layers import (
    PROJECTING,
    assert_same_states,
    conditioned,
    gradients,
    random_hx,
    states_of,
)
from tests.tolerances import assert_exact

F64 = {"dtype": torch.float64}
DTYPES = [torch.float32, torch.float64]

every_variant = pytest.mark.parametrize("name", VARIANTS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_backend = pytest.mark.parametrize("backend", ["auto", "reference"])
HALF = [torch.bfloat16, torch.float16]


def part(hx, where):
    """A sequence's part of a state, `[layers * directions, ...]`."""
    parts = tuple(s[:, where] for s in states_of(hx))
    return parts if len(parts) > 1 else parts[0]


def assert_each_sequence_alone(layer, x, lengths, hx):
    """A padded batch gives what each of its sequences gives alone, and zeros past the end."""
    output, last = layer(x, hx, lengths=torch.tensor(lengths))
    time_first = output.transpose(0, 1) if layer.batch_first else output
    sequences = x.transpose(0, 1) if layer.batch_first else x
    for b, length in enumerate(lengths):
        alone, alone_last = layer(sequences[:length, b], part(hx, b))
        assert_exact(time_first[:length, b], alone)
        assert not time_first[length:, b].any()
        assert_same_states(part(last, b), alone_last)


@every_variant
@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    lengths=st.lists(st.integers(0, 7), min_size=1, max_size=6),
    num_layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    batch_first=st.booleans(),
    bias=st.booleans(),
    sizes=st.tuples(st.integers(1, 5), st.integers(2, 6)),
)
@pytest.mark.costly
def test_lengths(name, lengths, num_layers, bidirectional, batch_first, bias, sizes):
    D, H = sizes
    options = {"bidirectional": bidirectional, "batch_first": batch_first, "bias": bias}
    layer = VARIANTS[name].layer(D, H, num_layers=num_layers, **options, **F64)
    T, B = max(lengths), len(lengths)
    x = torch.randn(*((B, T) if batch_first else (T, B)), D, **F64)
    assert_each_sequence_alone(layer, x, lengths, random_hx(layer, B))


@pytest.mark.parametrize("name", PROJECTING)
def test_lengths_with_a_projection(name):
    layer = VARIANTS[name].layer(3, 5, num_layers=2, bidirectional=True, proj_size=2, **F64)
    x = torch.randn(6, 4, 3, **F64)
    assert_each_sequence_alone(layer, x, [6, 0, 2, 5], random_hx(layer, 4))


@every_variant
@every_backend
def test_lengths_are_packing(name, backend):
    layer = VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True, backend=backend, **F64)
    x, lengths = torch.randn(6, 3, 3, **F64), torch.tensor([2, 6, 3])
    output, last = layer(x, lengths=lengths)
    packed, packed_last = layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
    assert_exact(packed.data, pack_padded_sequence(output, lengths, enforce_sorted=False).data)
    assert_same_states(packed_last, last)


@every_variant
@every_backend
def test_lengths_and_padding_in_gradients(name, backend):
    """NaN in the padding reaches no output and no gradient, and padding gets zero gradients."""
    layer = VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True, backend=backend, **F64)
    lengths = [5, 0, 2]
    clean = torch.randn(5, 3, 3, **F64)
    dirty = clean.clone()
    for b, length in enumerate(lengths):
        dirty[length:, b] = torch.nan
    found = []
    for x in (clean, dirty):
        x = x.requires_grad_()
        output, last = layer(x, lengths=torch.tensor(lengths))
        found.append((output, gradients(layer, (output, *states_of(last)), [x])))
    (output, grads), (dirty_output, dirty_grads) = found
    assert torch.equal(output, dirty_output)
    for a, b in zip(grads, dirty_grads, strict=True):
        assert torch.equal(a, b)
    for b, length in enumerate(lengths):
        assert not grads[0][length:, b].any()
        assert grads[0][:length, b].all()


@every_variant
@every_dtype
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
def test_no_steps_carry_the_state(name, dtype, bidirectional):
    """T = 0 and length 0, where torch raises."""
    layer = VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=bidirectional, dtype=dtype)
    width = 8 if bidirectional else 4
    for x, hx, lengths in (
        (torch.randn(0, 2, 3, dtype=dtype), random_hx(layer, 2, dtype=dtype), None),
        (torch.randn(0, 3, dtype=dtype), random_hx(layer, dtype=dtype), None),
        (torch.randn(5, 2, 3, dtype=dtype), random_hx(layer, 2, dtype=dtype), torch.tensor([0, 0])),
    ):
        output, last = layer(x, hx, lengths=lengths)
        assert output.shape == (*x.shape[:-1], width)
        assert not output.any()
        assert all(torch.equal(a, b) for a, b in zip(states_of(last), states_of(hx), strict=True))


@every_variant
@every_dtype
def test_empty_batches(name, dtype):
    layer = VARIANTS[name].layer(3, 4, num_layers=2, dtype=dtype)
    x = torch.randn(5, 0, 3, dtype=dtype, requires_grad=True)
    output, _ = layer(x)
    output.sum().backward()
    assert output.shape[:2] == x.shape[:2]
    assert x.grad.shape == x.shape
    assert all(p.grad is not None and not p.grad.any() for p in layer.parameters())


COUNTERS = [name for name in VARIANTS if "c" in VARIANTS[name].cell.state_type._fields]


def is_coupled(name):
    return getattr(VARIANTS[name].cell, "coupled", False)


def counter(name, dtype):
    """A layer whose gates are all open and whose candidate is 1: the memory counts steps."""
    layer = VARIANTS[name].layer(1, 1, bidirectional=False)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.bias_ih_l0.fill_(30)
        if is_coupled(name):  # f = 1 - i: an input gate in the middle counts halves
            layer.bias_ih_l0[0] = 0
        if not getattr(layer.cell, "input_activation", True):
            layer.bias_ih_l0[layer.cell.block_names.index("g")] = 1
    return layer.to(dtype)


@pytest.mark.parametrize("name", COUNTERS)
@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.costly
def test_half_precision_counts(name, dtype):
    """The cell state is kept in float32: 3000 steps of 1 make 3000, rounded once at the end."""
    layer = counter(name, dtype)
    output, (_, c_n, *_) = layer(torch.zeros(3000, 1, 1, dtype=dtype))
    expected = 1.0 if is_coupled(name) else 3000.0
    assert output.dtype == c_n.dtype == dtype
    assert c_n.item() == torch.tensor(expected, dtype=dtype).item()


@every_variant
@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_trains(name, dtype):
    layer = VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True, dtype=dtype)
    x = torch.randn(5, 2, 3, dtype=dtype, requires_grad=True)
    exact = VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True)
    exact.load_state_dict(layer.state_dict())
    output, last = layer(x, lengths=torch.tensor([5, 3]))
    expected, _ = exact(x.float(), lengths=torch.tensor([5, 3]))
    torch.testing.assert_close(output.float(), expected, rtol=0.05, atol=0.03)
    assert all(s.dtype == dtype for s in states_of(last))
    output.sum().backward()
    assert all(p.grad.dtype == dtype and p.grad.isfinite().all() for p in layer.parameters())


@every_variant
@every_dtype
@pytest.mark.parametrize("num_layers", [1, 2])
def test_layers_and_directions_are_the_oracle(name, dtype, num_layers):
    """Stacked layers in both directions, composed of the oracle in NumPy."""
    layer = conditioned(
        VARIANTS[name].layer(3, 5, num_layers=num_layers, bidirectional=True, dtype=dtype)
    )
    x = torch.randn(9, 2, 3, dtype=dtype)
    output, _ = layer(x)
    parameters = {k: oracles.float64(p) for k, p in layer.named_parameters()}
    for b in range(2):
        sequence = oracles.float64(x[:, b])
        for k in range(num_layers):
            sequence = oracles.both_directions(name, sequence, parameters, k)
        assert_exact(output[:, b], torch.from_numpy(sequence), dtype)


WRONG_STATES = {
    "bare": (torch.zeros(1, 2, 4), TypeError, r"tuple of 2 tensors \(h_0, c_0\), got one tensor"),
    "three": ((torch.zeros(1, 2, 4),) * 3, RuntimeError, r"\(h_0, c_0\), got 3 tensors"),
    "dtype": (
        (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4).double()),
        RuntimeError,
        r"c_0 \(hidden\[1\]\) to have the input's dtype torch.float32, got torch.float64",
    ),
    "device": (
        (torch.zeros(1, 2, 4, device="meta"), torch.zeros(1, 2, 4)),
        RuntimeError,
        r"input tensor at cpu and h_0 \(hidden\[0\]\) at meta: move it with h_0.to\('cpu'\)",
    ),
    "number": (5, TypeError, r"as a tuple \(h_0, c_0\), got int"),
    "none": ((torch.zeros(1, 2, 4), None), TypeError, "c_0 to be a tensor, got NoneType"),
}


@pytest.mark.parametrize("layer_type", [layers.LSTM, layers.PeepholeLSTM, layers.CoupledLSTM])
@pytest.mark.parametrize(("hx", "error", "message"), WRONG_STATES.values(), ids=list(WRONG_STATES))
def test_a_wrong_state_is_named(layer_type, hx, error, message):
    with pytest.raises(error, match=message):
        layer_type(3, 4)(torch.zeros(5, 2, 3), hx)


@pytest.mark.parametrize("layer_type", [layers.GRU, layers.RNN])
def test_a_pair_where_one_state_is_due_is_named(layer_type):
    h = torch.zeros(1, 2, 4)
    with pytest.raises(TypeError, match=r"expects hx as one tensor h_0, got tuple"):
        layer_type(3, 4)(torch.zeros(5, 2, 3), (h, h))


def test_lengths_with_a_packed_or_single_sequence_raise():
    layer = layers.LSTM(3, 4)
    with pytest.raises(ValueError, match="None for a packed sequence"):
        layer(pack_sequence([torch.zeros(2, 3)]), lengths=torch.tensor([2]))
    with pytest.raises(ValueError, match=r"shape \[1\], got \[2\]"):
        layer(torch.zeros(5, 3), lengths=torch.tensor([2, 3]))
    with pytest.raises(ValueError, match="from 0 to 5, the number of time steps"):
        layer(torch.zeros(5, 2, 3), lengths=torch.tensor([2, 6]))


def test_an_input_that_is_no_tensor_is_named():
    with pytest.raises(TypeError, match="expects a tensor or a packed sequence, got"):
        layers.PeepholeLSTM(3, 4)([[1.0, 2.0, 3.0]])


def test_a_nested_tensor_is_named_with_what_to_do():
    layer, lengths = layers.PeepholeLSTM(3, 4, batch_first=True), [5, 2]
    sequences = [torch.randn(length, 3) for length in lengths]
    nested = torch.nested.nested_tensor(sequences, layout=torch.jagged)
    with pytest.raises(TypeError, match=r"nested tensor. Pad it: .* lengths="):
        layer(nested)
    padded = torch.nested.to_padded_tensor(nested, 0.0)
    output, _ = layer(padded, lengths=torch.tensor(lengths))
    for got, sequence in zip(output, sequences, strict=True):
        torch.testing.assert_close(got[: len(sequence)], layer(sequence)[0])


@pytest.mark.parametrize("convert", [torch.Tensor.to_sparse, torch.Tensor.to_mkldnn])
def test_a_tensor_that_is_not_dense_is_named(convert):
    layer, message = layers.PeepholeLSTM(3, 4), r"should be a dense tensor, got layout .*to_dense"
    with pytest.raises(TypeError, match=rf"the input of PeepholeLSTM {message}"):
        layer(convert(torch.randn(5, 2, 3)))
    with pytest.raises(TypeError, match=rf"the input of PeepholeLSTM\.step {message}"):
        layer.step(convert(torch.randn(2, 3)))
    with pytest.raises(TypeError, match=rf"h_0 {message}"):
        layer(torch.randn(5, 2, 3), [convert(torch.zeros(1, 2, 4))] * 2)
    with pytest.raises(TypeError, match=rf"the input of StandardLSTM {message}"):
        StandardLSTM(3, 4)(convert(torch.randn(2, 5, 3)))


def test_input_on_another_device_than_the_parameters():
    message = "found input tensor at meta and parameter tensor at cpu"
    for layer in (layers.PeepholeLSTM(3, 4), layers.LSTM(3, 4, backend="reference")):
        with pytest.raises(RuntimeError, match=message):
            layer(torch.randn(5, 2, 3, device="meta"))
