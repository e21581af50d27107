"""Baselines on the music data sets, and where their numbers are shown."""

import itertools

import numpy as np
import pytest

from experiments import FOLDER
from experiments.data import piano_rolls, small
from experiments.music_baselines import run as baselines
from experiments.music_baselines.results import stored, table
from experiments.music_search.results import table as search_table
from experiments.records import load


def nll_by_counting(looks):
    """NumPy alone, frame by frame: counts of each key by whether it sounded before."""
    rolls = piano_rolls("Piano-midi")
    counts = np.array([[1.0] * 88, [1.0] * 88]), np.array([[2.0] * 88, [2.0] * 88])
    keys = np.arange(88)
    for roll in rolls["train"]:
        for now, after in itertools.pairwise(roll):
            before = now.astype(int) * looks
            counts[0][before, keys] += after
            counts[1][before, keys] += 1
    nats = []
    for roll in rolls["test"]:
        for now, after in itertools.pairwise(roll):
            p = (counts[0] / counts[1])[now.astype(int) * looks, keys]
            nats.append(-np.log(np.where(after > 0, p, 1 - p)).sum())
    return np.mean(nats)


@pytest.mark.parametrize("model", ["marginal", "Markov chain"])
def test_models_that_count_are_those_of_a_loop(model):
    with small.in_use():
        found = baselines.run(baselines.Config(), 0, "Piano-midi", model)
        expected = nll_by_counting(looks=model == "Markov chain")
        lengths = [len(roll) for roll in piano_rolls("Piano-midi")["test"]]
    assert found["test"]["per_frame"] == pytest.approx(expected, rel=1e-5)
    assert (found["sequences"]["test"], found["frames"]["test"]) == (len(lengths), sum(lengths))


def test_the_records_of_music_have_the_same_numbers():
    records = load(FOLDER / "music" / "record.json")["records"]
    found = [r for r in records if r["case"]["model"] in ("marginal", "Markov chain")]
    assert {r["case"]["data"] for r in found} == {"JSB Chorales", "Nottingham"}
    for record in found:
        of_page = stored(record["case"]["data"])[record["case"]["model"]]
        assert of_page == pytest.approx(record["test"]["per_frame"], rel=1e-5)


def test_a_search_without_the_record_of_the_baselines_has_its_table(monkeypatch, tmp_path):
    monkeypatch.setattr("experiments.music_baselines.results.FOLDER", tmp_path)
    shown = search_table(load(FOLDER / "music_search_piano" / "record.json"))
    assert "test NLL" in shown
    assert "Baselines" not in shown


def test_the_table_says_which_networks_a_chain_is_better_than():
    sizes = {"train": 3, "valid": 2, "test": 1}
    records = [
        {"case": {"data": "Piano-midi", "model": model}, "seed": 0, "test": {"per_frame": nll}}
        | {"sequences": sizes, "frames": sizes}
        for model, nll in (("marginal", 11.0), ("Markov chain", 9.0))
    ]
    header, row = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in table({"records": records}).splitlines()
        if line.startswith(("| data", "| Piano"))
    ]
    cells = dict(zip(header, row, strict=True))
    assert cells["frequencies of keys"] == "11.00"
    assert cells["Markov chain for each key"] == "9.00"
    assert cells["Chung et al. 2014"] == "RNN 9.03, GRU 8.82, PeepholeLSTM 9.03"
    assert cells["above the Markov chain"] == "RNN, PeepholeLSTM"
    assert (cells["all frames for training"], cells["all frames for testing"]) == ("3", "1")


def test_the_table_has_the_best_trials_of_the_searches(monkeypatch, tmp_path):
    shown = table(load(FOLDER / "music_baselines" / "record.json"))
    [row] = [line for line in shown.splitlines() if line.startswith("| JSB")]
    trials = load(FOLDER / "music_search_jsb" / "record.json")["records"]
    for unit in ("RNN", "GRU", "PeepholeLSTM"):
        ranked = sorted(
            (t["valid"], t["test"]["per_frame"]) for t in trials if unit in t["case"].values()
        )
        assert f"{unit} {ranked[0][1]:.2f}" in row.split("|")[6]
    monkeypatch.setattr("experiments.music_baselines.results.FOLDER", tmp_path)
    shown = table(load(FOLDER / "music_baselines" / "record.json"))
    assert shown.count("not run yet") == 4
