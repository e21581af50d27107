"""One recurrent unit that learns online, step by step, compiled by Numba.

The unit is an LSTM cell or a GRU unit with one input and one output. What its parameters do to its
state is carried along with the state (forward-mode differentiation, also known as real-time
recurrent learning), so that the parameters can change at every step of an endless stream, as they
do in Gers, Schraudolph & Schmidhuber 2002.

*Truncated* gradients, theirs, take no derivative of what the unit feeds back into itself through
its recurrent weights and its peepholes: it lives on in the cell state alone. *Full* ones leave
nothing out.

Parameters are one vector. Of the LSTM: `w, u, b` of i, f, g, o, the peepholes of i, f, o, then
weight and bias of the output. Of the GRU: `w, u, b` of r, z, n, then the bias of n inside the reset
gate, and the output's after three that it does not use.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit

CELL = 15
SIZE = 17


class Unit(IntEnum):
    """What the unit is."""

    LSTM = 0
    PEEPHOLE = 1
    PREVIOUS = 2
    GRU = 3


class Network(NamedTuple):
    """A unit with an output.

    Attributes:
        unit: A `Unit`.
        full: Whether gradients are full, not truncated.
        is_linear: Whether the output of the network is linear, not a sigmoid.
        tanh_candidate: Whether the candidate of an LSTM is a hyperbolic tangent, not linear.
        tanh_cell: Whether the output gate is applied to the hyperbolic tangent of the cell state.
    """

    unit: int
    full: bool
    is_linear: bool
    tanh_candidate: bool = False
    tanh_cell: bool = False


@njit(cache=True, error_model="numpy")
def sigmoid(a):
    """The logistic function."""
    return 1 / (1 + np.exp(-a))


@njit(cache=True, error_model="numpy")
def activation(a, is_tanh):
    """The hyperbolic tangent of a number, or the number itself, and the derivative."""
    if is_tanh:
        value = np.tanh(a)
        return value, 1 - value * value
    return a, 1.0


@njit(cache=True, error_model="numpy")
def lstm_step(w, x, state, tangents, network):
    """One step of an LSTM cell; `state` is `(h, c)`, `tangents` their derivatives `[2, 15]`."""
    h, c_old = state
    i = sigmoid(w[0] * x + w[1] * h + w[2] + w[12] * c_old)
    f = sigmoid(w[3] * x + w[4] * h + w[5] + w[13] * c_old)
    g, slope_g = activation(w[6] * x + w[7] * h + w[8], network.tanh_candidate)
    c = f * c_old + i * g
    seen = c_old if network.unit == 2 else c
    o = sigmoid(w[9] * x + w[10] * h + w[11] + w[14] * seen)
    shown, slope_c = activation(c, network.tanh_cell)

    # How c depends on what is inside each gate, and h on what is inside the output gate.
    by_i, by_f, by_g, by_o = i * (1 - i) * g, f * (1 - f) * c_old, i * slope_g, o * (1 - o) * shown
    c_by_c, c_by_h, h_by_c, h_by_c_old, h_by_h = f, 0.0, o * slope_c, 0.0, 0.0
    if network.full:
        c_by_c += by_i * w[12] + by_f * w[13]
        c_by_h = by_i * w[1] + by_f * w[4] + by_g * w[7]
        h_by_h = by_o * w[10]
        if network.unit == 2:
            h_by_c_old = by_o * w[14]
        else:
            h_by_c += by_o * w[14]
    for k in range(CELL):
        dh, dc = tangents[0, k], tangents[1, k]
        tangents[1, k] = c_by_c * dc + c_by_h * dh
        tangents[0, k] = h_by_c * tangents[1, k] + h_by_c_old * dc + h_by_h * dh
    # The parameters themselves.
    for k in range(3):
        own = x if k == 0 else (h if k == 1 else 1.0)
        for block, by in ((0, by_i), (3, by_f), (6, by_g)):
            tangents[1, block + k] += by * own
            tangents[0, block + k] += h_by_c * by * own
        tangents[0, 9 + k] += by_o * own
    for k, by in ((12, by_i), (13, by_f)):
        tangents[1, k] += by * c_old
        tangents[0, k] += h_by_c * by * c_old
    tangents[0, 14] += by_o * seen
    state[0], state[1] = o * shown, c


@njit(cache=True, error_model="numpy")
def gru_step(w, x, state, tangents):
    """One step of a GRU unit; `state` is `(h, 0)`."""
    h = state[0]
    inner = w[7] * h + w[9]
    r = sigmoid(w[0] * x + w[1] * h + w[2])
    z = sigmoid(w[3] * x + w[4] * h + w[5])
    n = np.tanh(w[6] * x + w[8] + r * inner)
    by_n = (1 - z) * (1 - n * n)
    by_r, by_z = by_n * inner * r * (1 - r), (h - n) * z * (1 - z)
    h_by_h = z + by_r * w[1] + by_z * w[4] + by_n * r * w[7]
    for k in range(10):
        tangents[0, k] *= h_by_h
    for k in range(3):
        own = x if k == 0 else (h if k == 1 else 1.0)
        tangents[0, k] += by_r * own
        tangents[0, 3 + k] += by_z * own
    tangents[0, 6] += by_n * x
    tangents[0, 7] += by_n * r * h
    tangents[0, 8] += by_n
    tangents[0, 9] += by_n * r
    state[0] = (1 - z) * n + z * h


@njit(cache=True, error_model="numpy")
def predict(w, x, state, tangents, network):
    """The output of one step, which also moves the state."""
    if network.unit == 3:
        gru_step(w, x, state, tangents)
    else:
        lstm_step(w, x, state, tangents, network)
    a = w[15] * state[0] + w[16]
    return a if network.is_linear else sigmoid(a)


@njit(cache=True, error_model="numpy")
def learn(w, velocity, error, y, state, tangents, network, rate, momentum):
    """Move the parameters down the gradient of half the squared error."""
    delta = output_delta(error, y, network)
    by_h = delta * w[15]
    for k in range(12 if network.unit == 0 else CELL):
        velocity[k] = momentum * velocity[k] + rate * by_h * tangents[0, k]
    velocity[15] = momentum * velocity[15] + rate * delta * state[0]
    velocity[16] = momentum * velocity[16] + rate * delta
    for k in range(SIZE):
        w[k] += velocity[k]


@njit(cache=True, error_model="numpy")
def output_delta(error, y, network):
    """Minus the derivative of half the squared error by what is inside the output `y`."""
    return error if network.is_linear else error * y * (1 - y)
