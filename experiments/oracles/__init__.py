"""NumPy loops written from the papers, in float64, one sequence at a time.

They import nothing of the package and share nothing with it, not even a layout: a wrong gate order
or a transposed matrix shows up as a difference.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from torch import Tensor, nn

from experiments.oracles.basic import (
    Array,
    Parameters,
    ablated_lstm,
    coupled_lstm,
    elman,
    gru_layer,
    lstm,
    lstm_layer,
)
from experiments.oracles.extended import layer_norm_lstm, multiplicative_lstm, slstm
from experiments.oracles.reduced import indrnn, janet, lstm_1997, mgu, mingru, minlstm

LAYERS: dict[str, Callable[..., Array]] = {
    "LSTM": lstm_layer,
    "PeepholeLSTM": partial(lstm_layer, looks_at="current"),
    "PeepholeLSTM-previous": partial(lstm_layer, looks_at="previous"),
    "GRU": gru_layer,
    "GRU-before": partial(gru_layer, reset="before"),
    "BiLSTM": lstm_layer,
    "CoupledLSTM": coupled_lstm,
    "RNN": elman,
    "LSTM-1997": lstm_1997,
    "LayerNormLSTM": layer_norm_lstm,
    "SLSTM": slstm,
    "MultiplicativeLSTM": multiplicative_lstm,
    "MGU": mgu,
    "JANET": janet,
    "IndRNN": indrnn,
    "MinGRU": mingru,
    "MinLSTM": minlstm,
    **{
        name: partial(ablated_lstm, ablation=name)
        for name in ("NIG", "NFG", "NOG", "NIAF", "NOAF", "NP", "CIFG", "FGR")
    },
}
"""One direction of each variant: `[T, D]`, parameters and some settings to `[T, H]`."""


def direction(p: Parameters, prefix: str, suffix: str) -> Parameters:
    """The parameters of one direction of a torch module inside a model, without their affixes."""
    return {
        name[len(prefix) : -len(suffix)]: value
        for name, value in p.items()
        if name.startswith(prefix) and name.endswith(suffix)
    }


def both_directions(name: str, x: Array, p: Parameters, layer: int) -> Array:
    """One layer of a bidirectional stack."""
    forward = LAYERS[name](x, direction(p, "", f"_l{layer}"))
    backward = LAYERS[name](x[::-1], direction(p, "", f"_l{layer}_reverse"))
    return np.concatenate([forward, backward[::-1]], axis=1)


def standard_lstm(x: Array, p: Parameters) -> Array:
    """The notebook's standard LSTM."""
    return lstm_layer(x, direction(p, "lstm.", "_l0"))


def bilstm(x: Array, p: Parameters) -> Array:
    """The notebook's LSTM in both directions."""
    forward = lstm_layer(x, direction(p, "bilstm.", "_l0"))
    backward = lstm_layer(x[::-1], direction(p, "bilstm.", "_l0_reverse"))
    return np.concatenate([forward, backward[::-1]], axis=1)


def notebook_gru(x: Array, p: Parameters) -> Array:
    """The notebook's GRU."""
    return gru_layer(x, direction(p, "gru.", "_l0"))


def notebook_peephole(x: Array, p: Parameters) -> Array:
    """The notebook's equations with the notebook's parameters: products from the right."""
    names = {"i": "i", "f": "f", "g": "c", "o": "o"}
    H = p["U_i"].shape[0]
    return lstm(
        x,
        {gate: p[f"W_{name}"].T for gate, name in names.items()},
        {gate: p[f"U_{name}"].T for gate, name in names.items()},
        dict.fromkeys("ifgo", np.zeros(H)),
        peephole={gate: p[f"C_{gate}"] for gate in "ifo"},
        looks_at="previous",
    )[0]


MODELS: dict[str, Callable[[Array, Parameters], Array]] = {
    "StandardLSTM": standard_lstm,
    "PeepholeLSTM": notebook_peephole,
    "GRU": notebook_gru,
    "BiLSTM": bilstm,
}
"""Each model of the notebook: `[T, D]` and its named parameters to `[T, H]` or `[T, 2H]`."""


def model_output(model: nn.Module, x: Tensor) -> Array:
    """What a model of the notebook should return for a batch `x`, `[B, T, D]`."""
    p = {name: float64(parameter) for name, parameter in model.named_parameters()}
    return np.stack([MODELS[type(model).__name__](sequence, p) for sequence in float64(x)])


def output(name: str, model: nn.Module, x: Tensor, **settings: str) -> Array:
    """What a module around a variant's layer should return for `x`, `[B, T, D]`."""
    named = {
        k.removeprefix("layer."): float64(parameter) for k, parameter in model.named_parameters()
    }
    if any(k.endswith("_reverse") for k in named):
        return np.stack([both_directions(name, sequence, named, 0) for sequence in float64(x)])
    p = direction(named, "", "_l0")
    return np.stack([LAYERS[name](sequence, p, **settings) for sequence in float64(x)])


def float64(tensor: Tensor) -> Array:
    """A tensor as an array of float64."""
    array: Array = tensor.detach().cpu().numpy().astype(np.float64)
    return array
