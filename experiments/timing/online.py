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


@njit(cache=True, error_model="numpy")
def sigmoid(a):
    """The logistic function."""
    return 1 / (1 + np.exp(-a))


@njit(cache=True, error_model="numpy")
def lstm_step(w, x, state, tangents, full, previous):
    """One step of an LSTM cell; `state` is `(h, c)`, `tangents` their derivatives `[2, 15]`."""
    h, c_old = state
    i = sigmoid(w[0] * x + w[1] * h + w[2] + w[12] * c_old)
    f = sigmoid(w[3] * x + w[4] * h + w[5] + w[13] * c_old)
    g = w[6] * x + w[7] * h + w[8]
    c = f * c_old + i * g
    seen = c_old if previous else c
    o = sigmoid(w[9] * x + w[10] * h + w[11] + w[14] * seen)

    # How c depends on what is inside each gate, and h on what is inside the output gate.
    by_i, by_f, by_o = i * (1 - i) * g, f * (1 - f) * c_old, o * (1 - o) * c
    c_by_c, c_by_h, h_by_c, h_by_c_old, h_by_h = f, 0.0, o, 0.0, 0.0
    if full:
        c_by_c += by_i * w[12] + by_f * w[13]
        c_by_h = by_i * w[1] + by_f * w[4] + i * w[7]
        h_by_h = by_o * w[10]
        if previous:
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
        for block, by in ((0, by_i), (3, by_f), (6, i)):
            tangents[1, block + k] += by * own
            tangents[0, block + k] += h_by_c * by * own
        tangents[0, 9 + k] += by_o * own
    for k, by in ((12, by_i), (13, by_f)):
        tangents[1, k] += by * c_old
        tangents[0, k] += h_by_c * by * c_old
    tangents[0, 14] += by_o * seen
    state[0], state[1] = o * c, c


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
def predict(w, x, state, tangents, unit, full, identity):
    """The output of one step, which also moves the state."""
    if unit == 3:
        gru_step(w, x, state, tangents)
    else:
        lstm_step(w, x, state, tangents, full, unit == 2)
    a = w[15] * state[0] + w[16]
    return a if identity else sigmoid(a)


@njit(cache=True, error_model="numpy")
def learn(w, velocity, error, y, state, tangents, unit, identity, rate, momentum):
    """Move the parameters down the gradient of half the squared error."""
    delta = error if identity else error * y * (1 - y)
    by_h = delta * w[15]
    for k in range(12 if unit == 0 else CELL):
        velocity[k] = momentum * velocity[k] + rate * by_h * tangents[0, k]
    velocity[15] = momentum * velocity[15] + rate * delta * state[0]
    velocity[16] = momentum * velocity[16] + rate * delta
    for k in range(SIZE):
        w[k] += velocity[k]


class Task(IntEnum):
    """What is to be learned, in the intervals of a stream."""

    NMSD = 0
    GTS = 1
    COSINE = 2
    TRIANGLE = 3
    RECTANGLE = 4


@njit(cache=True, error_model="numpy")
def example(task, u, length, longer):
    """Input and target at step `u`, from 1, of an interval of a length; `longer` by one or not."""
    if task == 0:
        spike = 1.0 if u == length else 0.0
        return spike, spike * longer
    if task == 1:
        return 1.0 * longer, 1.0 if u == length else 0.0
    phase = u / length
    if task == 2:
        return 0.0, (1 - np.cos(2 * np.pi * phase)) / 2
    if task == 3:
        return 0.0, 1 - abs(2 * phase - 1)
    return 0.0, 1.0 if phase <= 0.5 else 0.0


@njit(cache=True, error_model="numpy")
def stream(rng, w, velocity, task, F, events, tolerance, unit, full, rate, momentum):
    """One stream from a zero state; learns if `rate` is not zero.

    It ends after a number of intervals, or with the first error that is not below the tolerance.

    Returns:
        Whether there was no such error, and the steps taken.
    """
    identity = task >= 2
    state, tangents = np.zeros(2), np.zeros((2, CELL))
    steps = 0
    if task == 0:  # the spike that the first interval is measured from
        y = predict(w, 1.0, state, tangents, unit, full, identity)
        if rate > 0:
            learn(w, velocity, -y, y, state, tangents, unit, identity, rate, momentum)
        steps += 1
        if not abs(y) < tolerance:
            return False, steps
    for _ in range(events):
        longer = rng.integers(0, 2) if task < 2 else 0
        length = F + longer
        for u in range(1, length + 1):
            x, target = example(task, u, length, longer)
            y = predict(w, x, state, tangents, unit, full, identity)
            error = target - y
            if rate > 0:
                learn(w, velocity, error, y, state, tangents, unit, identity, rate, momentum)
            steps += 1
            if not abs(error) < tolerance:
                return False, steps
    return True, steps


@njit(cache=True, error_model="numpy")
def train(rng, task, F, unit, full, tolerance, rate, momentum, forget_bias, most_steps):
    """Streams until the task is solved, or there have been enough steps.

    After a hundred intervals without a failure, a thousand are tried with the parameters as they
    are; the task is solved if they too go without one.

    Returns:
        Whether it is solved, the streams and steps that it took, and the parameters.
    """
    w = rng.uniform(-0.1, 0.1, SIZE)
    w[2], w[5] = 0.0, forget_bias  # what a GRU's update gate keeps is not forgotten
    if unit != 3:
        w[11] = 2.0
    if unit == 0:
        w[12:15] = 0.0
    velocity = np.zeros(SIZE)
    events, tested = (1, 1) if task == 0 else (100, 1000)
    streams, steps, good = 0, 0, 0
    while steps < most_steps:
        right, taken = stream(
            rng, w, velocity, task, F, events, tolerance, unit, full, rate, momentum
        )
        streams += 1
        steps += taken
        good = good + events if right else 0
        if good >= 100:
            good = 0
            for _ in range(1000 if task == 0 else 1):
                right, _ = stream(
                    rng, w, velocity, task, F, tested, tolerance, unit, False, 0.0, 0.0
                )
                if not right:
                    break
            if right:
                return True, streams, steps, w
    return False, streams, steps, w
