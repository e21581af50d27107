"""What the reports make of records whose verdict is known."""

from experiments.papers import SOURCES
from experiments.report import counting, timing
from lstm_variants.variants import PAPERS


def run_of(protocol, task, unit, seed, took, *, solved, steps=None):
    gradient = "full" if protocol == "batches" else "truncated"
    case = {"protocol": protocol, "task": task, "F": 10, "unit": unit, "gradient": gradient}
    record = {"case": case, "seed": seed, "solved": solved, "took": took}
    return record | ({} if steps is None else {"steps": steps})


def outcomes(records):
    found = timing.score(records)["claims"]
    return [[c["outcome"] for c in claim["comparisons"]] for claim in found]


def both(task, peepholes, none):
    """Ten seeds: what it took each unit, in streams and steps, and whether it was solved."""
    return [
        run_of("online", task, unit, seed, streams + seed, steps=steps + seed, solved=solved)
        for unit, (streams, steps, solved) in (("peepholes", peepholes), ("none", none))
        for seed in range(10)
    ]


NMSD = ("NMSD", (100, 1000, True), (100, 1000, True))


def test_a_unit_that_needs_fewer_steps_is_sooner():
    records = both("GTS", (100, 1000, True), (100, 4000, True)) + both(*NMSD)
    improves, measures, generates = outcomes(records)
    assert improves == ["yes", "no"]
    assert measures == ["yes"]
    assert generates == ["yes"]


def test_streams_of_runs_that_fail_say_nothing():
    # More streams in as many steps: each of them failed sooner.
    records = both("GTS", (100, 5000, False), (900, 5000, False)) + both(*NMSD)
    assert outcomes(records)[2] == ["no"]


def test_two_units_that_cannot_measure_are_not_equally_good():
    records = both("NMSD", (100, 5000, False), (100, 5000, False))
    records += both("GTS", (100, 1000, True), (100, 1000, True))
    assert outcomes(records)[1] == ["no"]


def test_medians_know_what_is_not_solved():
    runs = [run_of("batches", "GTS", "GRU", s, 100 * s, solved=s < 5) for s in range(10)]
    assert timing.median(runs) == "not solved"  # half of them: the middle is not reached
    assert timing.median(runs[:8]) == "350"
    assert timing.median(runs[:5]) == "200"


def test_counting_is_judged_by_the_bar_of_its_training():
    def record(model, seed, reached):
        case = {"language": "aⁿbⁿ", "model": model, "hidden": 3}
        return {"case": case, "seed": seed, "reached": reached}

    far = {"LSTM": 120, "PeepholeLSTM": 480, "GRU": 20}
    records = [record(m, s, n + s) for m, n in far.items() for s in range(10)]
    assert [c["verdict"] for c in counting.score(records)["claims"]] == ["holds"] * 3
    records = [record(m, s, 40 + s % 3) for m in far for s in range(10)]
    said = [c["verdict"] for c in counting.score(records)["claims"]]
    assert said == ["does not hold here", "the opposite holds here", "does not hold here"]


def test_a_paper_has_one_address():
    both = SOURCES.keys() & PAPERS.keys()
    assert both
    assert {name: SOURCES[name] for name in both} == {name: PAPERS[name].url for name in both}
