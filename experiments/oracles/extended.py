"""LSTMs with something more: normalisation, exponential gates, a product of input and state."""

import numpy as np

from experiments.oracles.basic import Array, Parameters, blocks, sigmoid


def sum_of_biases(p: Parameters, size: int) -> Array:
    """Both biases, zero where they are missing."""
    zero = np.zeros(size)
    total: Array = p.get("bias_ih", zero) + p.get("bias_hh", zero)
    return total


def layer_norm_lstm(x: Array, p: Parameters) -> Array:
    """Ba, Kiros & Hinton 2016: one mean and one deviation for all gates of a product."""
    H = p["weight_hh"].shape[1]

    def normalised(v: Array) -> Array:
        deviation: Array = (v - v.mean()) / np.sqrt(np.mean((v - v.mean()) ** 2) + 1e-5)
        return deviation

    b, bias_c = sum_of_biases(p, 4 * H), p.get("bias_c", np.zeros(H))
    h, c = np.zeros(H), np.zeros(H)
    hs = []
    for x_t in x:
        from_input = p["gain_ih"] * normalised(p["weight_ih"] @ x_t)
        from_state = p["gain_hh"] * normalised(p["weight_hh"] @ h)
        a = blocks(from_input + from_state + b, "ifgo")
        c = sigmoid(a["f"]) * c + sigmoid(a["i"]) * np.tanh(a["g"])
        h = sigmoid(a["o"]) * np.tanh(p["gain_c"] * normalised(c) + bias_c)
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def slstm(x: Array, p: Parameters, forget_gate: str = "sigmoid") -> Array:
    """Beck et al. 2024 without a recurrence of c and n: the mean of all candidates.

    The logarithm of a candidate's weight is its input gate's pre-activation plus the logarithms of
    all later forget gates; the weights are a softmax of these.
    """
    H = p["weight_hh"].shape[1]
    W, R = blocks(p["weight_ih"], "ifzo"), blocks(p["weight_hh"], "ifzo")
    b = blocks(sum_of_biases(p, 4 * H), "ifzo")
    h = np.zeros(H)
    candidates, logarithms = np.zeros((0, H)), np.zeros((0, H))
    hs = []
    for x_t in x:
        a = {k: W[k] @ x_t + R[k] @ h + b[k] for k in "ifzo"}
        log_f = -np.logaddexp(0, -a["f"]) if forget_gate == "sigmoid" else a["f"]
        candidates = np.vstack([candidates, np.tanh(a["z"])])
        logarithms = np.vstack([logarithms + log_f, a["i"]])
        weights = np.exp(logarithms - logarithms.max(axis=0))
        h = sigmoid(a["o"]) * (weights * candidates).sum(axis=0) / weights.sum(axis=0)
        hs.append(h)
    return np.array(hs).reshape(len(x), H)


def multiplicative_lstm(x: Array, p: Parameters) -> Array:
    """Krause et al. 2016: the factors of m have a bias each, where there are biases."""
    H = p["weight_hh"].shape[1]
    W, R = blocks(p["weight_ih"], "mifgo"), blocks(p["weight_hh"], "mifgo")
    zero = np.zeros(5 * H)
    b_x = blocks(p.get("bias_ih", zero), "mifgo")
    b_h = blocks(p.get("bias_hh", zero), "mifgo")
    h, c = np.zeros(H), np.zeros(H)
    hs = []
    for x_t in x:
        m = (W["m"] @ x_t + b_x["m"]) * (R["m"] @ h + b_h["m"])
        a = {k: W[k] @ x_t + R[k] @ m + b_x[k] + b_h[k] for k in "ifgo"}
        c = sigmoid(a["f"]) * c + sigmoid(a["i"]) * np.tanh(a["g"])
        h = sigmoid(a["o"]) * np.tanh(c)
        hs.append(h)
    return np.array(hs).reshape(len(x), H)
