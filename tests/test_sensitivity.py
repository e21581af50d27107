"""What pages say that verdicts depend on, computed from the published records."""

from statistics import mean

import pytest

from experiments import FOLDER
from experiments.conventions import results as conventions
from experiments.odyssey import ABLATIONS, VANILLA
from experiments.odyssey import results as odyssey
from experiments.odyssey.tables import welch
from experiments.records import grouped, load
from experiments.statistics.verdicts import claim
from experiments.timing_variations import results as variations


def record_of(name):
    return load(FOLDER / name / "record.json")


def test_the_reset_gate_with_the_effect_of_counting(monkeypatch):
    monkeypatch.setattr(conventions, "COUNTED", 25.0)
    _, reset_gate = conventions.claims(record_of("conventions"))
    assert reset_gate["marks"] == ".x.."
    assert reset_gate["verdict"].startswith("inconclusive")


def test_twenty_trials_on_pen_strokes_depended_on_two():
    result = record_of("odyssey_strokes")
    first = [record for record in result["records"] if record["seed"] < 20]
    assert odyssey.claims(result | {"records": first})[0]["marks"] == "+++++++."
    vanilla = sorted(grouped(first, "unit")[VANILLA], key=lambda t: t["valid"])
    for trial in vanilla[:2]:
        others = [record for record in first if record is not trial]
        assert set(odyssey.claims(result | {"records": others})[0]["marks"]) == {"."}


def test_forty_trials_on_pen_strokes_decided_two_ablations():
    result = record_of("odyssey_strokes")
    first = [record for record in result["records"] if record["seed"] < 40]
    assert odyssey.claims(result | {"records": first})[0]["marks"] == "..+.+..."


@pytest.mark.parametrize(("seeds", "marks"), [(20, "....+..."), (40, "+.+.+...")])
def test_fewer_trials_on_spoken_digits(seeds, marks):
    result = record_of("odyssey_speech")
    first = [record for record in result["records"] if record["seed"] < seeds]
    assert odyssey.claims(result | {"records": first})[0]["marks"] == marks


@pytest.mark.parametrize("name", ["odyssey_speech", "odyssey_strokes"])
def test_coupled_gates_are_better_by_the_test_of_the_paper(name):
    best = odyssey.best_losses(record_of(name))
    better = [
        unit
        for unit in ABLATIONS
        if welch(best[VANILLA], best[unit]) < 0.05 and mean(best[unit]) < mean(best[VANILLA])
    ]
    assert better == ["CIFG"]


def test_generating_as_one_claim(monkeypatch):
    given = []

    def collect(text, *others, **options):
        given.append((text, others[3]))
        return claim(text, *others, **options)

    monkeypatch.setattr(variations, "claim", collect)
    found = variations.claims(record_of("timing_variations"))
    parts = [k for k, (text, _) in enumerate(given) if "help to generate" in text]
    together = [comparison for k in parts for comparison in given[k][1]]
    one = claim("one", "this project", "nothing", "adapted", together)
    assert one["marks"] == "".join(found[k]["marks"] for k in parts)
    assert one["verdict"].startswith("inconclusive")


def test_measuring_without_peepholes_with_an_input_bias():
    runs = grouped(record_of("timing_variations")["records"], "task", "variation", "unit", "F")
    for unit in ("peepholes", "none"):
        for F in (20, 30):
            assert sum(r["solved"] for r in runs["NMSD", "input bias -2", unit, F]) >= 9
