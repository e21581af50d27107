"""Units with less than an LSTM or a GRU: fewer gates, or no recurrent matrix."""

import numpy as np

from experiments.oracles.basic import Array, Parameters, blocks, sigmoid
from experiments.oracles.extended import sum_of_biases


def lstm_1997(x: Array, p: Parameters) -> Array:
    """Hochreiter & Schmidhuber 1997, with tanh for both activation functions."""
    H = p["weight_hh"].shape[1]
    W, R = blocks(p["weight_ih"], "igo"), blocks(p["weight_hh"], "igo")
    b = blocks(sum_of_biases(p, 3 * H), "igo")
    h, c = np.zeros(H), np.zeros(H)
    hs = []
    for x_t in x:
        a = {k: W[k] @ x_t + R[k] @ h + b[k] for k in "igo"}
        c = c + sigmoid(a["i"]) * np.tanh(a["g"])
        h = sigmoid(a["o"]) * np.tanh(c)
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def mgu(x: Array, p: Parameters) -> Array:
    """Zhou et al. 2016."""
    H = p["weight_hh"].shape[1]
    W, R = blocks(p["weight_ih"], "fh"), blocks(p["weight_hh"], "fh")
    b = blocks(sum_of_biases(p, 2 * H), "fh")
    h = np.zeros(H)
    hs = []
    for x_t in x:
        f = sigmoid(W["f"] @ x_t + R["f"] @ h + b["f"])
        candidate = np.tanh(W["h"] @ x_t + R["h"] @ (f * h) + b["h"])
        h = (1 - f) * h + f * candidate
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def janet(x: Array, p: Parameters, beta: float = 1.0) -> Array:
    """Van der Westhuizen & Lasenby 2018."""
    H = p["weight_hh"].shape[1]
    U, V = blocks(p["weight_ih"], "fc"), blocks(p["weight_hh"], "fc")
    b = blocks(sum_of_biases(p, 2 * H), "fc")
    c = np.zeros(H)
    cs = []
    for x_t in x:
        s = U["f"] @ x_t + V["f"] @ c + b["f"]
        candidate = np.tanh(U["c"] @ x_t + V["c"] @ c + b["c"])
        c = sigmoid(s) * c + (1 - sigmoid(s - beta)) * candidate
        cs.append(c)
    return np.array(cs).reshape(len(x), H)


def indrnn(x: Array, p: Parameters, nonlinearity: str = "relu") -> Array:
    """Li et al. 2018."""
    H = len(p["weight_ih"])
    h = np.zeros(H)
    hs = []
    for x_t in x:
        a = p["weight_ih"] @ x_t + p["weight_hh"] * h + p.get("bias_ih", 0)
        h = np.tanh(a) if nonlinearity == "tanh" else np.maximum(a, 0)
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def mingru(x: Array, p: Parameters) -> Array:
    """Feng et al. 2024: the minGRU."""
    W = blocks(p["weight_ih"], "zh")
    H = len(W["z"])
    b = blocks(p.get("bias_ih", np.zeros(2 * H)), "zh")
    h = np.zeros(H)
    hs = []
    for x_t in x:
        z = sigmoid(W["z"] @ x_t + b["z"])
        h = (1 - z) * h + z * (W["h"] @ x_t + b["h"])
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def minlstm(x: Array, p: Parameters) -> Array:
    """Feng et al. 2024: the minLSTM."""
    W = blocks(p["weight_ih"], "fih")
    H = len(W["f"])
    b = blocks(p.get("bias_ih", np.zeros(3 * H)), "fih")
    h = np.zeros(H)
    hs = []
    for x_t in x:
        f, i = (sigmoid(W[k] @ x_t + b[k]) for k in "fi")
        h = f / (f + i) * h + i / (f + i) * (W["h"] @ x_t + b["h"])
        hs.append(h)
    return np.array(hs).reshape(len(x), H)
