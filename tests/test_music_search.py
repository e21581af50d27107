"""The random search on music: its trials, and what its records mean."""

import math

import numpy as np
import pytest

from experiments.data import small
from experiments.music import run as music
from experiments.music_search import DATA, figure, search
from experiments.music_search.results import best_nlls, claims, importances, table
from experiments.plotting import WIDE

pytestmark = pytest.mark.xdist_group("music_search")


def trial(model, seed, valid, test, **drawn):
    settings = {"rate": 10 ** (-4 + 2 * (seed % 7) / 6), "batch": 1 + 7 * (seed % 2), "noise": 0.0}
    return {
        "case": {"model": model},
        "seed": seed,
        "valid": valid,
        "test": {"per_frame": test},
        "chance": 11.0,
        "epochs": 100,
        **settings,
        **drawn,
    }


def search_of(nlls, data="JSB Chorales"):
    """Forty trials of each unit; the best have the lowest validation NLL, and `nlls`."""
    records = [
        trial(model, seed, nll + seed / 1000, nll + seed / 1000)
        for model, nll in nlls.items()
        for seed in range(40)
    ]
    return {"config": {"data": data, "epochs": 1000}, "records": records}


def test_draws_lie_in_their_ranges():
    config = search.SEARCHES["jsb"]
    random = np.random.default_rng(0)
    drawn = [search.draw(config, random) for _ in range(2000)]
    rates = [d["rate"] for d in drawn]
    assert 1e-4 <= min(rates) < max(rates) <= 1e-2
    assert np.median(rates) == pytest.approx(1e-3, rel=0.15)
    for name, values in (("batch", config.batches), ("noise", config.noises)):
        shares = [np.mean([d[name] == value for d in drawn]) for value in values]
        assert shares == pytest.approx([0.5, 0.5], abs=0.05)


def test_a_trial_is_trained_as_it_is_drawn(monkeypatch):
    seen = []
    monkeypatch.setattr(music, "train", lambda *arguments: seen.append(arguments) or {})
    with small.in_use():
        music.splits.cache_clear()
        drawn = search.run(search.SEARCHES["muse"], 3, "GRU")
        music.splits.cache_clear()
    [(network, setting, rate, seed, noise, only)] = seen
    assert network.layer.hidden_size == music.UNITS["GRU"]
    assert (rate, setting.batch, noise) == (drawn["rate"], drawn["batch"], drawn["noise"])
    assert (setting.data, setting.patience, setting.epochs) == ("MuseData", 15, 1000)
    assert (seed, only) == (3, 0)
    assert 0 < drawn["chance"] < 88 * math.log(2)


def test_units_in_the_order_of_the_paper_are_reproduced():
    paper = {"RNN": 9.10, "GRU": 8.54, "PeepholeLSTM": 8.67, "LSTM": 8.67}
    order, peepholes = claims(search_of(paper))
    assert order["verdict"] == "reproduced"
    assert [c["label"].split(",")[0] for c in order["comparisons"]] == [
        "GRU below RNN",
        "PeepholeLSTM below RNN",
        "GRU below PeepholeLSTM",
    ]
    assert [c["reference"] for c in order["comparisons"]] == pytest.approx([0.56, 0.43, 0.13])
    assert peepholes["verdict"] == "reproduced"
    order, peepholes = claims(search_of(dict.fromkeys(paper, 8.5) | {"LSTM": 8.7}))
    assert order["verdict"] == "reported effect excluded"
    assert peepholes["verdict"] == "reversed"


def test_a_tie_of_the_paper_is_no_comparison():
    order, _ = claims(search_of(dict.fromkeys(music.UNITS, 6.0), "MuseData"))
    assert [c["label"].split(",")[0] for c in order["comparisons"]] == [
        "GRU below RNN",
        "GRU below PeepholeLSTM",
    ]


def test_a_trial_that_diverges_counts_as_the_frequencies_of_keys():
    result = {"records": [trial("GRU", 0, 1e30, 1e30)]}
    assert best_nlls(result) == {"GRU": [11.0]}


def test_the_table_has_the_best_trial_and_the_papers_beside_it():
    result = search_of({"RNN": 9.0, "GRU": 8.0, "PeepholeLSTM": 8.5, "LSTM": 8.6})
    rows = [line for line in table(result).splitlines() if line.startswith("| GRU")]
    [cells] = [[cell.strip() for cell in row.split("|")] for row in rows]
    assert cells[2:4] == ["40", "8.00"]
    assert cells[-3:-1] == ["8.54", "8.43"]
    assert "| 0 " in rows[0]  # none of them ends at the limit of epochs
    top, below = figure.figure(result, WIDE).axes
    assert [label.get_text() for label in top.get_yticklabels()] == list(music.UNITS)
    assert below.get_xlabel() == "learning rate"


def test_the_setting_that_matters_is_found():
    records = [
        trial("GRU", seed, seed, 8.0 + noise, batch=1 + 7 * (seed % 2), noise=noise)
        for seed in range(80)
        for noise in [0.075 * (seed % 4 > 1)]
    ]
    shares = importances({"records": records})
    assert next(iter(shares)) == "noise"
    assert shares["noise"] > 0.8


@pytest.mark.parametrize("name", DATA)
def test_every_data_set_is_searched_with_toy_settings(name):
    toy = search.experiment(name)
    with small.in_use():
        music.splits.cache_clear()
        found = toy.run(toy.smoke, 0, model="LSTM")
        music.splits.cache_clear()
    assert math.isfinite(found["test"]["per_frame"])
