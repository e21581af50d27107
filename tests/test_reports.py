"""Verdicts of the reports on records whose verdict is known."""

import pytest

from experiments.chunking import results as chunking
from experiments.conventions import results as conventions
from experiments.counting import results as counting
from experiments.counting_rates import choice
from experiments.counting_source_rates import results as source_rates
from experiments.counting_source_rates import run as source_rates_run
from experiments.future_context import results as future_context
from experiments.music import results as music
from experiments.records import median_of_solved
from experiments.statistics.papers import SOURCES
from experiments.timing import results as timing
from lstm_variants.papers import PAPERS

pytestmark = pytest.mark.records


def run_of(protocol, task, unit, seed, took, *, solved, steps=None):
    gradient = "full" if protocol == "batches" else "truncated"
    case = {"protocol": protocol, "task": task, "F": 10, "unit": unit, "gradient": gradient}
    record = {"case": case, "seed": seed, "solved": solved, "took": took}
    return record | ({} if steps is None else {"steps": steps})


BARRED = "undecided: not decidable here"
BEYOND = "replicated, larger than the reported effect in 1 of 2"
FARTHER = "replicated, larger than the reported effect in 2 of 2"
CAPS = {"most_steps": 5000, "updates": 3000}


def result_of(records, **config):
    return {"records": records, "config": config}


def outcomes(records):
    found = timing.claims(result_of(records, **CAPS))
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
    assert improves == ["ahead", "excluded"]  # equal times exclude that one is twice as fast
    assert measures == ["ahead"]
    assert generates == ["ahead"]


def test_streams_of_runs_that_fail_say_nothing():
    # More streams in as many steps: each of them failed sooner.
    records = both("GTS", (100, 5000, False), (900, 5000, False)) + both(*NMSD)
    assert outcomes(records)[2] == ["open"]


def test_two_units_that_cannot_measure_are_not_equally_good():
    records = both("NMSD", (100, 5000, False), (100, 5000, False))
    records += both("GTS", (100, 1000, True), (100, 1000, True))
    assert outcomes(records)[1] == ["open"]


def test_one_that_fails_sometimes_is_worse_than_one_that_never_does():
    # Without peepholes the task is solved just as soon, or not at all.
    records = both("NMSD", (100, 1000, True), (100, 1000, True))
    records += both("GTS", (100, 5000, False), (100, 5000, False))
    assert outcomes(records)[1] == ["ahead"]
    for failing in (5, 6):  # with 6 of 10, the task is not solved
        for record in records:
            if record["case"]["unit"] == "none" and record["seed"] < failing:
                record |= {"solved": False, "steps": 5000}
        assert outcomes(records)[1] == ["open"]


def test_medians_know_what_is_not_solved():
    runs = [run_of("batches", "GTS", "GRU", s, 100 * s, solved=s < 5) for s in range(10)]
    assert median_of_solved(runs) == "not solved"  # half of them: the middle is not reached
    assert median_of_solved(runs[:8]) == "350"
    assert median_of_solved(runs[:5]) == "200"


def test_each_protocol_of_timing_has_a_table_of_its_own():
    runs = [run_of("online", "GTS", "none", s, 100 + s, solved=True) for s in range(3)]
    runs += [run_of("batches", "GTS", "GRU", s, 100, solved=s < 1) for s in range(3)]
    online, batches = timing.table(result_of(runs)).split("*batches*")
    assert "streams" in online
    assert "| GTS    | 10  | 3/3: 101" in online
    assert "updates" in batches
    assert "| GTS    | 10  | 1/3 " in batches


def test_counting_is_judged_by_the_bar_of_its_training():
    def record(model, seed, n):
        case = {"language": "aⁿbⁿ", "model": model, "hidden": 3}
        return {"case": case, "seed": seed, "max_correct_n": n}

    def found(lstm, peephole, gru):
        far = {"LSTM": lstm, "PeepholeLSTM": peephole, "GRU": gru}
        records = [record(m, s, n + s % 3) for m, n in far.items() for s in range(10)]
        return verdicts(counting, records, max_train_n=50, max_test_n=500)

    assert found(120, 480, 60) == ["replicated", "replicated", "supported"]
    excluded = "effect of interest excluded"
    smaller = f"replicated, smaller than the {excluded.removesuffix(' excluded')} in 1 of 1"
    assert found(70, 70, 70) == [excluded, smaller, excluded]
    # A network that does not fit the training range does not show how far it counts.
    assert found(120, 480, 20) == [BARRED, "replicated", "supported"]
    assert found(40, 40, 40) == [BARRED, "the reverse", BARRED]


def test_counting_at_the_rates_of_the_sources_compares_networks_with_these_rates():
    def found(far):
        records = [
            {"case": case, "seed": seed, "max_correct_n": far(**case) + seed % 3}
            for case in source_rates_run.cases(source_rates_run.EXPERIMENT.config)
            for seed in range(10)
        ]
        return verdicts(source_rates, records, max_train_n=50, max_test_n=500)

    def far(model, rate, gru, slower_gru, **_):
        lstm = {0.01: 300, 0.001: 400}.get(rate)
        return lstm if model == "LSTM" else slower_gru if rate == 0.0003 else gru

    def found_with(**grus):
        return found(lambda **case: far(**case, **grus))

    assert found_with(gru=60, slower_gru=60)[:3] == [FARTHER, BEYOND, "supported"]
    assert found_with(gru=60, slower_gru=60)[3] == "effect of interest excluded"
    assert found_with(gru=60, slower_gru=460)[2:] == ["the reverse", "supported"]
    # A GRU that does not fit the training range leaves all comparisons with its rate undecided.
    expected = [BARRED, BEYOND, "supported", BARRED]
    assert found_with(gru=20, slower_gru=60) == expected


def test_a_learning_rate_is_chosen_by_the_largest_n_of_the_lower_half_of_the_seeds():
    def chosen(**rates):
        case = {"language": "aⁿbⁿ", "model": "GRU", "hidden": 3}
        records = [
            {
                "case": case | {"rate": rate},
                "seed": seed,
                "max_correct_n": n,
                "train_error": error,
            }
            for rate, (ns, error) in zip((0.1, 0.01), rates.values(), strict=True)
            for seed, n in enumerate(ns)
        ]
        return choice.chosen({"records": records})["aⁿbⁿ", "GRU", 3]

    assert chosen(high=([40, 900], 1e-9), low=([70, 60], 1e-3)) == 0.01
    assert chosen(high=([40, 900, 800], 1e-3), low=([70, 60, 90], 1e-9)) == 0.1
    assert chosen(high=([100, 100], 1e-3), low=([100, 100], 1e-6)) == 0.01


def test_a_paper_has_one_address():
    both = SOURCES.keys() & PAPERS.keys()
    assert both
    assert {name: SOURCES[name] for name in both} == {name: PAPERS[name].url for name in both}


def test_music_is_judged_at_the_rate_that_validation_prefers():
    def record(model, seed, rate, valid, test):
        case = {"data": "Nottingham", "model": model, "rate": rate}
        test = {"per_frame": test, "per_sequence": test}
        return {"case": case, "seed": seed, "valid": valid, "test": test, "epoch": 1, "at_most": 9}

    # The lower rate is worse on the test set, which is not to be looked at.
    records = [
        record(model, seed, rate, valid + rate, test + seed / 100)
        for seed in range(5)
        for model, test in (("RNN", 4.0), ("GRU", 3.5), ("PeepholeLSTM", 3.4), ("LSTM", 3.41))
        for rate, valid, test in ((0.1, 1.0, test + 1), (0.2, 1.0, test - 1))
    ]
    found = music.claims(result_of(records))
    verdict = [claim["verdict"] for claim in found]
    assert verdict == [
        "the reverse",
        "replicated, larger than the reported effect in 1 of 1",
        "replicated",
    ]
    assert found[0]["claim"] == "On Nottingham tanh units have a lower NLL than gated units"
    assert found[1]["claim"] == "On Nottingham the PeepholeLSTM has a lower NLL than the GRU"
    assert found[1]["comparisons"][0]["effect"] == pytest.approx(0.1)
    assert "5.02 ± 0.02           | 0.1 " in music.table(result_of(records))
    for record in records:
        if record["case"]["rate"] == 0.2 and record["seed"] < 2:
            record["valid"] = 0.5
    assert "| 0.1 (3), 0.2 (2) " in music.table(result_of(records))
    assert "| 1 of 9 " in music.table(result_of(records))


def verdicts(module, records, **config):
    return [claim["verdict"] for claim in module.claims(result_of(records, **config))]


def test_conventions_are_judged_by_the_measure_of_each_task():
    measured = {
        "counting": lambda better: {"max_correct_n": 500 if better else 100},
        "adding": lambda better: {"sequences": 100 if better else 900, "solved": True},
        "music": lambda better: {"test": {"per_frame": 8.0 if better else 8.5}},
        "timing": lambda better: {"took": 100, "solved": True},
    }

    def record(task, model, seed):
        found = measured[task](model in ("PeepholeLSTM", "GRU"))
        for name in found.keys() & {"max_correct_n", "sequences", "took"}:
            found[name] += seed
        return {"case": {"task": task, "model": model}, "seed": seed} | found

    models = ("PeepholeLSTM", "PeepholeLSTM-previous", "GRU", "GRU-before")
    records = [record(t, m, s) for t in measured for m in models for s in range(10)]
    caps = {"max_test_n": 10_000, "max_sequences": 1000, "updates": 300}
    assert verdicts(conventions, records, **caps) == [
        "supported in part (3 of 4)",
        "the reverse in part (3 of 4)",
    ]
    assert "| 104 (10 of 10)" in conventions.table(result_of(records))


def test_chunking_is_judged_in_points():
    f1 = {
        "LSTM": 88.0,
        "LSTM, as many parameters": 88.5,
        "LSTM, delayed by 1": 91.0,
        "LSTM, delayed by 2": 92.9,
        "BiLSTM": 93.0,
        "BiLSTM, peepholes": 92.5,
    }
    records = [
        {"case": {"model": model}, "seed": seed, "f1": value + (seed % 3) / 100}
        for seed in range(5)
        for model, value in f1.items()
    ]
    larger = "replicated, larger than the reported effect in 1 of 2"
    part = "supported in part (1 of 2), the reverse in 1"
    assert verdicts(chunking, records) == [larger, "supported", part, "replicated"]


def future_records(**changes):
    found = {
        "LSTM": 0.5,
        "LSTM, twice as wide": 0.5,
        "LSTM, delayed by 1": 1.0,
        "BiLSTM": 1.0,
        "BiLSTM, peepholes": 1.0,
        "BiGRU": 1.0,
        "BiLSTM, no hidden layer": 0.5,
    } | changes
    return [
        {"case": {"model": model}, "seed": seed, "accuracy": value, "parameters": 9}
        for seed in range(10)
        for model, value in found.items()
    ]


@pytest.mark.parametrize(("bilstm", "verdict"), [(1.0, "supported"), (0.5, "supported")])
def test_a_delayed_network_is_compared_with_both_directions(bilstm, verdict):
    assert verdicts(future_context, future_records(BiLSTM=bilstm)) == [verdict]


def test_a_delayed_network_may_be_worse_than_both_directions():
    assert verdicts(future_context, future_records(**{"LSTM, delayed by 1": 0.9})) == [
        "the reverse"
    ]


@pytest.mark.parametrize(("accuracy", "passes"), [(0.5, True), (0.506, True), (0.507, False)])
def test_causal_networks_are_checked_against_chance(accuracy, passes):
    """With 96,000 answers, the standard deviation of guessing is 0.16 percentage points."""
    result = result_of(future_records(LSTM=accuracy), tested=2000, steps=50)
    found = future_context.check(result)
    assert (found["answers"], found["passes"]) == (96_000, passes)
    assert (found["both"], found["above"]) == (30, 30)
    assert ("**not** within" in future_context.table(result)) != passes
