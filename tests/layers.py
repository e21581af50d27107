"""What the suites of the layers share: the layers, torch's twins of some, and inputs."""

import torch
from torch import nn

from lstm_variants import VARIANTS
from lstm_variants import nn as layers

TWINS = {"LSTM": (layers.LSTM, nn.LSTM), "GRU": (layers.GRU, nn.GRU), "RNN": (layers.RNN, nn.RNN)}
"""Layers that torch has too."""

OURS = {
    "PeepholeLSTM": layers.PeepholeLSTM,
    "CoupledLSTM": layers.CoupledLSTM,
    **{name: ours for name, (ours, _) in TWINS.items()},
}
"""Every class of a layer."""

PROJECTING = [name for name in VARIANTS if VARIANTS[name].cell.projects]


def twins(name, *args, **kwargs):
    """Our layer and torch's, with the same parameters."""
    ours, theirs = (layer(*args, **kwargs) for layer in TWINS[name])
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def states_of(hx):
    """The tensors of a state, whether it is one or several."""
    return (hx,) if isinstance(hx, torch.Tensor) else tuple(hx)


def random_hx(layer, *batch, dtype=torch.float64):
    """A random initial state."""
    count = layer.num_layers * (1 + layer.bidirectional)
    sizes = dict.fromkeys(layer.cell.state_type._fields, layer.hidden_size)
    sizes["h"] = layer.proj_size or layer.hidden_size
    hx = tuple(torch.randn(count, *batch, size, dtype=dtype) for size in sizes.values())
    return hx if len(hx) > 1 else hx[0]


def gradients(layer, results, inputs, seed=0):
    """Gradients of a random weighing of results with respect to inputs and parameters."""
    generator = torch.Generator().manual_seed(seed)
    total = sum(
        (r * torch.randn(r.shape, generator=generator, dtype=torch.float64).to(r.dtype)).sum()
        for r in results
    )
    return torch.autograd.grad(total, [*inputs, *layer.parameters()], allow_unused=True)
