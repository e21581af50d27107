"""What pages say that verdicts depend on, computed from the published records."""

from itertools import product

import numpy as np
import pytest

from experiments import FOLDER
from experiments.adding import results as adding
from experiments.conventions import results as conventions
from experiments.counting import results as counting
from experiments.counting_source_rates import results as source_rates
from experiments.future_context import results as future_context
from experiments.gates import results as gates
from experiments.power import results as power
from experiments.records import grouped, load
from experiments.statistics.comparisons import Pair, scores, times
from experiments.statistics.readings import question
from experiments.statistics.verdicts import claim
from experiments.timing.online import CELL, Network, predict
from experiments.timing.run import UNITS
from experiments.timing_variations import PHASES
from experiments.timing_variations import results as variations

pytestmark = pytest.mark.records

PAIR = Pair("first", "second")


def record_of(name):
    return load(FOLDER / name / "record.json")


def test_counting_where_most_seeds_do_not_fit(monkeypatch):
    monkeypatch.setattr(counting, "FITTED", 0.0)
    farther, *_ = counting.claims(record_of("counting"))
    assert farther["marks"] == ".<.+"
    assert farther["verdict"] == "replicated in part (2 of 4)"
    farther, _, farther_than_slow, slow = source_rates.claims(record_of("counting_source_rates"))
    assert farther["marks"] == "<<"
    assert farther_than_slow["marks"] == "++++"
    assert slow["marks"] == "-x-x"


def test_counting_in_multiples_of_the_training_range():
    result = record_of("counting")
    found, limit = counting.by_case(result["records"]), result["config"]["max_train_n"]
    ns = [np.array(found["aⁿbⁿ", unit, 10]) / limit for unit in ("LSTM", "GRU")]
    reported = counting.WEISS_DIFFERENCES["aⁿbⁿ", 10] / 100
    assert round(reported, 1) == 2.2
    one = claim(
        "one",
        question(),
        "adapted",
        [scores(Pair("first", "second", where=""), *ns, "", reported=reported)],
    )
    assert one["marks"] == "+"


def test_lstms_with_three_units_that_learn_to_count():
    found = counting.by_case(record_of("counting")["records"])
    lstms = sorted(found["aⁿbⁿ", "LSTM", 3])
    assert max(lstms[:3]) < 50
    assert lstms[3] > max(found["aⁿbⁿ", "GRU", 3])
    sources = grouped(
        record_of("counting_source_rates")["records"], "language", "model", "hidden", "rate"
    )
    lstm, gru = (
        [run["max_correct_n"] for run in sources["aⁿbⁿ", model, 3, rate]]
        for model, rate in (("LSTM", 0.01), ("GRU", 0.001))
    )
    assert min(lstm) > max(gru)


def test_the_reset_gate_with_the_effect_of_counting(monkeypatch):
    monkeypatch.setattr(conventions, "COUNTED", 25.0)
    _, reset_gate = conventions.claims(record_of("conventions"))
    assert reset_gate["marks"] == ".x.."
    assert reset_gate["kind"].startswith("undecided")


def test_generating_as_one_claim(monkeypatch):
    given = []

    def collect(text, *others, **options):
        given.append((text, others[2]))
        return claim(text, *others, **options)

    monkeypatch.setattr(variations, "claim", collect)
    found = variations.claims(record_of("timing_variations"))
    parts = [k for k, (text, _) in enumerate(given) if "help to generate" in text]
    together = [comparison for k in parts for comparison in given[k][1]]
    one = claim("one", question(), "adapted", together)
    assert one["marks"] == "".join(found[k]["marks"] for k in parts)
    assert one["kind"].startswith("undecided")


def test_measuring_without_peepholes_with_an_input_bias():
    runs = grouped(record_of("timing_variations")["records"], "task", "variation", "unit", "F")
    for unit in ("peepholes", "none"):
        for F in (20, 30):
            assert sum(r["solved"] for r in runs["NMSD", "input bias -2", unit, F]) >= 9


def test_measuring_without_peepholes_is_not_slower_with_an_input_bias():
    result = record_of("timing_variations")
    runs, cap = (
        grouped(result["records"], "F", "variation", "unit"),
        result["config"]["max_streams"],
    )
    comparisons = [
        times(
            PAIR,
            *(
                [run["took"] if run["solved"] else cap for run in runs[F, "input bias -2", unit]]
                for unit in ("none", "peepholes")
            ),
            cap,
            margin=variations.MARGIN,
        )
        for F in (20, 30)
    ]
    one = claim("one", question(), "our own task", comparisons)
    assert one["marks"] == "++"


def test_streams_are_shorter_without_the_new_cell_state():
    """In time steps, the unit of the notebook learns a triangle more than twice as fast."""
    runs = grouped(record_of("timing_variations")["records"], "task", "F", "variation", "unit")
    for phase in PHASES:
        steps = [
            [run["steps"] for run in runs["TRIANGLE", 25, phase, unit] if run["solved"]]
            for unit in ("previous", "peepholes")
        ]
        assert 2 * np.median(steps[0]) < np.median(steps[1])


def test_peepholes_need_more_steps_for_a_short_cosine_than_others_have():
    runs = grouped(record_of("timing_variations")["records"], "task", "F", "variation", "unit")
    for phase in PHASES:
        most = max(run["steps"] for run in runs["COSINE", 10, phase, "none"])
        solved = [r["steps"] for r in runs["COSINE", 10, phase, "peepholes"] if r["solved"]]
        assert min(solved) > most


def measured(variation, units, **changes):
    """The outputs after an interval of F and of F + 1, of each run that does not solve its task."""
    runs = grouped(record_of("timing_variations")["records"], "F", "variation", "unit")
    outputs = []
    for F, unit in product((20, 30), units):
        network = Network(int(UNITS[unit]), full=False, is_linear=False, **changes)
        for run in runs[F, variation, unit]:
            answers = []
            for interval in (F, F + 1):
                state, tangents = np.zeros(2), np.zeros((2, CELL))
                for x in (1.0, *[0.0] * (interval - 1), 1.0):
                    y = predict(np.array(run["weights"]), x, state, tangents, network)
                answers.append(y)
            if not run["solved"]:
                outputs.append(answers)
    return np.array(outputs)


def test_most_bounded_candidates_that_do_not_measure_output_zero():
    outputs = measured("bounded candidate", ("peepholes", "none"), tanh_candidate=True)
    assert np.mean(outputs[:, 0] < 1e-9) > 0.6


def test_bounded_cell_outputs_that_do_not_measure():
    outputs = measured("bounded cell output", ["peepholes"], tanh_cell=True)
    assert np.mean(np.abs(np.diff(outputs)) < 1e-3) > 0.6
    outputs = measured("bounded cell output", ["none"], tanh_cell=True)
    assert len(outputs) == 20
    assert np.max(np.abs(outputs - 0.5)) < 0.05


def test_measuring_online_with_full_gradients():
    runs = grouped(record_of("timing")["records"], "protocol", "task", "F", "unit", "gradient")
    solved = [
        sum(run["solved"] for run in runs["online", "NMSD", 10, unit, "full"])
        for unit in ("none", "peepholes")
    ]
    assert solved == [1, 5]


def test_other_seeds_generate_spikes_at_short_intervals():
    runs = grouped(record_of("timing_variations")["records"], "task", "F", "variation", "unit")
    solved = [
        sum(run["solved"] for run in runs["GTS", 10, "0 or 1", unit])
        for unit in ("peepholes", "none")
    ]
    assert solved == [5, 0]


def test_initial_biases_that_leave_an_lstm_on_its_plateau():
    runs = grouped(record_of("initial_biases")["records"], "T", "model", "initialisation")
    for T in (100, 500):
        errors = [
            [run["mean_error"] for run in runs[T, "LSTM", name]]
            for name in ("uniform", "bias 1", "bias 2")
        ]
        assert np.ptp(errors, axis=0).max() < 1e-3
        assert np.min(errors) > 0.15
    bias, short = (
        np.median([run["sequences"] for run in runs[100, "GRU", name]])
        for name in ("bias 2", "chrono T/10")
    )
    assert bias < short


def test_longer_runs_of_the_adding_problem():
    runs = grouped(record_of("initial_biases")["records"], "model", "initialisation")
    assert [all(r["solved"] for r in runs[m, "uniform"]) for m in ("GRU", "LSTM")] == [True, False]
    assert not any(run["solved"] for run in runs["LSTM", "uniform"])


def test_gradients_on_the_adding_problem():
    result = record_of("adding")
    runs = grouped(result["records"], "T", "model", "initialisation")
    slow = {"RNN", "LSTM", "PeepholeLSTM", "GRU"}
    for (_, model, initialisation), found in runs.items():
        lags, norms = np.moveaxis([run["norms"]["before"] for run in found], -1, 0)
        first, *_, last = np.median(norms, axis=0)
        if initialisation == "chrono T":
            assert last > 0.01 * first
            assert all(run["solved"] for run in found)
        vanished = np.median(norms, axis=0) < 1e-12
        assert vanished.any() == (initialisation == "uniform" and model in slow)
        if vanished.any():
            assert 55 < lags[0][vanished][0] < 65
    solved = {model: [r["solved"] for r in runs[100, model, "uniform"]] for model in slow}
    assert all(solved.pop("GRU"))
    assert not any(map(any, solved.values()))
    without_forget_gate = [r["solved"] for r in runs[100, "LSTM 1997", "uniform"]]
    assert any(without_forget_gate)
    assert not all(without_forget_gate)


def test_the_limit_of_the_adding_problem_lies_between_means_and_the_slowest_network():
    limit = record_of("adding")["config"]["max_sequences"]
    assert max(adding.PUBLISHED.values()) < limit < min(adding.SLOWEST.values())


def test_the_claim_on_long_lags_depends_on_the_slowest_network_of_the_source(monkeypatch):
    def verdict():
        return adding.claims(record_of("adding"))[0]["verdict"]

    assert verdict() == "replicated in part (5 of 8)"
    monkeypatch.setattr(adding, "SLOWEST", {})
    assert verdict() == "replicated in part (7 of 8)"


def test_the_last_phase_of_training_with_a_mark_in_each_half():
    names = "T", "second_mark", "model", "initialisation"
    result = record_of("adding_both_halves")
    runs, cap = grouped(result["records"], *names), result["config"]["max_sequences"]
    late, early = (
        np.median([run["learned"] for run in runs[200, half, "LSTM", "chrono T"]])
        for half in ("second half", "first half")
    )
    assert abs(late / early - 1) < 0.02
    comparisons = [
        times(
            PAIR,
            *(
                [
                    run["sequences"] if run["solved"] else cap
                    for run in runs[T, "second half", "LSTM", b]
                ]
                for b in ("bias 1", "uniform")
            ),
            cap,
            of_interest=2,
        )
        for T in (200, 750)
    ]
    assert claim("one", question(), "our own task", comparisons)["marks"] == "xx"


def test_networks_that_close_the_output_gate():
    solved = [r for r in record_of("gates")["records"] if r["case"]["unit"] == "peepholes"]
    first, second = sorted(solved, key=lambda run: (run["took"], run["seed"]))[:2]
    assert first["took"] == second["took"]
    assert min(first["trace"]["o"]) > gates.CLOSED > min(second["trace"]["o"])


def test_accuracy_near_the_sum_of_zero():
    runs = grouped(record_of("future_context")["records"], "model")
    accuracy = {name: [run["accuracy"] for run in found] for name, found in runs.items()}
    assert accuracy["LSTM"] == accuracy["LSTM, twice as wide"]
    differs = [
        abs(a - b) > 0.01
        for a, b in zip(accuracy["LSTM"], accuracy["BiLSTM, no hidden layer"], strict=True)
    ]
    assert sum(differs) == 2
    found = future_context.check(record_of("future_context"))
    assert found["passes"]
    assert found["above"] == found["both"] - 1
    config = record_of("future_context")["config"]
    bits = config["tested"] * (config["steps"] - 2)
    chance = 3 * np.sqrt(0.25 / bits)
    assert sum(abs(a - 0.5) > chance for a in accuracy["BiLSTM, no hidden layer"]) == 3


def test_effects_that_ten_seeds_show_in_four_comparisons():
    found = power.rates(record_of("power")["records"])
    shown = {effect for (_, effect), rates in found.items() if rates.get((10, 4), 0) > 0.8}
    assert shown == {"2.5 standard deviations", "8 times sooner", "solved by 80 % and 10 %"}
