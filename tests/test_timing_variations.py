"""The variations of the online protocol of timing: their verdicts, and what is measured."""

from dataclasses import asdict

import numpy as np

from experiments.timing.online import SIZE, Network, Unit
from experiments.timing.streams import Intervals, Task
from experiments.timing_variations import REMEDIES, results, run


def test_variations_are_judged_by_how_soon_the_task_is_solved():
    config = run.Config(max_streams=1000)

    def took(task, F, variation, unit):
        """Streams to solve a task; 1000 for runs that do not."""
        if task == "NMSD":
            return 1000 if variation in (REMEDIES[0], "recurrent weight 0") else 100
        if unit == "previous":
            return 10
        return 100 if unit == "peepholes" else 500 if task == "GTS" else 100

    def record(seed, **case):
        streams = took(**case)
        return {
            "case": case,
            "seed": seed,
            "solved": streams < 1000,
            "diverged": case["variation"] == REMEDIES[0],
            "took": streams + seed * (streams < 1000),
            "max_cell_state": 20.0 + seed,
        }

    records = [record(seed, **case) for case in run.cases(config) for seed in range(10)]
    result = {"records": records, "config": asdict(config)}
    assert [claim["verdict"] for claim in results.claims(result)] == [
        "reproduced in part (2 of 8)",  # spikes
        "reproduced in part (4 of 10)",  # of two codings
        "reproduced in part (6 of 8)",  # nobody learns with a recurrent weight of 0
        "reproduced",
        "reproduced",
        "inconclusive",
        "reproduced",
        "reproduced",
    ]
    table = results.table(result)
    assert table.count("0/10; 10 diverged; cell state 24.5") == 4


def test_the_cell_state_of_an_interval_is_that_of_the_unit():
    w = np.zeros(SIZE)
    w[6], w[5], w[2] = 1.0, 1000.0, 1000.0  # every spike adds 1
    network = Network(int(Unit.LSTM), False, False)
    largest = run.max_cell_state
    assert largest(w, Intervals(int(Task.NMSD), 5, 0.49), network) == 2
    assert largest(w, Intervals(int(Task.GTS), 5, 0.49), network) == 6
