"""What the suites of the layers share: the layers, torch's twins of some, and inputs."""

import torch
from torch import nn
from torch.func import functional_call

from lstm_variants import VARIANTS
from lstm_variants import nn as layers
from lstm_variants.kernels import dispatch
from lstm_variants.kernels.cpu.cells import kernel_of
from tests.cpu_kernels import MISSING
from tests.tolerances import assert_exact

TWINS = {"LSTM": (layers.LSTM, nn.LSTM), "GRU": (layers.GRU, nn.GRU), "RNN": (layers.RNN, nn.RNN)}
"""Layers that torch has too."""

OURS = {name: getattr(layers, name) for name in layers.__all__ if name not in ("Recurrent", "init")}
"""Every class of a layer."""

SHAPES = {
    "plain": {},
    "nobias": {"bias": False},
    "batchfirst": {"batch_first": True},
    "bidirectional": {"bidirectional": True},
    "stacked": {"num_layers": 3},
    "all": {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False},
}
"""Options of a layer."""

PROJECTING = [name for name in VARIANTS if VARIANTS[name].cell.projects]


def twins(name, *args, **kwargs):
    """Our layer and torch's, with the same parameters."""
    ours, theirs = (layer(*args, **kwargs) for layer in TWINS[name])
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def states_of(hx):
    """The tensors of a state, whether it is one or several."""
    return (hx,) if isinstance(hx, torch.Tensor) else tuple(hx)


def assert_same_states(got, expected):
    for a, b in zip(states_of(got), states_of(expected), strict=True):
        assert_exact(a, b)


def assert_same_layers(a, b):
    """Cell, options and parameters, bit for bit."""
    assert (a.cell, a.bidirectional, a.bias) == (b.cell, b.bidirectional, b.bias)
    for name, tensor in a.state_dict().items():
        assert torch.equal(tensor, b.state_dict()[name]), name


def conditioned(layer):
    """The layer with gains of layer normalisation at 0.1: at 1, rounding errors grow in each step.

    The first product with a hidden state of zero is divided by the square root of 1e-5.
    """
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith("gain_"):
                parameter.fill_(0.1)
    return layer


def as_state(name, tensor):
    """Random numbers as a field of a state: the normaliser of an sLSTM is 1 or more."""
    return tensor.abs() + 1 if name == "n" else tensor


def random_hx(layer, *batch, dtype=torch.float64):
    """A random initial state."""
    count = layer.num_layers * (1 + layer.bidirectional)
    sizes = dict.fromkeys(layer.cell.state_type._fields, layer.hidden_size)
    sizes["h"] = layer.proj_size or layer.hidden_size
    hx = tuple(
        as_state(name, torch.randn(count, *batch, size, dtype=dtype))
        for name, size in sizes.items()
    )
    return hx if len(hx) > 1 else hx[0]


def observed_call(layer, *inputs, **keywords):
    """The results of a layer, and what it called the backend with."""
    calls = []
    with dispatch.observed(lambda call, backend: calls.append((call, backend.name))):
        results = layer(*inputs, **keywords)
    return results, calls


def backend_of(layer):
    """The backend that computes a layer if `"auto"` has a choice and a call has masks."""
    return "reference" if MISSING or kernel_of(layer.cell) is None else "cpu"


def check_derivatives(layer, seed=0, **keywords):
    """First and second derivatives by finite differences, of three steps of two sequences."""
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def run(x, *values):
        torch.manual_seed(seed)
        given = dict(zip(names, values, strict=True))
        output, last = functional_call(layer, given, (x,), keywords)
        return output, *states_of(last)

    x = torch.randn(3, 2, layer.input_size, dtype=torch.float64)
    inputs = [tensor.detach().requires_grad_() for tensor in (x, *parameters)]
    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)


def gradients(layer, results, inputs, seed=0):
    """Gradients of a random weighing of results with respect to inputs and parameters."""
    generator = torch.Generator().manual_seed(seed)
    total = sum(
        (r * torch.randn(r.shape, generator=generator, dtype=torch.float64).to(r.dtype)).sum()
        for r in results
    )
    return torch.autograd.grad(total, [*inputs, *layer.parameters()], allow_unused=True)


def in_time_last(tensor):
    """As `x.permute(2, 0, 1)` of a `[B, D, T]` tensor lies in memory."""
    return tensor.movedim(0, -1).contiguous().movedim(-1, 0)


def every_second(tensor):
    """A view of every second number of a larger tensor."""
    return torch.stack([tensor, tensor + 1], dim=-1).flatten(-2)[..., ::2]


def negated(tensor):
    """A view that is stored with the opposite sign, as the imaginary part of a conjugate is."""
    return torch.complex(tensor, -tensor).conj().imag


def negated_in_order(tensor):
    """The same without gaps, as where there is one number."""
    return torch._neg_view(-tensor)


def shifted(tensor):
    """A view of storage that starts earlier."""
    return torch.cat([tensor.new_zeros(3), tensor.flatten()])[3:].view(tensor.shape)


strided = (in_time_last, every_second, negated, negated_in_order, shifted)
"""The same values with other strides, offsets and signs in memory."""
