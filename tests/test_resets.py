"""Resets within a sequence: each episode is a sequence of its own."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import grad, vmap
from torch.nn.utils.rnn import pack_sequence

from lstm_variants import VARIANTS, trace
from lstm_variants import nn as layers
from lstm_variants.kernels.cpu.cells import kernel_of
from tests.cpu_kernels import needs_kernels
from tests.layers import (
    OURS,
    TWINS,
    assert_same_states,
    check_derivatives,
    observed_call,
    random_hx,
    states_of,
    twins,
)
from tests.tolerances import assert_exact

F64 = {"dtype": torch.float64}
T, B, D, H = 7, 4, 3, 5
every_variant = pytest.mark.parametrize("name", VARIANTS)
every_backend = pytest.mark.parametrize("backend", ["auto", "reference"])
RESETS = torch.zeros(T, B, dtype=torch.bool)
for step, sequence in ((2, 0), (4, 0), (0, 1), (1, 1), (5, 1), (3, 3), (5, 3)):
    RESETS[step, sequence] = True
LENGTHS = torch.tensor([7, 6, 0, 4])


@every_backend
def test_a_reset_just_past_the_end_has_no_influence(backend):
    layer = layers.LSTM(D, H, bidirectional=True, backend=backend, **F64)
    x, hx, resets = torch.randn(T, 1, D, **F64), random_hx(layer, 1), torch.arange(T)[:, None] == 3
    found, expected = (layer(x, hx, lengths=torch.tensor([3]), resets=r) for r in (resets, None))
    torch.testing.assert_close(found, expected)  # they may run on other backends


def start_of(layer):
    """The start value of a state, for one sequence."""
    like = torch.zeros(1, 0, dtype=torch.float64)
    return layer.cell.initial_state(like, layer.hidden_size, layer.proj_size)


def episodes(layer, x, hx, resets, length):
    """One sequence `[T, D]`, each of its episodes by a call of its own.

    The first episode starts from the state that was given, if there is no reset at its first step;
    in the other direction, the last one does.
    """
    n = 1 + layer.bidirectional
    starts = [0, *(t for t in range(1, length) if resets[t])]
    outputs, last = [], [[None] * len(states_of(hx)) for _ in range(n)]
    for k, begin in enumerate(starts):
        end = starts[k + 1] if k + 1 < len(starts) else length
        first = []
        for field, start in zip(states_of(hx), start_of(layer), strict=True):
            state = start.expand(len(field), -1).clone()
            if k == 0 and not resets[0]:
                state[0::n] = field[0::n]
            if layer.bidirectional and k == len(starts) - 1:
                state[1::n] = field[1::n]
            first.append(state)
        output, after = layer(x[begin:end], tuple(first) if len(first) > 1 else first[0])
        outputs.append(output)
        for direction in range(n):
            if k == (len(starts) - 1, 0)[direction]:
                last[direction] = [field[direction::n] for field in states_of(after)]
    fields = [torch.stack(parts, dim=1).flatten(0, 1) for parts in zip(*last, strict=True)]
    return torch.cat(outputs), fields


def by_hand(layer, x, hx, resets, lengths):
    """The output and the last states, sequence by sequence and episode by episode."""
    outputs, states = [], []
    for b, length in enumerate(lengths.tolist()):
        one = tuple(field[:, b] for field in states_of(hx))
        if length:
            output, last = episodes(layer, x[:, b], one, resets[:, b], length)
        else:
            output, last = x.new_zeros(0, layer(x[:1, b])[0].shape[-1]), one
        outputs.append(torch.cat([output, output.new_zeros(len(x) - length, output.shape[-1])]))
        states.append(last)
    return torch.stack(outputs, 1), [torch.stack(f, 1) for f in zip(*states, strict=True)]


def gradients(results, leaves):
    torch.manual_seed(1)
    total = sum((r * torch.randn_like(r)).sum() for r in results)
    found = torch.autograd.grad(total, leaves, allow_unused=True)
    return [torch.zeros_like(t) if g is None else g for t, g in zip(leaves, found, strict=True)]


def with_gradients(layer, B):
    x = torch.randn(T, B, D, **F64, requires_grad=True)
    hx = random_hx(layer, B)
    return x, hx, [x, *(s.requires_grad_() for s in states_of(hx)), *layer.parameters()]


@every_variant
@every_backend
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
def test_episodes_are_sequences_of_their_own(name, backend, bidirectional):
    """Outputs, states and every gradient, with padding and a given state, in stacked layers."""
    options = {"num_layers": 2, "bidirectional": bidirectional, **F64}
    layer = VARIANTS[name].layer(D, H, backend=backend, **options)
    x, hx, leaves = with_gradients(layer, B)
    output, last = layer(x, hx, lengths=LENGTHS, resets=RESETS)
    expected, expected_last = by_hand(layer, x, hx, RESETS, LENGTHS)
    assert_exact(output, expected)
    assert_same_states(last, expected_last)
    for got, right in zip(
        gradients([output, *states_of(last)], leaves),
        gradients([expected, *expected_last], leaves),
        strict=True,
    ):
        assert_exact(got, right)


@pytest.mark.parametrize("name", TWINS)
def test_episodes_are_those_of_torch(name):
    """Each by a call of torch's own layer."""
    ours, theirs = twins(name, D, H, bidirectional=True, **F64)
    x = torch.randn(T, D, **F64)
    resets = torch.tensor([False, False, True, False, False, True, True])
    output, last = ours(x, resets=resets)
    parts = [theirs(part) for part in (x[:2], x[2:5], x[5:6], x[6:])]
    assert_exact(output, torch.cat([part for part, _ in parts]))
    for got, first, final in zip(
        states_of(last), states_of(parts[0][1]), states_of(parts[-1][1]), strict=True
    ):
        assert_exact(got, torch.stack([final[0], first[1]]))


@every_variant
@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    resets=st.lists(st.booleans(), min_size=1, max_size=8),
    bidirectional=st.booleans(),
    bias=st.booleans(),
)
@pytest.mark.costly
def test_any_resets(name, resets, bidirectional, bias):
    layer = VARIANTS[name].layer(2, 3, bidirectional=bidirectional, bias=bias, **F64)
    x, hx = torch.randn(len(resets), 2, **F64), random_hx(layer)
    output, last = layer(x, hx, resets=torch.tensor(resets))
    expected, expected_last = episodes(layer, x, hx, resets, len(resets))
    assert_exact(output, expected)
    assert_same_states(last, expected_last)


@every_variant
@every_backend
def test_what_was_before_a_reset_has_no_influence(name, backend):
    """Not even NaN: in the state that is given, and in an earlier episode."""
    layer = VARIANTS[name].layer(D, H, bidirectional=False, backend=backend, **F64)
    x, resets = torch.randn(T, 1, D, **F64), torch.zeros(T, 1, dtype=torch.bool)
    resets[3] = True
    hx = random_hx(layer, 1)
    expected, expected_last = layer(x, hx, resets=resets)
    x[1] = torch.nan
    output, last = layer(x, hx, resets=resets)
    assert output[1:3].isnan().all()
    assert torch.equal(output[3:], expected[3:])
    assert_same_states(last, expected_last)
    x = x.nan_to_num().requires_grad_()
    output, _ = layer(x, hx, resets=resets)
    (found,) = torch.autograd.grad(output[3:].sum(), x)
    assert not found[:3].any()
    assert found[3:].all()


@every_variant
@pytest.mark.costly
def test_second_derivatives(name):
    layer = VARIANTS[name].layer(2, 2, bidirectional=True, **F64)
    resets, lengths = torch.tensor([[0, 1], [1, 0], [0, 0]]).bool(), torch.tensor([3, 2])
    check_derivatives(layer, lengths=lengths, resets=resets)


@every_variant
def test_transforms(name):
    """Resets of each sample, under vmap and under vmap of grad."""
    layer = VARIANTS[name].layer(D, H, bidirectional=True, **F64)
    x, resets = torch.randn(3, T, B, D, **F64), torch.rand(3, T, B) < 0.3

    def loss(x, resets):
        return layer(x, resets=resets)[0].square().sum()

    assert_exact(vmap(loss)(x, resets), torch.stack(list(map(loss, x, resets))))
    found = vmap(grad(loss))(x, resets)
    assert_exact(found, torch.stack(list(map(grad(loss), x, resets))))
    one = vmap(loss, in_dims=(0, None))(x, resets[0])
    assert_exact(one, torch.stack([loss(sample, resets[0]) for sample in x]))


@needs_kernels
@every_variant
@pytest.mark.costly
@pytest.mark.usefixtures("fresh_compiler")
def test_compiled_and_exported(name):
    layer = VARIANTS[name].layer(D, H, num_layers=2)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True, dynamic=True)
    for steps, sequences in ((5, 2), (9, 3)):
        x, resets = torch.randn(steps, sequences, D), torch.rand(steps, sequences) < 0.3
        assert_exact(compiled(x, resets=resets)[0], layer(x, resets=resets)[0], torch.float32)
    torch.compiler.reset()
    if kernel_of(VARIANTS[name].cell) is None:
        return  # a loop, whose number of steps is fixed
    t, b = (torch.export.Dim(letter, min=2, max=100) for letter in "TB")
    sizes = {"input": {0: t, 1: b}, "resets": {0: t, 1: b}, "hx": None, "lengths": None}
    keywords = {"resets": resets, "hx": None, "lengths": None}
    program = torch.export.export(layer, (x,), keywords, dynamic_shapes=sizes)
    x, resets = torch.randn(12, 5, D), torch.rand(12, 5) < 0.3
    found = program.module()(x, resets=resets, hx=None, lengths=None)
    assert_exact(found[0], layer(x, resets=resets)[0], torch.float32)


@every_variant
def test_batch_first(name):
    layer = VARIANTS[name].layer(D, H, **F64)
    x = torch.randn(T, B, D, **F64)
    output, last = layer(x, lengths=LENGTHS, resets=RESETS)
    layer.batch_first = True
    turned, turned_last = layer(x.transpose(0, 1), lengths=LENGTHS, resets=RESETS.t())
    assert_exact(turned.transpose(0, 1), output)
    assert_same_states(turned_last, last)


@every_variant
def test_steps_with_resets(name):
    """An agent that acts: some environments start anew at every step."""
    layer = VARIANTS[name].layer(D, H, num_layers=2, bidirectional=False, **F64)
    x, hx, outputs = torch.randn(T, B, D, **F64), random_hx(layer, B), []
    expected, expected_last = layer(x, hx, resets=RESETS)
    for x_t, resets in zip(x, RESETS, strict=True):
        output, hx = layer.step(x_t, hx, resets=resets)
        outputs.append(output)
    assert_exact(torch.stack(outputs), expected)
    assert_same_states(hx, expected_last)
    alone, _ = layer.step(x[0, 0], random_hx(layer), resets=torch.tensor(True))
    assert_exact(alone, layer(x[:1, 0])[0][0])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@every_variant
def test_half_precision(name, dtype):
    layer = VARIANTS[name].layer(D, H, dtype=dtype, backend="reference")
    x = torch.randn(T, D).to(dtype)
    output, _ = layer(x, resets=torch.arange(T) == 3)
    assert torch.equal(output, torch.cat([layer(x[:3])[0], layer(x[3:])[0]]))


@every_variant
def test_traced_steps(name):
    layer = VARIANTS[name].layer(D, H, **F64)
    x = torch.randn(T, D, **F64)
    whole = trace(layer, x, resets=torch.arange(T) == 3)
    parts = trace(layer, x[:3]), trace(layer, x[3:])
    for direction, steps in enumerate(whole):
        for letter, values in steps.items():
            assert_exact(values, torch.cat([part[direction][letter] for part in parts]))


@pytest.mark.parametrize("name", OURS)
def test_resets_do_not_change_the_backend(name):
    """But for torch's own kernels, which have none."""
    layer, x = OURS[name](D, H), torch.randn(T, B, D)
    _, [(_, plain)] = observed_call(layer, x)
    _, [(_, with_resets)] = observed_call(layer, x, resets=RESETS)
    assert plain in (with_resets, "torch")


def test_resets_may_change_after_the_call():
    """The backward pass sees those of the forward pass."""
    layer, found = layers.LSTM(D, H, **F64), []
    x = torch.randn(T, B, D, **F64, requires_grad=True)
    for change in (False, True):
        resets = RESETS.clone()
        output, _ = layer(x, resets=resets)
        if change:
            resets.fill_(True)
        found.append(torch.autograd.grad(output.sum(), x)[0])
    assert torch.equal(*found)


WRONG = {
    "numbers": (torch.zeros(T, B), TypeError, "dtype torch.bool .*, got torch.float32"),
    "a list": ([[True] * B] * T, TypeError, "dtype torch.bool .*, got list"),
    "turned": (RESETS.t(), ValueError, r"shape \[7, 4\], got \[4, 7\]"),
    "of a step": (RESETS[0], ValueError, r"shape \[7, 4\], got \[4\]"),
}


WRONG_OF_A_STEP = {
    "a flag": (True, TypeError, "dtype torch.bool .*, got bool"),
    "bytes": (
        torch.zeros(B, dtype=torch.uint8),
        TypeError,
        r"dtype=torch.bool\)\), got torch.uint8",
    ),
    "too few": (torch.zeros(2).bool(), ValueError, r"shape \[4\], got \[2\]"),
    "one": (torch.tensor(True), ValueError, r"shape \[4\], got \[\]"),
}


@pytest.mark.parametrize(
    ("resets", "error", "message"), WRONG_OF_A_STEP.values(), ids=list(WRONG_OF_A_STEP)
)
@pytest.mark.parametrize("batch_first", [False, True], ids=["time_first", "batch_first"])
def test_wrong_resets_of_a_step(resets, error, message, batch_first):
    with pytest.raises(error, match=message):
        layers.LSTM(D, H, batch_first=batch_first).step(torch.zeros(B, D), resets=resets)


@pytest.mark.parametrize(("resets", "error", "message"), WRONG.values(), ids=list(WRONG))
def test_wrong_resets(resets, error, message):
    with pytest.raises(error, match=message):
        layers.LSTM(D, H)(torch.zeros(T, B, D), resets=resets)


def test_resets_with_a_packed_sequence_raise():
    with pytest.raises(ValueError, match="padded batch and lengths instead"):
        layers.GRU(D, H)(pack_sequence([torch.zeros(2, D)]), resets=torch.zeros(2, 1).bool())


def test_a_network_that_replays_episodes():
    """As in reinforcement learning: a module passes them on."""

    class Agent(nn.Module):
        def __init__(self):
            super().__init__()
            self.memory, self.policy = layers.GRU(D, H), nn.Linear(H, 2)

        def forward(self, x, done):
            resets = torch.cat([torch.zeros_like(done[:1]), done[:-1]])
            return self.policy(self.memory(x, resets=resets)[0])

    agent, x = Agent(), torch.randn(T, B, D)
    done = torch.zeros(T, B, dtype=torch.bool)
    done[2] = True
    expected = torch.cat([agent(x[:3], done[:3]), agent(x[3:], done[3:])])
    torch.testing.assert_close(agent(x, done), expected)
