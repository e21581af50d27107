"""NumPy loops written from the papers, in float64, one sequence at a time.

They import nothing of the package and share nothing with it, not even a layout: a wrong gate order
or a transposed matrix shows up as a difference.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn

Array = np.ndarray[Any, Any]
Gates = Mapping[str, Array]
Parameters = Mapping[str, Array]


def sigmoid(a: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * a))


def lstm(
    x: Array,
    w_ih: Gates,
    w_hh: Gates,
    b: Gates,
    *,
    peephole: Gates | None = None,
    looks_at: str = "current",
) -> tuple[Array, Array]:
    """Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000.

    x: [T, D]. w_ih, w_hh: gate -> matrix [H, D], [H, H]; b: gate -> [H]; peephole: gate -> [H].
    """
    H = w_hh["i"].shape[0]
    p = peephole or dict.fromkeys("ifo", np.zeros(H))
    h, c = np.zeros(H), np.zeros(H)
    hs, cs = [], []
    for x_t in x:
        a = {k: w_ih[k] @ x_t + w_hh[k] @ h + b[k] for k in "ifgo"}
        i = sigmoid(a["i"] + p["i"] * c)
        f = sigmoid(a["f"] + p["f"] * c)
        c_new = f * c + i * np.tanh(a["g"])
        o = sigmoid(a["o"] + p["o"] * (c_new if looks_at == "current" else c))
        c = c_new
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
    return np.array(hs).reshape(len(x), H), np.array(cs).reshape(len(x), H)


def gru(x: Array, w_ih: Gates, w_hh: Gates, b_ih: Gates, b_hh: Gates) -> Array:
    """Cho et al. 2014, version 1: the reset gate acts on the recurrent product."""
    H = w_hh["r"].shape[0]
    h = np.zeros(H)
    hs = []
    for x_t in x:
        a = {k: w_ih[k] @ x_t + b_ih[k] for k in "rzn"}
        u = {k: w_hh[k] @ h + b_hh[k] for k in "rzn"}
        r = sigmoid(a["r"] + u["r"])
        z = sigmoid(a["z"] + u["z"])
        h = (1 - z) * np.tanh(a["n"] + r * u["n"]) + z * h
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def blocks(matrix: Array, gates: str) -> Gates:
    """Row blocks of a weight matrix, by gate."""
    return dict(zip(gates, np.split(matrix, len(gates)), strict=True))


def torch_lstm(x: Array, p: Parameters, suffix: str = "l0") -> Array:
    """The LSTM of one direction from parameters named and laid out as in torch.nn.LSTM."""
    b = p[f"bias_ih_{suffix}"] + p[f"bias_hh_{suffix}"]
    return lstm(
        x,
        blocks(p[f"weight_ih_{suffix}"], "ifgo"),
        blocks(p[f"weight_hh_{suffix}"], "ifgo"),
        blocks(b, "ifgo"),
    )[0]


def standard_lstm(x: Array, p: Parameters) -> Array:
    return torch_lstm(x, {k.removeprefix("lstm."): v for k, v in p.items()})


def bilstm(x: Array, p: Parameters) -> Array:
    p = {k.removeprefix("bilstm."): v for k, v in p.items()}
    return np.concatenate([torch_lstm(x, p), torch_lstm(x[::-1], p, "l0_reverse")[::-1]], axis=1)


def notebook_gru(x: Array, p: Parameters) -> Array:
    by_gate = {k.removeprefix("gru."): blocks(v, "rzn") for k, v in p.items()}
    return gru(x, *(by_gate[f"{k}_l0"] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")))


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


def model_output(model: nn.Module, x: Tensor) -> Array:
    """What a model of the notebook should return for a batch `x` [B, T, D]: [B, T, H] or 2H."""
    p = {name: float64(parameter) for name, parameter in model.named_parameters()}
    return np.stack([MODELS[type(model).__name__](sequence, p) for sequence in float64(x)])


def float64(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy().astype(np.float64)
    return array
