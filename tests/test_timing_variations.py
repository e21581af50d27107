"""The variations of the online protocol of timing: what is varied, measured and compared."""

from dataclasses import asdict

import numpy as np
import pytest
from matplotlib import pyplot as plt

from experiments.plotting import NARROW, WIDE
from experiments.timing.online import SIZE, Network, Unit
from experiments.timing.streams import Coding, Intervals, Task
from experiments.timing_variations import AS_TIMING, CODINGS, PHASES, REMEDIES, results, run
from experiments.timing_variations.figure import figure

CONFIG = run.Config(max_streams=1000)


def took(task, F, variation, unit):
    """Streams to solve a task; 1000 for runs that do not."""
    if task == "NMSD":
        return 1000 if variation in (AS_TIMING, "recurrent weight 0") else 100
    if unit == "previous":
        return 10
    return 500 if task in ("GTS", "COSINE") and unit == "none" else 100


def record(seed, **case):
    streams = took(**case)
    return {
        "case": case,
        "seed": seed,
        "solved": streams < 1000,
        "diverged": case["variation"] == AS_TIMING,
        "took": streams + seed * (streams < 1000),
        "max_cell_state": 20.0 + seed,
    }


@pytest.fixture(scope="module")
def result():
    records = [record(seed, **case) for case in run.cases(CONFIG) for seed in range(10)]
    return {"records": records, "config": asdict(CONFIG), "seeds": list(range(10))}


def test_variations_are_judged_by_how_soon_the_task_is_solved(result):
    verdicts = {claim["claim"]: claim["verdict"] for claim in results.claims(result)}
    assert list(verdicts.values()) == [
        "replicated",  # spikes
        "replicated",  # a cosine
        "effect of interest excluded",  # a triangle
        "effect of interest excluded",  # a rectangle
        "replicated",  # measuring without peepholes takes as long
        "supported",
        "supported",
        "undecided: nobody solves it",  # an initial recurrent weight of 0
        "supported",
        "supported",  # the unit `previous`
    ]
    assert list(verdicts)[7].startswith("With an initial recurrent weight of 0, ")


def test_the_table_counts_divergence_and_shows_the_cell_state(result):
    assert results.table(result).count("0/10; 10 diverged; cell state 24.5") == 4


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_figure_has_a_row_for_each_variation(result, width):
    made = figure(result, width)
    rows = [len(panel.get_yticks()) for panel in made.axes]
    assert rows == [2 * (1 + len(REMEDIES)) + 2 * len(CODINGS), 3 * 2 * len(PHASES)]
    texts = [text.get_text() for text in made.axes[0].texts]
    assert texts[:2] == ["0 (10)", "0 (10)"]
    plt.close(made)


@pytest.mark.parametrize(
    ("variation", "changed"),
    {
        AS_TIMING: {},
        "bounded candidate": {"tanh_candidate": True},
        "bounded cell output": {"tanh_cell": True},
        "recurrent weight 0": {"recurrent_scale": 0.0},
        "input bias -2": {"input_bias": -2.0},
        "0 or 1": {"coding": Coding.ZERO_ONE},
        "-1 or 1": {"coding": Coding.SIGNED},
        "-1 or 1 at the first step": {"coding": Coding.FIRST_STEP},
        "from the beginning": {"shift": 0.0},
        "half a period later": {"shift": 0.5},
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_variation_changes_what_it_names_and_nothing_else(variation, changed, monkeypatch):
    seen = []

    def train(_, *settings):
        seen.append({k: v for part in settings for k, v in part._asdict().items()})
        return False, False, 1, 1, np.zeros(SIZE)

    monkeypatch.setattr(run, "train", train)
    for name in (AS_TIMING, variation):
        run.run(CONFIG, 0, "NMSD", 20, name, "peepholes")
    plain, varied = seen
    assert plain | changed == varied
    assert (varied["max_streams"], varied["max_without_gradient"]) == (1000, 100_000)


def test_every_variation_is_run():
    assert {case["variation"] for case in run.cases(CONFIG)} == set(run.VARIATIONS)


def test_random_numbers_are_not_those_of_timing(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        run,
        "train",
        lambda random, *_: drawn.append(random.random()) or (False, False, 1, 1, np.zeros(SIZE)),
    )
    for seed in (0, 1):
        run.run(CONFIG, seed, "GTS", 10, "0 or 1", "none")
    assert len({*drawn, *(np.random.default_rng(seed).random() for seed in (0, 1))}) == 4


def test_the_cell_state_is_that_between_two_spikes():
    w = np.zeros(SIZE)
    w[6], w[5], w[2] = 1.0, 1000.0, 1000.0  # every spike adds 1
    network = Network(int(Unit.LSTM), False, False)
    intervals = Intervals(int(Task.NMSD), 5, 0.49)
    assert run.max_cell_state(w, intervals, network) == 2
    w[5] = -1000.0  # and is forgotten at once
    assert run.max_cell_state(w, intervals, network) == 1
    w[6] = np.nan
    assert np.isnan(run.max_cell_state(w, intervals, network))
