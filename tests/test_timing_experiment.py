"""The timing experiment's learner against autograd, and its tasks by hand."""

import numpy as np
import pytest
import torch

from experiments.timing import batches as timing_batches
from experiments.timing import online as timing_online
from experiments.timing.online import CELL, SIZE, Task, Unit
from experiments.timing.run import CELLS, UNITS
from lstm_variants.cells import Weights

STEPS = 12


def outputs(w, xs, unit, full, identity):
    """The network by autograd: what is cut off in a truncated gradient is detached."""
    h = c = torch.zeros((), dtype=torch.float64)
    found = []
    for x in xs:
        back = h if full else h.detach()
        if unit == Unit.GRU:
            r = torch.sigmoid(w[0] * x + w[1] * back + w[2])
            z = torch.sigmoid(w[3] * x + w[4] * back + w[5])
            n = torch.tanh(w[6] * x + w[8] + r * (w[7] * back + w[9]))
            h = (1 - z) * n + z * h
        else:
            seen = c if full else c.detach()
            i = torch.sigmoid(w[0] * x + w[1] * back + w[2] + w[12] * seen)
            f = torch.sigmoid(w[3] * x + w[4] * back + w[5] + w[13] * seen)
            g = w[6] * x + w[7] * back + w[8]
            c_new = f * c + i * g
            shown = c if unit == Unit.PREVIOUS else c_new
            o = torch.sigmoid(
                w[9] * x + w[10] * back + w[11] + w[14] * (shown if full else shown.detach())
            )
            h, c = o * c_new, c_new
        a = w[15] * h + w[16]
        found.append(a if identity else torch.sigmoid(a))
    return found


@pytest.mark.parametrize("identity", [False, True], ids=["sigmoid", "linear"])
# A GRU has no cell state that a truncated gradient could live in.
@pytest.mark.parametrize(
    ("unit", "full"),
    [(unit, full) for unit in Unit for full in (False, True) if full or unit != Unit.GRU],
    ids=lambda value: getattr(value, "name", "full" if value else "truncated"),
)
def test_every_step_follows_the_gradient_of_autograd(unit, full, identity):
    rng = np.random.default_rng(3)
    start = rng.normal(0, 1, SIZE)
    if unit == Unit.LSTM:
        start[12:15] = 0
    xs, targets = rng.integers(0, 2, STEPS), rng.random(STEPS)
    w = torch.tensor(start, requires_grad=True)
    expected = outputs(w, xs, unit, full, identity)

    state, tangents = np.zeros(2), np.zeros((2, CELL))
    for t, (x, target) in enumerate(zip(xs, targets, strict=True)):
        y = timing_online.predict(start, float(x), state, tangents, int(unit), full, identity)
        assert y == pytest.approx(expected[t].item(), rel=1e-12)
        moved, velocity = start.copy(), np.zeros(SIZE)
        timing_online.learn(
            moved, velocity, target - y, y, state, tangents, int(unit), identity, 1.0, 0.0
        )
        loss = (target - expected[t]).square() / 2
        [gradient] = torch.autograd.grad(loss, w, retain_graph=True)
        if unit == Unit.LSTM:
            gradient[12:15] = 0
        assert moved - start == pytest.approx(-gradient.numpy(), rel=1e-9, abs=1e-14)


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
        timing_online.predict(w, x, state, tangents, int(unit), False, True)
        found = state[: len(after)]
        assert found == pytest.approx([float(s) for s in after], rel=1e-12)


def test_momentum_carries_on():
    w, velocity = np.zeros(SIZE), np.zeros(SIZE)
    state, tangents = np.zeros(2), np.zeros((2, CELL))
    for _ in range(2):
        timing_online.learn(w, velocity, 1.0, 0.0, state, tangents, 0, True, 0.1, 0.5)
    assert velocity[16] == pytest.approx(0.1 + 0.5 * 0.1)
    assert w[16] == pytest.approx(0.1 + 0.15)


def interval(task, length, longer):
    steps = [timing_online.example(int(task), u, length, longer) for u in range(1, length + 1)]
    return [x for x, _ in steps], [target for _, target in steps]


def test_the_tasks_by_hand():
    assert interval(Task.NMSD, 3, 0) == ([0, 0, 1], [0, 0, 0])
    assert interval(Task.NMSD, 4, 1) == ([0, 0, 0, 1], [0, 0, 0, 1])
    assert interval(Task.GTS, 3, 0) == ([0, 0, 0], [0, 0, 1])
    assert interval(Task.GTS, 4, 1) == ([1, 1, 1, 1], [0, 0, 0, 1])
    assert interval(Task.COSINE, 4, 0)[1] == pytest.approx([0.5, 1, 0.5, 0])
    assert interval(Task.TRIANGLE, 4, 0)[1] == pytest.approx([0.5, 1, 0.5, 0])
    assert interval(Task.RECTANGLE, 4, 0)[1] == [1, 1, 0, 0]


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
    arguments = (2, False, 0.0, 0.0)
    said = timing_online.stream(rng, w, velocity, int(Task.GTS), 5, 100, 0.49, *arguments)
    assert said == (False, 1)
    # Errors of 0.5 are allowed if the tolerance is above; 100 intervals of 5 or 6 steps.
    right, steps = timing_online.stream(rng, w, velocity, int(Task.GTS), 5, 100, 0.6, *arguments)
    assert right
    assert 500 < steps < 600


def test_a_network_that_cannot_fail_is_solved_at_once():
    solved, streams, _, _ = timing_online.train(
        np.random.default_rng(0), int(Task.COSINE), 5, 0, False, 9.0, 0.0, 0.0, 2.0, 10_000
    )
    assert solved
    assert streams == 1


def test_a_network_that_explodes_has_diverged():
    settings = {"hidden": 2, "batch": 2, "updates": 200, "forget_bias": 2.0, "tolerance": 0.3}
    for seed, rate in ((0, 1e-3), (1, 50.0)):
        _, record = timing_batches.train(
            "COSINE", 5, CELLS["peepholes"], seed=seed, rate=rate, **settings
        )
        assert not record["solved"]
        assert record["diverged"] == (rate > 1)
        assert record["took"] == 200
