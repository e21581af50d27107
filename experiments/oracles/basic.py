"""LSTM with its ablations, GRU and Elman's network."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Gates = Mapping[str, Array]
Parameters = Mapping[str, Array]


def sigmoid(a: Array) -> Array:
    """The logistic function."""
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


def ablated_lstm(x: Array, p: Parameters, ablation: str) -> Array:
    """Greff et al. 2017: the vanilla LSTM (with peepholes) and its eight ablations, by name.

    Parameters as in torch.nn.LSTM; the blocks of gates that are gone are left out.
    """
    gone = {"NIG": "i", "NFG": "f", "NOG": "o", "CIFG": "f"}.get(ablation, "")
    blocks_left = "ifgo".replace(gone, "") if gone else "ifgo"
    peephole_blocks = blocks_left.replace("g", "")
    W, R = blocks(p["weight_ih"], blocks_left), blocks(p["weight_hh"], blocks_left)
    H = R["g"].shape[1]
    zero = np.zeros(len(blocks_left) * H)
    b = blocks(p.get("bias_ih", zero) + p.get("bias_hh", zero), blocks_left)
    peep = {} if ablation == "NP" else blocks(p["weight_ch"], peephole_blocks)
    y, c = np.zeros(H), np.zeros(H)
    gates = {"i": np.zeros(H), "f": np.zeros(H), "o": np.zeros(H)}
    ys = []
    for x_t in x:
        net = {k: W[k] @ x_t + R[k] @ y + b[k] for k in blocks_left}
        if ablation == "FGR":
            for row, k in enumerate("ifo"):
                for column, source in enumerate("ifo"):
                    block = p["weight_gh"][row * H : (row + 1) * H, column * H : (column + 1) * H]
                    net[k] = net[k] + block @ gates[source]
        block_input = net["g"] if ablation == "NIAF" else np.tanh(net["g"])
        i = np.ones(H) if ablation == "NIG" else sigmoid(net["i"] + peep.get("i", 0) * c)
        if ablation == "CIFG":
            f = 1 - i
        elif ablation == "NFG":
            f = np.ones(H)
        else:
            f = sigmoid(net["f"] + peep.get("f", 0) * c)
        c = block_input * i + c * f
        o = np.ones(H) if ablation == "NOG" else sigmoid(net["o"] + peep.get("o", 0) * c)
        y = (c if ablation == "NOAF" else np.tanh(c)) * o
        gates = {"i": i, "f": f, "o": o}
        ys.append(y)
    return np.array(ys).reshape(len(x), H)


def coupled_lstm(x: Array, p: Parameters) -> Array:
    """CIFG without peepholes: as an ablation whose peepholes are zero."""
    H = p["weight_hh"].shape[1]
    return ablated_lstm(x, {**p, "weight_ch": np.zeros(2 * H)}, "CIFG")


def elman(x: Array, p: Parameters) -> Array:
    """Elman 1990, with tanh."""
    H = p["weight_hh"].shape[0]
    b = p.get("bias_ih", np.zeros(H)) + p.get("bias_hh", np.zeros(H))
    h = np.zeros(H)
    hs = []
    for x_t in x:
        h = np.tanh(p["weight_ih"] @ x_t + p["weight_hh"] @ h + b)
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def gru(
    x: Array, w_ih: Gates, w_hh: Gates, b_ih: Gates, b_hh: Gates, *, reset: str = "after"
) -> Array:
    """Cho et al. 2014, version 1: the reset gate acts on the recurrent product.

    With reset="before", Chung et al. 2014: it acts on what is multiplied.
    """
    H = w_hh["r"].shape[0]
    h = np.zeros(H)
    hs = []
    for x_t in x:
        a = {k: w_ih[k] @ x_t + b_ih[k] for k in "rzn"}
        u = {k: w_hh[k] @ h + b_hh[k] for k in "rzn"}
        r = sigmoid(a["r"] + u["r"])
        z = sigmoid(a["z"] + u["z"])
        recurrent = r * u["n"] if reset == "after" else w_hh["n"] @ (r * h) + b_hh["n"]
        h = (1 - z) * np.tanh(a["n"] + recurrent) + z * h
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def blocks(matrix: Array, gates: str) -> Gates:
    """Row blocks of a weight matrix, by gate."""
    return dict(zip(gates, np.split(matrix, len(gates)), strict=True))


def lstm_layer(x: Array, p: Parameters, **peepholes: str) -> Array:
    """An LSTM from parameters named and laid out as in torch.nn.LSTM."""
    H = p["weight_hh"].shape[1]
    b = p.get("bias_ih", np.zeros(4 * H)) + p.get("bias_hh", np.zeros(4 * H))
    return lstm(
        x,
        blocks(p["weight_ih"], "ifgo"),
        blocks(p["weight_hh"], "ifgo"),
        blocks(b, "ifgo"),
        peephole=blocks(p["weight_ch"], "ifo") if "weight_ch" in p else None,
        **peepholes,
    )[0]


def gru_layer(x: Array, p: Parameters, reset: str = "after") -> Array:
    """A GRU from parameters named and laid out as in torch.nn.GRU."""
    zero = np.zeros(p["weight_hh"].shape[0])
    return gru(
        x,
        blocks(p["weight_ih"], "rzn"),
        blocks(p["weight_hh"], "rzn"),
        blocks(p.get("bias_ih", zero), "rzn"),
        blocks(p.get("bias_hh", zero), "rzn"),
        reset=reset,
    )
