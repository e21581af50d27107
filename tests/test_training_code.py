"""What existing training code does with torch.nn's layers works with these."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from lstm_variants import nn
from tests.layers import OURS, TWINS, states_of

every_layer = pytest.mark.parametrize("name", OURS)
every_twin = pytest.mark.parametrize("name", TWINS)


@every_layer
@pytest.mark.parametrize("settings", [{}, {"num_layers": 2}, {"bidirectional": True}], ids=str)
def test_states_can_be_detached_in_place(name, settings):
    """For backpropagation through time in chunks."""
    layer = OURS[name](3, 4, **settings)
    _, hx = layer(torch.randn(5, 2, 3))
    for state in states_of(hx):
        state.detach_()
        assert not state.requires_grad


@every_layer
def test_states_of_another_mode_can_be_written_to(name):
    """For a learned initial state where an episode has ended."""
    layer = OURS[name](3, 4)
    start = torch.zeros(4, requires_grad=True)
    with torch.no_grad():
        _, hx = layer(torch.randn(5, 2, 3))
    for state in states_of(hx):
        state[:, 0] = start
    layer(torch.randn(5, 2, 3), hx)[0].sum().backward()
    assert start.grad is not None


@every_layer
@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_without_steps_the_last_state_is_a_copy(name, backend):
    layer = OURS[name](3, 4, backend=backend)
    _, first = layer(torch.randn(2, 2, 3))
    kept = [state.clone() for state in states_of(first)]
    _, last = layer(torch.randn(0, 2, 3), first)
    for state in states_of(last):
        state.detach().add_(1)
    for state, before in zip(states_of(first), kept, strict=True):
        assert torch.equal(state, before)


@every_twin
@pytest.mark.parametrize("given", ["packed", "a tensor", "a list"])
def test_another_default_device(name, given):
    """Tensors that a layer makes are on the device of its input."""
    layer, x, lengths = OURS[name](3, 4), torch.randn(5, 2, 3), [3, 5]
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    in_a_tensor = torch.tensor(lengths)

    def output():
        if given == "packed":
            return layer(packed)[0].data
        return layer(x, lengths=lengths if given == "a list" else in_a_tensor)[0]

    expected = output()
    with torch.device("meta"):
        found = output()
    assert torch.equal(found, expected)


@every_layer
def test_a_layer_can_be_a_leaf_of_a_symbolic_trace(name):
    class Tracer(torch.fx.Tracer):
        def is_leaf_module(self, module, qualified_name):
            return isinstance(module, nn.Recurrent) or super().is_leaf_module(
                module, qualified_name
            )

    model = torch.nn.Sequential(OURS[name](3, 4))
    traced = torch.fx.GraphModule(model, Tracer().trace(model))
    x = torch.randn(5, 2, 3)
    assert torch.equal(traced(x)[0], model(x)[0])


@every_twin
def test_numbers_of_numpy(name):
    """Where torch takes them."""
    numbers = {"num_layers": np.int64(2), "dropout": np.float32(0.5)}
    ours, theirs = (kind(3, 4, **numbers) for kind in TWINS[name])
    assert repr(ours) == repr(theirs).replace("np.int64(2)", "2").replace("np.float32(0.5)", "0.5")
    if name == "LSTM":
        assert nn.LSTM(3, 4, proj_size=np.int64(2))(torch.randn(2, 1, 3))[0].shape == (2, 1, 2)


@every_twin
def test_another_dtype_on_a_device_without_autocast(name):
    for layer in (kind(3, 4, device="meta") for kind in TWINS[name]):
        with pytest.raises((ValueError, RuntimeError), match="type"):
            layer(torch.empty(2, 1, 3, dtype=torch.float64, device="meta"))
