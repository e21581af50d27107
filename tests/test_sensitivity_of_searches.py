"""What pages say that the verdicts of random searches depend on, from the published records."""

from statistics import mean

import numpy as np
import pytest

from experiments.music_search import results as music_search
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey import results as odyssey
from experiments.odyssey.tables import welch
from experiments.records import grouped
from experiments.statistics.trials import Trials, best
from tests.test_sensitivity import record_of

pytestmark = pytest.mark.records

PAPERS_TEST = {
    "odyssey_speech": (["CIFG"], None),
    "odyssey_strokes": (["CIFG"], None),
    "odyssey_music": (["NOAF", "NP"], ["NFG"]),
}
"""By the test of the paper, the ablations that are better than vanilla, and that are worse."""


def test_twenty_trials_on_pen_strokes_depended_on_two():
    result = record_of("odyssey_strokes")
    first = [record for record in result["records"] if record["seed"] < 20]
    assert odyssey.claims(result | {"records": first})[0]["marks"] == "+++++++."
    vanilla = sorted(grouped(first, "unit")[VANILLA], key=lambda t: t["valid"])
    for trial in vanilla[:2]:
        others = [record for record in first if record is not trial]
        assert set(odyssey.claims(result | {"records": others})[0]["marks"]) == {"/"}


def test_forty_trials_on_pen_strokes_decided_two_ablations():
    result = record_of("odyssey_strokes")
    first = [record for record in result["records"] if record["seed"] < 40]
    assert odyssey.claims(result | {"records": first})[0]["marks"] == "..+.+..."


@pytest.mark.parametrize(("seeds", "marks"), [(20, "....+..."), (40, "+.+.+...")])
def test_fewer_trials_on_spoken_digits(seeds, marks):
    result = record_of("odyssey_speech")
    first = [record for record in result["records"] if record["seed"] < seeds]
    assert odyssey.claims(result | {"records": first})[0]["marks"] == marks


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "marks", "unlimited"), [(40, "/.", "+."), (60, "/x", "+x")])
def test_trials_on_chorales_that_the_limit_ends(seeds, marks, unlimited, monkeypatch):
    result = record_of("odyssey_music")
    first = [record for record in result["records"] if record["seed"] < seeds]
    assert odyssey.claims(result | {"records": first})[1]["marks"] == marks
    monkeypatch.setattr(odyssey, "ended_early", lambda *_: False)
    assert odyssey.claims(result | {"records": first})[1]["marks"] == unlimited


@pytest.mark.slow
def test_what_60_trials_on_chorales_leave_open():
    first, _ = odyssey.claims(record_of("odyssey_music"))
    widths = [high - low for low, high in (c["interval"] for c in first["comparisons"])]
    assert min(widths) > 10 * odyssey.OF_INTEREST["music"]
    losses = odyssey.losses_of(record_of("odyssey_music"))
    better, worse = PAPERS_TEST["odyssey_music"]
    shown = [
        unit
        for unit in [*better, *worse]
        if Trials(tuple(losses[VANILLA]), tuple(losses[unit])).test().both < 0.05
    ]
    assert shown == worse


def test_input_noise_of_the_best_trials_on_chorales():
    found = grouped(record_of("odyssey_music")["records"], "unit")
    noise = {
        unit: np.median(best(*np.transpose([(t["valid"], t["noise"]) for t in found[unit]])))
        for unit in (VANILLA, "NP")
    }
    assert noise["NP"] < 0.8 * noise[VANILLA]


@pytest.mark.parametrize("name", PAPERS_TEST)
def test_differences_by_the_test_of_the_paper(name):
    losses = odyssey.best_losses(record_of(name))
    differ = [unit for unit in ABLATIONS if welch(losses[VANILLA], losses[unit]) < 0.05]
    is_better = {unit: mean(losses[unit]) < mean(losses[VANILLA]) for unit in differ}
    better, worse = PAPERS_TEST[name]
    assert [unit for unit in differ if is_better[unit]] == better
    assert worse is None or [unit for unit in differ if not is_better[unit]] == worse


def test_peepholes_and_a_plain_rnn_without_weight_noise():
    rows = {row["unit"]: row for row in music_search.by_noise(record_of("music_search_jsb"))}
    p = {unit: float(row["p, without"]) for unit, row in rows.items()}
    assert p["PeepholeLSTM"] > 0.05 > p["GRU"]
