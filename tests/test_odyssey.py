"""The study of hyperparameters: its trials, its tasks and what its records mean."""

import dataclasses
import functools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn.functional import binary_cross_entropy, one_hot

from experiments import odyssey
from experiments.data import small
from experiments.engine.units import run_unit
from experiments.odyssey import results, study, tables, tasks
from experiments.odyssey.compare import compare, digest_of
from experiments.odyssey.figure import figure
from experiments.odyssey.findings import welch
from experiments.odyssey.importance import importances, marginal
from experiments.odyssey.results import best_losses, claims
from experiments.odyssey.tables import best_errors, differences, table
from experiments.plotting import WIDE
from experiments.statistics.importance import shares_of_variance
from lstm_variants.cells import LSTMCell
from tests.test_equations import SlottedCell

pytestmark = [
    pytest.mark.xdist_group("odyssey"),
    pytest.mark.usefixtures("few_permutations"),
]
QUICK = {"epochs": 2, "batch": 8, "hidden": (2, 4)}


@pytest.fixture(scope="module", autouse=True)
def _small_data():
    with small.in_use():
        yield


@pytest.mark.parametrize("name", tasks.TASKS)
def test_splits_have_no_sequence_in_common(name):
    task = tasks.TASKS[name]()
    seen = [x.numpy().tobytes() for part in task.inputs.values() for x in part]
    assert len(set(seen)) == len(seen)
    for split in tasks.SPLITS:
        assert len(task.inputs[split]) == len(task.targets[split]) > 0


@pytest.mark.parametrize("name", ["speech", "strokes"])
def test_training_inputs_are_standardised(name):
    frames = torch.cat(tasks.TASKS[name]().inputs["train"]).double()
    torch.testing.assert_close(frames.mean(0), torch.zeros_like(frames[0]), atol=1e-4, rtol=0)
    spread = frames.std(0)
    assert ((spread - 1).abs() < 1e-3).logical_or(spread == 0).all()


def test_losses_of_music_are_those_of_each_sequence_alone():
    task = tasks.music()
    network = study.Network(study.CELLS["vanilla"], task, 3)
    together = task.losses(study.logits(network, task, "test", [0, 1, 2]), [0, 1, 2], "test")
    alone = []
    for k in range(3):
        x, target = task.inputs["test"][k], task.targets["test"][k]
        output, _ = network.layer(x[:, None])
        probabilities = torch.sigmoid(network.out(output[:, 0]))
        alone.append(binary_cross_entropy(probabilities, target, reduction="none").sum(-1))
    torch.testing.assert_close(together.sum(), torch.cat(alone).sum())
    assert len(together) == sum(map(len, alone))


@pytest.mark.parametrize("name", ["speech", "strokes"])
def test_errors_are_the_share_of_wrong_digits(name):
    task = tasks.TASKS[name]()
    found = study.mean(task.errors, lambda x, lengths: one_hot(lengths % 10, 10), task, "test")
    pairs = zip(task.inputs["test"], task.targets["test"], strict=True)
    assert found == pytest.approx(np.mean([len(x) % 10 != int(digit) for x, digit in pairs]))
    assert 0 < found < 1


def test_chance_of_music_is_the_best_constant_answer():
    task = tasks.music()
    rolls = [
        torch.cat([x, y[-1:]])
        for x, y in zip(task.inputs["train"], task.targets["train"], strict=True)
    ]
    shares = torch.cat(rolls).mean(0).clamp(1e-6, 1 - 1e-6)
    frames = torch.cat(task.targets["test"])
    logs = torch.where(frames > 0, shares, 1 - shares).log()
    assert task.chance == pytest.approx(float(-logs.sum(1).mean()), rel=1e-4)
    assert 0 < task.chance < 88 * math.log(2)


@pytest.mark.parametrize("name", tasks.TASKS)
def test_a_trial_is_the_same_again_and_another_unit_draws_other_values(name):
    config = study.Config(name, **QUICK)
    with torch.random.fork_rng():
        first, again = (study.trial(config, study.CELLS["vanilla"], "vanilla", 3) for _ in "ab")
        other = study.trial(config, study.CELLS["vanilla"], "copy", 3)
    assert first == again
    assert first["rate"] != other["rate"]
    assert 1 <= first["best_epoch"] <= first["epochs"] <= 2


def test_draws_lie_in_their_ranges_on_their_scales():
    config = study.Config("speech")
    random = np.random.default_rng(0)
    drawn = [study.draw(config, random) for _ in range(2000)]
    for name, (low, high) in {"hidden": (20, 200), "rate": (1e-5, 1e-1), "noise": (0, 1)}.items():
        values = [getattr(d, name) for d in drawn]
        assert low <= min(values) < max(values) <= high
    assert np.median([d.hidden for d in drawn]) == pytest.approx(math.sqrt(20 * 200), rel=0.1)
    assert np.median([d.rate for d in drawn]) == pytest.approx(1e-3, rel=0.3)
    assert np.median([1 - d.momentum for d in drawn]) == pytest.approx(0.1, rel=0.2)


def test_a_trial_that_diverges_ends_at_once_and_counts_as_chance(monkeypatch):
    monkeypatch.setattr(study, "mean", lambda *_: math.nan)
    config = study.Config("speech", **QUICK | {"epochs": 50})
    found = run_unit(study.run, config, {"unit": "NOAF"}, 0)
    assert found["epochs"] == 1
    assert best_losses({"records": [found]})["NOAF"] == [pytest.approx(math.log(10))]


def record(unit, seed, valid, test, **values):
    drawn = {"hidden": 20 + seed, "rate": 10 ** (-1 - seed % 5), "momentum": 0.5, "noise": 0.1}
    found = {"valid": valid, "test": test, "chance": 2.3, "epochs": 30}
    return {"case": {"unit": unit}, "seed": seed} | drawn | found | values


def study_of(losses, rest=0.0):
    units = [odyssey.VANILLA, *odyssey.ABLATIONS]
    return {
        "config": {"task": "speech", "epochs": 150},
        "records": [
            # The best tenth by validation is that of the first six seeds.
            record(unit, seed, loss, loss + (seed > 5) * rest)
            for unit in units
            for seed in range(60)
            for loss in [losses.get(unit, 0.1) + seed / 1000]
        ],
    }


def test_the_best_tenth_is_chosen_by_validation():
    result = study_of({}, rest=-0.05)
    assert best_losses(result)["NP"] == pytest.approx([0.1 + k / 1000 for k in range(6)])
    assert best_errors(result) == {}
    for trial in result["records"]:
        trial["error"] = trial["seed"] / 1000
    assert best_errors(result)["NP"] == pytest.approx(0.0025)


def test_ablations_are_judged_by_the_rule():
    found = claims(study_of({"NFG": 1.0, "NOAF": 1.0}))
    assert [claim["verdict"] for claim in found] == ["replicated", "replicated"]
    found = claims(study_of({"NFG": 0.1, "NIG": 0.01}))
    assert "the reverse in 1" in found[0]["verdict"]
    assert found[1]["verdict"] == "effect of interest excluded"


def test_a_unit_whose_best_trials_are_cut_off_decides_nothing():
    result = study_of({"NFG": 1.0, "NOAF": 1.0})
    for trial in result["records"]:
        if trial["case"]["unit"] == "NFG" and trial["seed"] < 4:
            trial["epochs"] = 150
    better, worse = claims(result)
    assert better["marks"] == "+/++++++"
    assert worse["marks"] == "/+"
    reason = "most of the best trials of NFG end at the limit of epochs"
    assert worse["comparisons"][0]["open_because"] == reason


def test_differences_from_the_vanilla_lstm():
    """With the p-values of both tests: Welch's statistic and its degrees of freedom by hand."""
    result = study_of({"NFG": 0.103})
    rows = {row["recurrent unit"]: row for row in differences(result)}
    assert rows["NFG"]["difference"] == "+0.003"
    assert rows["NP"] == {
        "recurrent unit": "NP",
        "difference": "+0.000",
        "p, permutations": "1",
        "p, Welch": "1",
    }
    t = 3 / math.sqrt(2 * 3.5 / 6)  # thousandths; the variance of 0 to 5 is 3.5
    expected = 2 * stats.t.sf(t, df=10)
    best = best_losses(result)
    assert welch(best["vanilla"], best["NFG"]) == pytest.approx(expected)
    assert rows["NFG"]["p, Welch"] == f"{expected:.2g}"
    one = [trial for trial in result["records"] if trial["case"]["unit"] == "NP"]
    assert differences(result | {"records": one}) == []


@pytest.mark.slow
def test_a_factor_with_names_has_the_share_of_its_variance():
    """One of nine units differs, and the variance due to the rate is as large."""
    random, units = np.random.default_rng(0), [odyssey.VANILLA, *odyssey.ABLATIONS]
    effect = math.sqrt(8) / 9  # standard deviation of a value that is 1 for one of nine
    trials, losses = [], []
    for k in range(900):
        rate = random.uniform(0, 1)
        trials.append({"rate": rate, "unit": units[k % 9]})
        losses.append((units[k % 9] == "NOG") + effect * math.sqrt(12) * rate)
    shares = shares_of_variance(trials, losses)
    assert shares == {"rate": pytest.approx(0.5, abs=0.02), "unit": pytest.approx(0.5, abs=0.02)}


@pytest.mark.slow
def test_the_importance_of_the_unit_beside_hyperparameters_is_found():
    result = study_of({"NFG": 2.0}, rest=0.01)
    shares = importances(result["records"])
    assert next(iter(shares)) == "unit"
    assert shares["unit"] > 0.9
    for trial in result["records"]:
        trial["parameters"] = 1000
    text = table(result)
    assert "| recurrent unit " in text
    assert "predicts 100 % of the variance" in text
    assert "1\u202f000" in text


@pytest.mark.slow
def test_the_importance_of_a_hyperparameter_is_found():
    random = np.random.default_rng(0)
    config = study.Config("speech")
    records = []
    for seed in range(200):
        drawn = study.draw(config, random)
        loss = (math.log10(drawn.rate) + 3) ** 2 / 4 + 0.1 * drawn.noise
        values = {"hidden": drawn.hidden, "rate": drawn.rate, "momentum": drawn.momentum}
        records.append(record("vanilla", seed, loss, loss, noise=drawn.noise, **values))
    shares = importances(records)
    assert next(iter(shares)) == "rate"
    assert shares["rate"] > 0.8
    assert sum(shares.values()) <= 1
    result = {"config": {"task": "speech", "epochs": 150}, "records": records}
    text = table(result)
    assert "| learning rate " in text
    assert "error" not in text
    with_errors = [r | {"error": 0.1} for r in records[:20]]
    assert "error of the best tenth" in table(result | {"records": with_errors})
    values, losses = marginal(result, "rate")
    assert values[losses.index(min(losses))] == pytest.approx(-3, abs=0.3)
    boxes, rates = figure(result, WIDE).axes
    assert [label.get_text() for label in boxes.get_xticklabels()] == ["vanilla"]
    assert rates.get_xlabel() == "learning rate"


def test_every_unit_is_an_experiment_with_toy_settings():
    toy = study.experiment("music")
    assert {case["unit"] for case in toy.cases(toy.config)} == set(study.CELLS)
    for case in toy.cases(toy.smoke):
        found = toy.run(toy.smoke, 0, **case)
        assert math.isfinite(found["test"])


def test_the_units_of_the_claims_are_in_the_study():
    assert {odyssey.VANILLA, *odyssey.ABLATIONS, *results.CRITICAL} <= set(study.CELLS)
    assert set(results.OF_INTEREST) == set(results.UNITS) == set(tasks.TASKS)


def test_a_cell_of_your_own_is_compared_with_one_line(monkeypatch, capsys):
    few = {"records": [record(unit, seed, 1.0, 1.0) for unit in study.CELLS for seed in range(4)]}
    toy = study.Config("speech", **QUICK)
    monkeypatch.setattr("experiments.odyssey.compare.load", lambda path: few)
    monkeypatch.setitem(study.STUDIES, "speech", toy)
    with pytest.raises(ValueError, match=r"task should be one of 'speech', .* got 'spech'"):
        compare(LSTMCell(), "spech")
    with pytest.raises(ValueError, match="should be one for 'strokes', got one for 'speech'"):
        compare(LSTMCell(), "strokes", config=toy)
    with pytest.raises(ValueError, match="not be that of a published unit, got 'GRU'"):
        compare(LSTMCell(coupled=True), "speech", name="GRU", trials=4)
    with pytest.raises(ValueError, match="trials should be 1 or more, got 0"):
        compare(LSTMCell(coupled=True), "speech", trials=0)
    result = compare(LSTMCell(coupled=True), "speech", name="mine", trials=4)
    assert [record["case"]["unit"] for record in result["records"][-4:]] == ["mine"] * 4
    printed = capsys.readouterr().out
    assert "| mine " in printed
    assert "| vanilla " in printed
    shorter = dataclasses.replace(toy, epochs=1)
    result = compare(LSTMCell(coupled=True), "speech", name="mine", trials=1, config=shorter)
    assert [record["case"]["unit"] for record in result["records"]] == ["mine"]


def test_trials_of_a_cell_of_your_own_are_kept(monkeypatch, tmp_path, capsys):
    toy = dataclasses.replace(study.Config("speech", **QUICK), epochs=1)
    run = functools.partial(compare, task="speech", name="mine", config=toy, folder=tmp_path)
    first = run(LSTMCell(coupled=True), trials=1)["records"]
    capsys.readouterr()
    more = run(LSTMCell(coupled=True), trials=2)["records"]
    assert "continuing: 1 finished units" in capsys.readouterr().out
    assert more[0] == first[0]
    assert [record["seed"] for record in more] == [0, 1]
    assert run(LSTMCell(coupled=True), trials=1)["records"] == first
    capsys.readouterr()
    run(LSTMCell(), trials=1)  # another cell of this class
    assert "continuing" not in capsys.readouterr().out
    assert len({digest_of(SlottedCell(alpha=alpha)) for alpha in (0.1, 0.9)}) == 2
    namespace = {"LSTMCell": LSTMCell}
    exec("class Typed(LSTMCell):\n    'A cell that was typed into a shell.'", namespace)
    with pytest.raises(ValueError, match="the class Typed should be in a file"):
        run(namespace["Typed"](), trials=1)


def test_a_trial_is_measured_where_validation_was_best(monkeypatch):
    losses, measured = iter([3.0, 1.0, 2.0, 2.0, 2.0, 0.0]), []

    def mean(measure, network, task, split):
        measured.append((split, network.out.bias.detach().clone()))
        return next(losses) if split == "valid" else 0.5

    monkeypatch.setattr(study, "mean", mean)
    config = study.Config("speech", **QUICK | {"epochs": 50}, patience=3)
    found = study.trial(config, study.CELLS["GRU"], "GRU", 0)
    assert (found["epochs"], found["best_epoch"], found["valid"]) == (5, 2, 1.0)
    splits, biases = zip(*measured, strict=True)
    assert splits == ("valid",) * 5 + ("test",) * 2
    assert torch.equal(biases[-1], biases[1])
    assert not torch.equal(biases[-1], biases[4])


def test_a_trial_is_trained_as_it_is_drawn(monkeypatch):
    noises, options, logits, adam = {}, [], study.logits, torch.optim.Adam

    def recorded(network, task, split, picks, noise=0.0):
        noises.setdefault(split, set()).add(noise)
        return logits(network, task, split, picks, noise)

    monkeypatch.setattr(study, "logits", recorded)
    monkeypatch.setattr(torch.optim, "Adam", lambda p, **o: options.append(o) or adam(p, **o))
    found = study.trial(study.Config("speech", **QUICK), study.CELLS["GRU"], "GRU", 0)
    assert noises == {"train": {found["noise"]}, "valid": {0.0}, "test": {0.0}}
    assert (options[0]["lr"], options[0]["betas"][0]) == (found["rate"], found["momentum"])


def test_what_the_table_says_of_trials():
    trials = [record("GRU", k, 0.1 * k, 0.1 * (k if k < 10 else -k)) for k in range(30)]
    assert tables.rank_correlation(trials) == "1.00"  # of the third with the lowest losses
    assert tables.rank_correlation(trials[:14]) == ""
    chance = [record("GRU", k, 1.0, test) for k, test in enumerate([1.0, 2.3, 5.0])]
    [row] = tables.draws({"config": {"epochs": 150}, "records": chance})
    assert row["test loss of chance or above"] == 2
