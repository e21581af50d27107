"""Layers one time step at a time, against the whole sequence."""

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from lstm_variants import VARIANTS, nn
from tests.cpu_kernels import needs_kernels
from tests.layers import assert_same_states, observed_call, random_hx, states_of
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


def test_a_subclass_with_the_arguments_of_torch():
    class Own(nn.LSTM):
        def forward(self, x, hx=None):
            return super().forward(x, hx)

    output, (h, _) = Own(3, 4).step(torch.zeros(2, 3))
    assert torch.equal(output, h[0])


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


@needs_kernels
@every_variant
def test_which_backend_runs(name):
    """The same for one step as for several, with gradients and without."""
    layer = VARIANTS[name].layer(D, H)

    def backends(T, B, **keywords):
        return {chosen for _, chosen in observed_call(layer, torch.randn(T, B, D), **keywords)[1]}

    usual = backends(2, 1)
    assert backends(1, 1) == usual
    with torch.no_grad():
        assert backends(1, 1) == usual
    assert backends(1, 2, lengths=torch.tensor([0, 1])) == usual
    assert backends(1, 1, resets=torch.tensor([[True]])) == usual
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert backends(1, 1) == usual


@needs_kernels
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore:`torch.jit.trace:DeprecationWarning")
@pytest.mark.parametrize("name", ["GRU", "RNN"])
def test_a_jit_trace_of_one_step_takes_sequences(name):
    """The number of steps, on which the choice of a backend depends, is no part of the trace."""
    layer = VARIANTS[name].layer(D, H)
    traced = torch.jit.trace(layer, torch.randn(1, B, D))
    assert "lstm_variants::layer" in str(traced.inlined_graph)
    x = torch.randn(T, B, D)
    assert_exact(traced(x)[0], layer(x)[0])
