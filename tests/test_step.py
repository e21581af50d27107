"""Layers one time step at a time, against the whole sequence."""

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from lstm_variants import VARIANTS, nn
from tests.layers import assert_same_states, random_hx, states_of
from tests.tolerances import assert_exact

T, B, D, H = 6, 3, 4, 5
F64 = {"dtype": torch.float64}
every_variant = pytest.mark.parametrize("name", VARIANTS)


def step_by_step(layer, steps, hx=None):
    """Outputs of all steps, and the state after the last one."""
    outputs = []
    for x_t in steps:
        output, hx = layer.step(x_t, hx)
        outputs.append(output)
    return torch.stack(outputs), hx


@every_variant
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "hx"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["time_first", "batch_first"])
def test_steps_are_the_sequence(name, given, batch_first):
    layer = VARIANTS[name].layer(
        D, H, num_layers=2, bidirectional=False, batch_first=batch_first, **F64
    )
    x = torch.randn(T, B, D, **F64, requires_grad=True)
    hx = random_hx(layer, B) if given else None
    output, last = step_by_step(layer, x, hx)
    expected, expected_last = layer(x.transpose(0, 1) if batch_first else x, hx)
    expected = expected.transpose(0, 1) if batch_first else expected
    assert_exact(output, expected)
    assert_same_states(last, expected_last)
    leaves, weights = [x, *layer.parameters()], torch.randn_like(output)
    for got, right in zip(
        torch.autograd.grad((output * weights).sum(), leaves, allow_unused=True),
        torch.autograd.grad((expected * weights).sum(), leaves, allow_unused=True),
        strict=True,
    ):
        assert_exact(got, right)


@every_variant
def test_a_sequence_without_a_batch(name):
    layer = VARIANTS[name].layer(D, H, bidirectional=False, batch_first=True, **F64)
    x = torch.randn(T, D, **F64)
    output, last = step_by_step(layer, x)
    expected, expected_last = layer(x)
    assert output.shape == (T, H)
    assert_exact(output, expected)
    assert_same_states(last, expected_last)


def test_a_projection():
    layer = nn.PeepholeLSTM(D, H, proj_size=2, **F64)
    x = torch.randn(T, B, D, **F64)
    output, last = step_by_step(layer, x)
    assert [state.shape[-1] for state in states_of(last)] == [2, H]
    assert_exact(output, layer(x)[0])


def test_hooks_see_steps():
    layer, seen = nn.GRU(D, H), []
    layer.register_forward_hook(lambda module, inputs, results: seen.append(results[0].shape))
    layer.step(torch.randn(B, D))
    assert seen == [(1, B, H)]


def test_a_compiled_step():
    layer = nn.SLSTM(D, H)
    step = torch.compile(layer.step, backend="eager", fullgraph=True)
    x_t = torch.randn(B, D)
    output, hx = step(x_t)
    again, _ = step(x_t, hx)
    assert_exact(torch.stack([output, again]), layer(torch.stack([x_t, x_t]))[0])


@pytest.mark.parametrize(
    ("options", "x_t", "error", "message"),
    [
        ({}, torch.zeros(T, B, D), ValueError, "GRU.step: Expected input to be 1D or 2D, got 3D"),
        ({}, torch.zeros(()), ValueError, "1D or 2D, got 0D"),
        ({}, torch.zeros(B, D + 1), RuntimeError, "Expected 4, got 5"),
        ({}, torch.zeros(B, D).double(), ValueError, "does not match weight dtype"),
        ({}, pack_sequence([torch.zeros(2, D)]), TypeError, "GRU.step expects a tensor"),
        ({"bidirectional": True}, torch.zeros(B, D), RuntimeError, "requires one direction"),
    ],
    ids=["3-D", "0-D", "size", "dtype", "packed", "bidirectional"],
)
def test_bad_steps(options, x_t, error, message):
    with pytest.raises(error, match=message):
        nn.GRU(D, H, **options).step(x_t)


def test_a_state_without_a_batch_is_refused():
    layer = nn.GRU(D, H)
    with pytest.raises(RuntimeError, match="For batched 3-D input, hx should also be 3-D"):
        layer.step(torch.zeros(B, D), torch.zeros(1, H))
