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


@njit(cache=True)
def sigmoid(a):
    """The logistic function."""
    return 1 / (1 + np.exp(-a))


@njit(cache=True)
def lstm_step(w, x, state, tangents, full, previous):
    """One step of an LSTM cell; `state` is `(h, c)`, `tangents` their derivatives `[2, 15]`."""
    h, c_old = state
    a_i = w[0] * x + w[1] * h + w[2] + w[12] * c_old
    a_f = w[3] * x + w[4] * h + w[5] + w[13] * c_old
    g = w[6] * x + w[7] * h + w[8]
    i, f = sigmoid(a_i), sigmoid(a_f)
    c = f * c_old + i * g
    seen = c_old if previous else c
    o = sigmoid(w[9] * x + w[10] * h + w[11] + w[14] * seen)
    for k in range(CELL):
        dh, dc_old = tangents[0, k], tangents[1, k]
        # The parameter itself: block k // 3, whose inputs are x, h and 1; or a peephole.
        own = x if k % 3 == 0 else (h if k % 3 == 1 else 1.0)
        block = k // 3
        d_i = own if block == 0 else (c_old if k == 12 else 0.0)
        d_f = own if block == 1 else (c_old if k == 13 else 0.0)
        d_g = own if block == 2 else 0.0
        d_o = own if block == 3 else (seen if k == 14 else 0.0)
        if full:
            d_i += w[1] * dh + w[12] * dc_old
            d_f += w[4] * dh + w[13] * dc_old
            d_g += w[7] * dh
            d_o += w[10] * dh
        dc = f * dc_old + f * (1 - f) * d_f * c_old + i * (1 - i) * d_i * g + i * d_g
        if full:
            d_o += w[14] * (dc_old if previous else dc)
        tangents[0, k] = o * (1 - o) * d_o * c + o * dc
        tangents[1, k] = dc
    state[0], state[1] = o * c, c


@njit(cache=True)
def gru_step(w, x, state, tangents):
    """One step of a GRU unit; `state` is `(h, 0)`."""
    h = state[0]
    inner = w[7] * h + w[9]
    r = sigmoid(w[0] * x + w[1] * h + w[2])
    z = sigmoid(w[3] * x + w[4] * h + w[5])
    n = np.tanh(w[6] * x + w[8] + r * inner)
    for k in range(10):
        dh = tangents[0, k]
        own = x if k % 3 == 0 else (h if k % 3 == 1 else 1.0)
        d_r = (own if k < 3 else 0.0) + w[1] * dh
        d_z = (own if 3 <= k < 6 else 0.0) + w[4] * dh
        d_n = r * w[7] * dh + r * (1 - r) * d_r * inner
        if k == 6 or k == 8:
            d_n += own
        elif k == 7:
            d_n += r * h
        elif k == 9:
            d_n += r
        tangents[0, k] = (1 - z) * (1 - n * n) * d_n + z * (1 - z) * d_z * (h - n) + z * dh
    state[0] = (1 - z) * n + z * h


@njit(cache=True)
def predict(w, x, state, tangents, unit, full, identity):
    """The output of one step, which also moves the state."""
    if unit == 3:
        gru_step(w, x, state, tangents)
    else:
        lstm_step(w, x, state, tangents, full, unit == 2)
    a = w[15] * state[0] + w[16]
    return a if identity else sigmoid(a)


@njit(cache=True)
def learn(w, velocity, error, y, state, tangents, unit, identity, rate, momentum):
    """Move the parameters down the gradient of half the squared error."""
    delta = error if identity else error * y * (1 - y)
    for k in range(SIZE):
        if k == 15:
            gradient = delta * state[0]
        elif k == 16:
            gradient = delta
        else:
            gradient = delta * w[15] * tangents[0, k]
        if unit == 0 and 12 <= k < 15:
            gradient = 0.0
        velocity[k] = momentum * velocity[k] + rate * gradient
    w += velocity


class Task(IntEnum):
    """What is to be learned, in the intervals of a stream."""

    NMSD = 0
    GTS = 1
    COSINE = 2
    TRIANGLE = 3
    RECTANGLE = 4


@njit(cache=True)
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


@njit(cache=True)
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
        if abs(y) >= tolerance:
            return False, 1
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


@njit(cache=True)
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
