"""Floating-point operations, as torch counts them."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import lstm_variants
from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import needs_kernels
from tests.layers import random_hx, states_of

T, B, D, H, P = 5, 3, 6, 8, 4


def counted(layer, x, hx):
    """Operations of the forward pass and of the backward pass."""
    found = []
    with FlopCounterMode(display=False) as counter:
        output, _ = layer(x, hx)
    found.append(counter.get_total_flops())
    with FlopCounterMode(display=False) as counter:
        output.sum().backward()
    return *found, counter.get_total_flops()


@pytest.mark.parametrize("of_x", [False, True], ids=["", "x"])
@pytest.mark.parametrize("of_hx", [False, True], ids=["", "hx"])
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
@pytest.mark.parametrize("name", ["GRU", "RNN", "LSTM"])
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")
def test_as_many_operations_as_in_torch(name, options, of_x, of_hx):
    # On the CPU torch counts those of an LSTM with a projection alone.
    options = options | ({"proj_size": P} if name == "LSTM" else {})
    layers = [getattr(module, name)(D, H, **options) for module in (torch.nn, lstm_variants.nn)]
    x = torch.randn(T, B, D, requires_grad=of_x)
    hx = random_hx(layers[1], B, dtype=torch.float32)
    for state in states_of(hx):
        state.requires_grad_(of_hx)
    theirs, ours = (counted(layer, x, hx) for layer in layers)
    assert ours == theirs
    assert min(ours) > 0


@needs_kernels
@pytest.mark.parametrize("name", [name for name, v in VARIANTS.items() if kernel_of(v.cell)])
def test_as_many_operations_as_in_the_equations(name):
    layers = [VARIANTS[name].layer(D, H, backend=backend) for backend in ("cpu", "reference")]
    x = torch.randn(T, B, D, requires_grad=True)
    hx = random_hx(layers[0], B, dtype=torch.float32)
    for state in states_of(hx):
        state.requires_grad_()
    ours, theirs = (counted(layer, x, hx) for layer in layers)
    assert ours == theirs


@needs_kernels
def test_no_steps_are_no_operations():
    layer = lstm_variants.nn.GRU(D, H, backend="cpu")
    x = torch.randn(0, B, D, requires_grad=True)
    assert counted(layer, x, torch.zeros(1, B, H)) == (0, 0)
