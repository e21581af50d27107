"""Streams of intervals, and online training on them, compiled by Numba."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit

from experiments.timing.online import CELL, SIZE, learn, output_delta, predict

# These functions are compiled in each process, without `cache=True`: a change of online.py, whose
# code they contain, does not make Numba compile what it has kept on disk anew.


class Task(IntEnum):
    """What is to be learned, in the intervals of a stream."""

    NMSD = 0
    GTS = 1
    COSINE = 2
    TRIANGLE = 3
    RECTANGLE = 4


class Coding(IntEnum):
    """How the input of GTS states the length of an interval: F, or F + 1."""

    ZERO_ONE = 0
    SIGNED = 1
    FIRST_STEP = 2


class Intervals(NamedTuple):
    """The intervals of a task.

    Attributes:
        task: A `Task`.
        F: Interval length; in NMSD and GTS, intervals have F or F + 1 time steps.
        tolerance: An absolute error of this size or more is a failure.
        coding: For GTS, a `Coding`: 0 or 1, or -1 or 1, at each step, or -1 or 1 at the first.
        shift: The phase in which a function starts, as a share of its period.
    """

    task: int
    F: int
    tolerance: float
    coding: int = 0
    shift: float = 0.0


class Training(NamedTuple):
    """Initialisation, optimiser settings and limits.

    Attributes:
        rate: Learning rate.
        momentum: Momentum coefficient.
        forget_bias: Initial bias of the forget gate, and of a GRU's update gate.
        input_bias: Initial bias of the input gate.
        recurrent_scale: Factor of the initial recurrent weight of the candidate.
        max_steps: Steps after which training ends.
        max_streams: Streams after which it ends.
        max_without_gradient: Failures without a gradient, and without another failure between
            them, after which training has diverged; it is not ended for this if 0.
    """

    rate: float
    momentum: float
    forget_bias: float
    input_bias: float = 0.0
    recurrent_scale: float = 1.0
    max_steps: int = 2**62
    max_streams: int = 2**62
    max_without_gradient: int = 0


@njit(error_model="numpy")
def example(intervals, u, length, longer):
    """Input and target at step `u`, from 1, of an interval of a length; `longer` by one or not."""
    if intervals.task == 0:
        spike = 1.0 if u == length else 0.0
        return spike, spike * longer
    if intervals.task == 1:
        x = 1.0 * longer if intervals.coding == 0 else 2.0 * longer - 1
        if intervals.coding == 2 and u > 1:
            x = 0.0
        return x, 1.0 if u == length else 0.0
    phase = u / length + intervals.shift
    if phase > 1:
        phase -= 1
    if intervals.task == 2:
        return 0.0, (1 - np.cos(2 * np.pi * phase)) / 2
    if intervals.task == 3:
        return 0.0, 1 - abs(2 * phase - 1)
    return 0.0, 1.0 if phase <= 0.5 else 0.0


class Outcome(IntEnum):
    """How a stream ends: without a failure, with one, or with one that has no gradient."""

    RIGHT = 0
    FAILED = 1
    NO_GRADIENT = 2


@njit(error_model="numpy")
def stream(rng, w, velocity, intervals, events, network, rate, momentum):
    """One stream from a zero state; learns if `rate` is not zero.

    It ends after a number of intervals, or with the first error that is not below the tolerance.

    Returns:
        The `Outcome`, and the steps taken.
    """
    state, tangents = np.zeros(2), np.zeros((2, CELL))
    steps = 0
    # In NMSD, the first interval is measured from a spike.
    first = -1 if intervals.task == 0 else 0
    for k in range(first, events):
        longer = rng.integers(0, 2) if k >= 0 and intervals.task < 2 else 0
        length = intervals.F + longer if k >= 0 else 1
        for u in range(1, length + 1):
            x, target = example(intervals, u, length, longer)
            y = predict(w, x, state, tangents, network)
            error = target - y
            if rate > 0:
                learn(w, velocity, error, y, state, tangents, network, rate, momentum)
            steps += 1
            if not abs(error) < intervals.tolerance:
                has_gradient = 0 < abs(output_delta(error, y, network)) < np.inf
                return Outcome.FAILED if has_gradient else Outcome.NO_GRADIENT, steps
    return Outcome.RIGHT, steps


@njit(error_model="numpy")
def count_without_gradient(count, outcome):
    """Failures without a gradient since the last one with a gradient."""
    if outcome == Outcome.NO_GRADIENT:
        return count + 1
    return 0 if outcome == Outcome.FAILED else count


@njit(error_model="numpy")
def start(rng, network, training):
    """Random parameters."""
    w = rng.uniform(-0.1, 0.1, SIZE)
    w[7] *= training.recurrent_scale
    # In a GRU, w[5] is the bias of the update gate; z = 1 keeps the old state.
    w[2], w[5] = training.input_bias, training.forget_bias
    if network.unit != 3:
        w[11] = 2.0
    if network.unit == 0:
        w[12:15] = 0.0
    return w


@njit(error_model="numpy")
def train(rng, intervals, network, training):
    """Streams until the task is solved, training has diverged, or there have been enough.

    After a hundred intervals without a failure, a thousand are tried with the parameters as they
    are; the task is solved if they too go without one.

    Returns:
        Whether it is solved and whether training has diverged, the streams and steps that it took,
        and the parameters.
    """
    w, velocity = start(rng, network, training), np.zeros(SIZE)
    is_measuring = intervals.task == 0
    events, tested = (1, 1) if is_measuring else (100, 1000)
    streams, steps, good, without = 0, 0, 0, 0
    while steps < training.max_steps and streams < training.max_streams:
        outcome, taken = stream(
            rng, w, velocity, intervals, events, network, training.rate, training.momentum
        )
        streams += 1
        steps += taken
        good = good + events if outcome == Outcome.RIGHT else 0
        without = count_without_gradient(without, outcome)
        if training.max_without_gradient and without >= training.max_without_gradient:
            return False, True, streams, steps, w
        if good >= 100:
            good = 0
            for _ in range(1000 if is_measuring else 1):
                outcome, _ = stream(rng, w, velocity, intervals, tested, network, 0.0, 0.0)
                if outcome != Outcome.RIGHT:
                    break
            if outcome == Outcome.RIGHT:
                return True, False, streams, steps, w
    return False, False, streams, steps, w
