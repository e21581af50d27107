"""The random search on music: its trials, and what its records mean."""

import math

import numpy as np
import pytest

from experiments import FOLDER
from experiments.data import small
from experiments.music import run as music
from experiments.music_baselines.results import stored
from experiments.music_search import DATA, figure, search
from experiments.music_search.results import (
    best_nlls,
    by_noise,
    claims,
    importances,
    losses_of,
    table,
)
from experiments.plotting import NARROW, WIDE
from experiments.records import grouped, load
from experiments.statistics.trials import Trials

pytestmark = [
    pytest.mark.xdist_group("music_search"),
    pytest.mark.usefixtures("few_permutations"),
]


def trial(model, seed, valid, test, **drawn):
    settings = {"rate": 10 ** (-4 + 2 * (seed % 7) / 6), "batch": 1 + 7 * (seed % 2), "noise": 0.0}
    return {
        "case": {"model": model},
        "seed": seed,
        "valid": valid,
        "test": {"per_frame": test},
        "chance": 11.0,
        "epochs": 100,
        "at_most": 1000,
        **settings,
        **drawn,
    }


def search_of(nlls, data="JSB Chorales", rest=0.0):
    """Forty trials of each unit; the best tenth by validation has `nlls`, `rest` is added later."""
    records = [
        trial(model, seed, nll + seed / 1000, nll + seed / 1000 + (seed > 3) * rest)
        for model, nll in nlls.items()
        for seed in range(40)
    ]
    return {"config": {"data_set": data}, "records": records}


def cells_of(text, unit):
    """The cells of a unit's row, by the header."""
    rows = [line for line in text.splitlines() if line.startswith(("| unit", f"| {unit} "))]
    header, cells = ([cell.strip() for cell in row.split("|")[1:-1]] for row in rows)
    return dict(zip(header, cells, strict=True))


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
        drawn = search.run(search.SEARCHES["muse"], 3, "GRU")
        updates = math.ceil(len(music.splits("MuseData", 0)["train"]) / drawn["batch"])
    [(network, setting, rate, seed, noise, only)] = seen
    assert network.layer.hidden_size == music.UNITS["GRU"]
    assert (rate, setting.batch, noise) == (drawn["rate"], drawn["batch"], drawn["noise"])
    assert setting.data == "MuseData"
    assert setting.patience - 1 < 3_000 / updates <= setting.patience
    assert setting.epochs - 1 < 60_000 / updates <= setting.epochs
    assert (seed, only) == (3, 0)
    assert 0 < drawn["chance"] < 88 * math.log(2)


def test_each_unit_and_each_data_set_draws_other_values(monkeypatch):
    monkeypatch.setattr(music, "train", lambda *_: {})
    monkeypatch.setattr(music, "splits", lambda *_: {"train": [None], "test": []})
    monkeypatch.setattr(music, "Baseline", lambda *_: None)
    monkeypatch.setattr(music, "measure", lambda *_: {"per_frame": 1.0})
    rates = [
        search.run(search.SEARCHES[name], seed, model)["rate"]
        for name in DATA
        for model in music.UNITS
        for seed in range(3)
    ]
    assert len(set(rates)) == len(rates)


PAPER = {"RNN": 9.10, "GRU": 8.54, "PeepholeLSTM": 8.67, "LSTM": 8.67}


def test_units_in_the_order_of_the_paper_are_replicated():
    gates, units, peepholes = claims(search_of(PAPER))
    assert [claim["verdict"] for claim in (gates, units, peepholes)] == ["replicated"] * 3
    assert [str(c["pair"]).split(",")[0] for c in gates["comparisons"] + units["comparisons"]] == [
        "GRU against RNN",
        "PeepholeLSTM against RNN",
        "GRU against PeepholeLSTM",
    ]
    assert [c["reference"] for c in gates["comparisons"]] == pytest.approx([0.56, 0.43])
    assert units["comparisons"][0]["reference"] == pytest.approx(0.13)
    gates, units, peepholes = claims(search_of(dict.fromkeys(PAPER, 8.5) | {"LSTM": 8.7}))
    assert gates["verdict"] == units["verdict"] == "reported effect excluded"
    assert peepholes["verdict"] == "the reverse"


def test_the_best_tenth_is_chosen_by_validation():
    nlls = best_nlls(search_of(PAPER, rest=-1.0))
    assert nlls["GRU"] == pytest.approx([8.54, 8.541, 8.542, 8.543])


def test_the_claims_follow_the_sign_and_the_ties_of_the_table():
    gates, units, _ = claims(search_of(PAPER, "MuseData"))
    assert gates["claim"] == "On MuseData the test NLL of GRU is lower than that of RNN"
    assert "PeepholeLSTM and RNN tie" in gates["reading"]["reported"]
    gates, units, _ = claims(search_of(PAPER, "Nottingham"))
    assert gates["claim"].endswith("the test NLL of RNN is lower than that of GRU and PeepholeLSTM")
    assert units["claim"].endswith("the test NLL of PeepholeLSTM is lower than that of GRU")
    assert gates["verdict"] == "the reverse"


def test_a_trial_that_diverges_counts_as_the_frequencies_of_keys():
    result = {"records": [trial("GRU", 0, 1e30, 1e30)]}
    assert best_nlls(result) == {"GRU": [11.0]}


def test_the_table_has_the_best_trials_and_the_papers_beside_them():
    result = search_of({"RNN": 9.0, "GRU": 8.0, "PeepholeLSTM": 8.5, "LSTM": 8.6})
    result["records"][41] |= {"epochs": 1000, "noise": 0.075}  # the second best of the GRU
    text, *others = table(result).split("By how much")
    chain = stored("JSB Chorales")["Markov chain"]
    assert f"{chain:.2f} (Markov chain for each key)" in text
    cells = cells_of(text, "GRU")
    assert cells["trials"] == "40"
    assert cells["ended by the limit"] == "1 (1 of the best 4)"
    assert cells["best by validation"] == "8.00"
    assert cells["its learning rates"] == "0.0001 to 0.001"
    assert (cells["with weight noise"], cells["with 1 sequence per update"]) == ("1 of 4", "2 of 4")
    assert (cells["Chung et al. 2014"], cells["Bai, Kolter & Koltun 2018"]) == ("8.54", "8.43")
    assert "| the rest " in others[0]


def test_trials_with_weight_noise_and_without_are_compared_separately():
    result = search_of({"RNN": 9.0, "GRU": 8.0})
    for record in result["records"]:
        record["noise"] = 0.075 * (record["seed"] % 2)
        if record["noise"] and record["case"]["model"] == "GRU":
            record["test"] = {"per_frame": 8.9}
    [row] = by_noise(result)
    assert row["unit"] == "GRU"
    assert row["with weight noise"].startswith("+0.1")
    assert row["without"].startswith("+1.0")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_figure_has_all_units(width):
    result = search_of(PAPER)
    top, below = figure.figure(result, width).axes
    assert [label.get_text() for label in top.get_yticklabels()] == list(PAPER)
    assert below.get_xlabel() == "learning rate"
    assert sum(len(line.get_xdata()) for line in below.lines) == len(result["records"])


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
        found = toy.run(toy.smoke, 0, model="LSTM")
    assert math.isfinite(found["test"]["per_frame"])


def test_a_unit_whose_best_trials_are_cut_off_decides_nothing():
    result = search_of(PAPER)
    for record in result["records"]:
        if record["case"]["model"] == "PeepholeLSTM" and record["seed"] < 3:
            record["epochs"] = record["at_most"]
    gates, units, peepholes = claims(result)
    assert [found["marks"][-1] for found in (gates, units, peepholes)] == ["/"] * 3
    assert gates["marks"][0] != "/"
    assert "PeepholeLSTM end at the limit" in units["comparisons"][0]["open_because"]


def test_what_limits_the_result_on_nottingham():
    """The lessons of the search on Nottingham name these."""
    result = load(FOLDER / "music_search_nottingham" / "record.json")
    best_two = {
        model: sorted(drawn, key=lambda trial: trial["valid"])[:2]
        for model, drawn in grouped(result["records"], "model").items()
    }
    ended = {m: [t["epochs"] == t["at_most"] for t in drawn] for m, drawn in best_two.items()}
    assert ended["GRU"] == [True, False]
    assert sum(ended["LSTM"]) == 1
    assert not any(ended["RNN"] + ended["PeepholeLSTM"])
    assert min(t["rate"] for t in best_two["PeepholeLSTM"]) > 0.8 * max(search.Config.rate)
    assert {t["batch"] for model in ("GRU", "PeepholeLSTM") for t in best_two[model]} == {1}
    assert {t["batch"] for t in best_two["RNN"]} == {8}


def test_what_the_lessons_say_of_musedata():
    result = load(FOLDER / "music_search_muse" / "record.json")
    drawn = sorted(grouped(result["records"], "model")["PeepholeLSTM"], key=lambda t: t["valid"])
    ended = [trial["epochs"] >= trial["at_most"] for trial in drawn]
    assert sum(ended) > len(ended) / 2
    assert not any(ended[:2])
    [gru] = (row for row in by_noise(result) if row["unit"] == "GRU")
    assert float(gru["with weight noise"]) > 0
    assert float(gru["p, with weight noise"]) < 0.05
    assert float(gru["p, without"]) > 0.05


def test_what_the_lessons_say_of_piano_midi():
    result = load(FOLDER / "music_search_piano" / "record.json")
    [gru] = (row for row in by_noise(result) if row["unit"] == "GRU")
    assert float(gru["with weight noise"]) > 0
    assert gru["p, with weight noise"] == "< 0.001" or float(gru["p, with weight noise"]) < 0.05
    assert float(gru["p, without"]) > 0.05
    losses = losses_of(result)
    for model in ("PeepholeLSTM", "LSTM"):
        against = Trials(tuple(losses["RNN"]), tuple(losses[model]))
        assert against.estimate == pytest.approx(0.1, abs=0.05)
        assert against.test().both < 0.001
