"""The timing experiment's learner against autograd, and its tasks by hand."""

from collections import Counter

import numpy as np
import pytest
import torch

from experiments import FOLDER
from experiments.records import load
from experiments.timing import batches as timing_batches
from experiments.timing import streams
from experiments.timing.online import CELL, SIZE, Network, Unit, learn, predict
from experiments.timing.run import CELLS, UNITS
from experiments.timing.streams import Coding, Intervals, Outcome, Task, Training
from lstm_variants.cells import Weights

STEPS = 12


def outputs(w, xs, network):
    """The network by autograd: what is cut off in a truncated gradient is detached."""
    full = network.full
    h = c = torch.zeros((), dtype=torch.float64)
    found = []
    for x in xs:
        back = h if full else h.detach()
        if network.unit == Unit.GRU:
            r = torch.sigmoid(w[0] * x + w[1] * back + w[2])
            z = torch.sigmoid(w[3] * x + w[4] * back + w[5])
            n = torch.tanh(w[6] * x + w[8] + r * (w[7] * back + w[9]))
            h = (1 - z) * n + z * h
        else:
            seen = c if full else c.detach()
            i = torch.sigmoid(w[0] * x + w[1] * back + w[2] + w[12] * seen)
            f = torch.sigmoid(w[3] * x + w[4] * back + w[5] + w[13] * seen)
            g = w[6] * x + w[7] * back + w[8]
            g = g.tanh() if network.tanh_candidate else g
            c_new = f * c + i * g
            shown = c if network.unit == Unit.PREVIOUS else c_new
            o = torch.sigmoid(
                w[9] * x + w[10] * back + w[11] + w[14] * (shown if full else shown.detach())
            )
            h, c = o * (c_new.tanh() if network.tanh_cell else c_new), c_new
        a = w[15] * h + w[16]
        found.append(a if network.is_linear else torch.sigmoid(a))
    return found


# A GRU has no cell state that a truncated gradient could live in.
PAIRS = [(unit, full) for unit in Unit for full in (False, True) if full or unit != Unit.GRU]
NETWORKS = [Network(unit, full, linear) for unit, full in PAIRS for linear in (False, True)]
NETWORKS += [
    Network(unit, full, False, **{bounded: True})
    for unit, full in PAIRS
    for bounded in ("tanh_candidate", "tanh_cell")
    if unit != Unit.GRU
]


def name_of(network):
    bounded = [name for name in ("tanh_candidate", "tanh_cell") if getattr(network, name)]
    gradient = "full" if network.full else "truncated"
    output = "linear" if network.is_linear else "sigmoid"
    return "-".join([network.unit.name, gradient, output, *bounded])


@pytest.mark.parametrize("network", NETWORKS, ids=name_of)
def test_every_step_follows_the_gradient_of_autograd(network):
    rng = np.random.default_rng(3)
    begin = rng.normal(0, 1, SIZE)
    if network.unit == Unit.LSTM:
        begin[12:15] = 0
    xs, targets = rng.integers(0, 2, STEPS), rng.random(STEPS)
    w = torch.tensor(begin, requires_grad=True)
    expected = outputs(w, xs, network)

    network = network._replace(unit=int(network.unit))
    state, tangents = np.zeros(2), np.zeros((2, CELL))
    for t, (x, target) in enumerate(zip(xs, targets, strict=True)):
        y = predict(begin, float(x), state, tangents, network)
        assert y == pytest.approx(expected[t].item(), rel=1e-12)
        moved, velocity = begin.copy(), np.zeros(SIZE)
        learn(moved, velocity, target - y, y, state, tangents, network, 1.0, 0.0)
        loss = (target - expected[t]).square() / 2
        [gradient] = torch.autograd.grad(loss, w, retain_graph=True)
        if network.unit == Unit.LSTM:
            gradient[12:15] = 0
        assert moved - begin == pytest.approx(-gradient.numpy(), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize(("name", "unit"), UNITS.items(), ids=UNITS)
def test_the_learner_computes_what_the_cell_says(name, unit):
    cell, w = CELLS[name], np.random.default_rng(5).normal(0, 1, SIZE)
    if unit == Unit.LSTM:
        w[12:15] = 0
    blocks = torch.from_numpy(w[: 3 * len(cell.blocks)].reshape(-1, 3))
    weights = Weights(
        weight_ih=blocks[:, :1],
        weight_hh=blocks[:, 1:2],
        bias_ih=blocks[:, 2],
        bias_hh=torch.tensor([0, 0, w[9]]) if unit == Unit.GRU else torch.zeros(4).double(),
        weight_ch=torch.from_numpy(w[12:15]) if cell.peepholes else None,
    )
    after = cell.initial_state(torch.zeros(1, 1).double(), 1)
    state, tangents = np.zeros(2), np.zeros((2, CELL))
    for x in np.random.default_rng(6).normal(0, 1, 8):
        after, _ = cell.step(cell.project(torch.tensor([[x]]), weights), after, weights)
        predict(w, x, state, tangents, Network(int(unit), False, True))
        found = state[: len(after)]
        assert found == pytest.approx([float(s) for s in after], rel=1e-12)


LINEAR = Network(int(Unit.LSTM), False, True)
SIGMOID = Network(int(Unit.LSTM), False, False)


def test_momentum_carries_on():
    w, velocity = np.zeros(SIZE), np.zeros(SIZE)
    state, tangents = np.zeros(2), np.zeros((2, CELL))
    for _ in range(2):
        learn(w, velocity, 1.0, 0.0, state, tangents, LINEAR, 0.1, 0.5)
    assert velocity[16] == pytest.approx(0.1 + 0.5 * 0.1)
    assert w[16] == pytest.approx(0.1 + 0.15)


def interval(task, length, longer, **details):
    intervals = Intervals(int(task), length - longer, 0.49, **details)
    steps = [streams.example(intervals, u, length, longer) for u in range(1, length + 1)]
    return [x for x, _ in steps], [target for _, target in steps]


def test_the_tasks_by_hand():
    assert interval(Task.NMSD, 3, 0) == ([0, 0, 1], [0, 0, 0])
    assert interval(Task.NMSD, 4, 1) == ([0, 0, 0, 1], [0, 0, 0, 1])
    assert interval(Task.GTS, 3, 0) == ([0, 0, 0], [0, 0, 1])
    assert interval(Task.GTS, 4, 1) == ([1, 1, 1, 1], [0, 0, 0, 1])
    assert interval(Task.COSINE, 4, 0)[1] == pytest.approx([0.5, 1, 0.5, 0])
    assert interval(Task.TRIANGLE, 4, 0)[1] == pytest.approx([0.5, 1, 0.5, 0])
    assert interval(Task.RECTANGLE, 4, 0)[1] == [1, 1, 0, 0]


def test_the_variations_of_tasks_by_hand():
    spike = [0, 0, 0, 1]
    assert interval(Task.GTS, 4, 1, coding=int(Coding.SIGNED)) == ([1, 1, 1, 1], spike)
    assert interval(Task.GTS, 4, 0, coding=int(Coding.SIGNED)) == ([-1, -1, -1, -1], spike)
    assert interval(Task.GTS, 4, 1, coding=int(Coding.FIRST_STEP)) == ([1, 0, 0, 0], spike)
    assert interval(Task.GTS, 4, 0, coding=int(Coding.FIRST_STEP)) == ([-1, 0, 0, 0], spike)
    assert interval(Task.COSINE, 4, 0, shift=0.5)[1] == pytest.approx([0.5, 0, 0.5, 1])
    assert interval(Task.TRIANGLE, 4, 0, shift=0.5)[1] == pytest.approx([0.5, 0, 0.5, 1])
    assert interval(Task.RECTANGLE, 4, 0, shift=0.5)[1] == [0, 0, 1, 1]


@pytest.mark.parametrize("task", [t for t in Task if t >= 1], ids=lambda t: t.name)
def test_both_protocols_have_the_same_tasks(task):
    x, target = timing_batches.examples(task.name, 5, 4, 3, torch.Generator().manual_seed(0))
    for b in range(3):
        at, left = 0, len(x)
        while left > 0:
            longer = int(x[at, b, 0]) if task == Task.GTS else 0
            wanted = interval(task, 5 + longer, longer)
            n = min(5 + longer, left)
            assert x[at : at + n, b, 0].tolist() == wanted[0][:n]
            assert target[at : at + n, b].tolist() == pytest.approx(wanted[1][:n], abs=1e-6)
            at, left = at + n, left - n


def test_a_delay_has_one_interval():
    x, target = timing_batches.examples("NMSD", 5, 1, 20, torch.Generator().manual_seed(0))
    assert len(x) == 7
    for b in range(20):
        first, second = x[:, b, 0].nonzero().flatten().tolist()
        assert first == 0
        assert second in (5, 6)
        assert target[:, b].tolist() == [0.0] * 6 + [float(second == 6)]


def test_a_stream_ends_with_its_first_failure():
    # An output of 0.5 for ever fails where 0 is due.
    w, velocity = np.zeros(SIZE), np.zeros(SIZE)
    rng = np.random.default_rng(0)

    def run(tolerance):
        intervals = Intervals(int(Task.GTS), 5, tolerance)
        return streams.stream(rng, w, velocity, intervals, 100, SIGMOID, 0.0, 0.0)

    assert run(0.49) == (Outcome.FAILED, 1)
    # Errors of 0.5 are allowed if the tolerance is above; 100 intervals of 5 or 6 steps.
    outcome, steps = run(0.6)
    assert outcome == Outcome.RIGHT
    assert 500 < steps < 600


@pytest.mark.parametrize("bias", [-1000.0, 1000.0, np.nan])
def test_a_failure_without_a_gradient_is_told_apart(bias):
    w, velocity = np.zeros(SIZE), np.zeros(SIZE)
    w[16] = bias
    # A spike is due at the last step, and none before.
    intervals = Intervals(int(Task.GTS), 1, 0.49)
    rng = np.random.default_rng(1)
    outcome, _ = streams.stream(rng, w, velocity, intervals, 10, SIGMOID, 1e-5, 0.9)
    assert outcome == Outcome.NO_GRADIENT
    assert (w[:16] == 0).all() or np.isnan(bias)


def test_a_network_that_cannot_fail_is_solved_at_once():
    solved, diverged, count, _, _ = streams.train(
        np.random.default_rng(0),
        Intervals(int(Task.COSINE), 5, 9.0),
        LINEAR,
        Training(0.0, 0.0, 2.0, max_steps=10_000),
    )
    assert (solved, diverged, count) == (True, False, 1)


def test_a_run_ends_at_its_limit_of_streams():
    solved, diverged, count, steps, _ = streams.train(
        np.random.default_rng(0),
        Intervals(int(Task.GTS), 5, 1e-9),
        SIGMOID,
        Training(1e-5, 0.9, 2.0, max_streams=70),
    )
    assert (solved, diverged, count, steps) == (False, False, 70, 70)


def test_failures_in_a_row_without_a_gradient_are_divergence():
    # The cell state of the paper's unit grows until the sigmoid is exactly 0 where 1 is due.
    intervals = Intervals(int(Task.NMSD), 20, 0.49)
    arguments = intervals, Network(int(Unit.PEEPHOLE), False, False)
    training = Training(1e-5, 0.99, 2.0, max_streams=300_000)
    found = streams.train(np.random.default_rng(0), *arguments, training)
    assert found[:3] == (False, False, 300_000)
    found = streams.train(
        np.random.default_rng(0), *arguments, training._replace(max_without_gradient=1000)
    )
    assert found[:2] == (False, True)
    assert 1000 < found[2] < 50_000


def test_a_failure_with_a_gradient_starts_the_count_again():
    count, counts = 0, []
    no_gradient, failed, right = Outcome.NO_GRADIENT, Outcome.FAILED, Outcome.RIGHT
    for outcome in (no_gradient, right, no_gradient, failed, right, no_gradient):
        count = streams.count_without_gradient(count, int(outcome))
        counts.append(count)
    assert counts == [1, 1, 2, 0, 0, 1]


def test_initial_parameters_are_those_of_the_training():
    def begin(unit, **details):
        rng = np.random.default_rng(0)
        return streams.start(
            rng, Network(int(unit), False, False), Training(1.0, 0.0, 2.0, **details)
        )

    plain = begin(Unit.PEEPHOLE)
    assert plain[[2, 5, 11]].tolist() == [0, 2, 2]
    assert (abs(plain[[0, 1, 7, 12, 14, 15, 16]]) < 0.1).all()
    changed = begin(Unit.PEEPHOLE, input_bias=-2.0, recurrent_scale=0.0)
    assert changed[[2, 7]].tolist() == [-2, 0]
    same = np.delete(np.arange(SIZE), [2, 7])
    assert (changed[same] == plain[same]).all()
    assert not begin(Unit.LSTM)[12:15].any()


def test_a_network_that_explodes_has_diverged():
    settings = {"hidden": 2, "batch": 2, "updates": 200, "forget_bias": 2.0, "tolerance": 0.3}
    for seed, rate in ((0, 1e-3), (1, 50.0)):
        _, record = timing_batches.train(
            "COSINE", 5, CELLS["peepholes"], seed=seed, rate=rate, **settings
        )
        assert not record["solved"]
        assert record["diverged"] == (rate > 1)
        assert record["took"] == 200


def test_what_the_lessons_say_of_a_short_delay():
    """How many LSTMs learn it in runs that no claim compares."""
    records = load(FOLDER / "timing" / "record.json")["records"]
    solved = Counter(
        (case["protocol"], case["gradient"], case["unit"])
        for case in (record["case"] for record in records if record["solved"])
        if (case["task"], case["F"]) == ("NMSD", 10)
    )
    for protocol, gradient, counts in (
        ("online", "full", (5, 1)),
        ("online, forget bias -2", "full", (7, 0)),
        ("online, forget bias -2", "truncated", (0, 0)),
    ):
        assert tuple(solved[protocol, gradient, unit] for unit in ("peepholes", "none")) == counts
