"""Networks that predict the characters of a text, how they are measured, and what is compared."""

import math

import pytest
import torch
from torch import nn

from experiments import FOLDER, data
from experiments.characters import results, training
from experiments.characters_rates import results as pilot
from experiments.data import small
from experiments.records import load
from experiments.regularisation import results as regularised
from experiments.regularisation import training as regularisation

CONFIG = training.Training(embedded=3, steps=4, batch=2, updates=6, measured_every=2, tested=60)


@pytest.fixture(autouse=True)
def generated_text():
    with small.in_use():
        yield


def test_texts_are_the_words_of_the_sentences_and_validation_is_the_end_of_training():
    texts, number = training.texts()
    words = {
        split: [[token.word for token in sentence] for sentence in part]
        for split, part in data.sentences().items()
    }
    whole = torch.cat([texts["train"], texts["valid"]]).tolist()
    lines = [" ".join(sentence) + "\n" for sentence in words["train"]]
    alphabet = sorted({*"".join(lines), *"".join(" ".join(s) for s in words["test"])})
    assert "".join(alphabet[k] for k in whole) == "".join(lines)
    assert len(texts["valid"]) == pytest.approx(len(whole) / 10, abs=1)
    assert len(texts["test"]) == sum(len(" ".join(s)) + 1 for s in words["test"])
    assert number == len(alphabet)


def test_a_network_that_knows_nothing_needs_the_bits_of_the_alphabet():
    network = training.Network(CONFIG, "LSTM", 2)
    for parameter in network.out.parameters():
        nn.init.zeros_(parameter)
    wanted = math.log2(training.texts()[1])
    assert training.measure(network, CONFIG, "test") == pytest.approx(wanted, rel=1e-5)
    assert network.training


def test_each_character_is_predicted_from_those_before_it():
    network = training.Network(CONFIG, "LSTM", 3)
    piece = training.texts()[0]["train"][:8][:, None]
    changed = piece.clone()
    changed[5] = (changed[5] + 1) % training.texts()[1]
    before, after = network(piece), network(changed)
    assert torch.equal(before[:5], after[:5])
    assert not torch.equal(before[5], after[5])


def test_the_test_loss_is_that_at_the_smallest_validation_loss(monkeypatch):
    given = {"valid": iter([3.0, 2.0, 2.5]), "test": iter([3.1, 2.2, 9.0])}
    monkeypatch.setattr(training, "measure", lambda network, config, split: next(given[split]))
    network = training.Network(CONFIG, "LSTM", 2)
    record = training.learn(CONFIG, 0, network, training.texts()[0]["train"], 0.01)
    assert record == {"valid": 2.0, "test": 2.2, "best_update": 4, "curve": [3.0, 2.0, 2.5]}


def test_networks_with_as_many_parameters_are_those_that_say_so():
    config = training.Training()
    sizes = {
        model: sum(
            p.numel() for p in training.Network(config, *training.MODELS[model]).layer.parameters()
        )
        for model in training.MODELS
    }
    assert sizes["MultiplicativeLSTM, 56 units"] == pytest.approx(sizes["LSTM"], rel=0.01)
    assert sizes["MultiplicativeLSTM"] > 1.2 * sizes["LSTM"]


def test_a_loss_is_reached_at_the_first_measurement_that_is_no_larger():
    record = {"curve": [3.0, 2.0, 2.5, 1.5]}
    assert results.updates_until(record, 40, 2.0) == 80
    assert results.updates_until(record, 40, 1.5) == 160
    assert results.updates_until(record, 40, 1.4) is None


def test_the_level_is_the_loss_of_the_pilots_lstm_with_its_rate_after_half_of_the_updates():
    def record(model, rate, seed, loss):
        curve = [loss + 3, loss + 1, loss + 0.5, loss]
        return {"case": {"model": model, "rate": rate}, "seed": seed, "loss": loss, "curve": curve}

    losses = {("LSTM", 0.1): (2.0, 2.2), ("LSTM", 0.2): (3.0, 3.0), ("LayerNormLSTM", 0.1): (1, 1)}
    records = [
        record(*case, seed, loss) for case, both in losses.items() for seed, loss in enumerate(both)
    ]
    assert pilot.level({"records": records}) == pytest.approx(3.1)


def test_claims_follow_test_losses_and_updates(monkeypatch):
    monkeypatch.setattr(results, "level", lambda: 2.5)
    test = {"LSTM": 2.6, "MultiplicativeLSTM": 2.4}
    curve = {"LSTM": [3.0, 2.8, 2.5, 2.4], "LayerNormLSTM": [2.5, 2.4, 2.4, 2.4]}
    records = [
        {
            "case": {"model": model, "rate": 0.01},
            "seed": seed,
            "seconds": 1.0,
            "test": test.get(model, 2.7) + 0.001 * seed,
            "curve": curve.get(model, curve["LSTM"]),
        }
        for seed in range(10)
        for model in training.MODELS
    ]
    config = {"updates": 160, "measured_every": 40}
    found = results.claims({"config": config, "records": records})
    assert [claim["marks"] for claim in found] == ["+-", "+"]
    assert found[1]["comparisons"][0]["effect"] == pytest.approx(math.log(3))


@pytest.mark.parametrize("model", [*regularisation.METHODS, regularisation.NONE])
def test_each_method_is_that_of_the_layer_and_no_other(model, monkeypatch):
    made = []

    class Watched(training.Network):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(regularisation, "Network", Watched)
    config = regularisation.Training(
        steps=3,
        batch=2,
        updates=1,
        measured_every=1,
        tested=20,
        read=50,
        hidden=2,
        learning_rate=0.01,
    )
    record = regularisation.train(config, 0, model, 0.25)
    assert record["learning_rate"] == 0.01
    layer = made[0].layer
    rates = {name: getattr(layer, name) for name in regularisation.METHODS.values()}
    own = regularisation.METHODS.get(model)
    assert rates == {name: 0.25 if name == own else 0.0 for name in rates}


def test_training_reads_no_more_than_the_short_text(monkeypatch):
    read = []
    monkeypatch.setattr(regularisation, "learn", lambda *arguments: read.append(arguments[3]) or {})
    config = regularisation.Training(read=30, hidden=2, learning_rate=0.01)
    regularisation.train(config, 0, "none", 0.0)
    assert torch.equal(read[0], training.texts()[0]["train"][:30])


def test_claims_on_regularisation_compare_with_none():
    losses = {"none": 3.0, "recurrent dropout": 2.9, "zoneout": 3.1, "weight dropout": 3.0}
    records = [
        {
            "case": {"model": model, "rate": 0.1},
            "seed": seed,
            "test": loss + 0.001 * seed,
            "seconds": 2.0 if model == "recurrent dropout" else 1.0,
        }
        for model, loss in losses.items()
        for seed in range(10)
    ]
    found = regularised.claims({"config": {"read": 5000}, "records": records})
    assert "With 5,000 characters" in found[0]["lesson"]
    assert "takes 2.0 times as long" in found[0]["lesson"]
    assert [claim["marks"] for claim in found] == ["+", "-", "x"]


def test_the_pilots_losses_are_shown_at_each_rate_that_is_used():
    records = [
        {"case": {"model": model, "rate": rate}, "seed": 0}
        for model, rate in (("LSTM", 0.03), ("MultiplicativeLSTM", 0.01))
    ]
    losses = pilot.losses(load(FOLDER / "characters_rates" / "record.json"))
    found = results.observations({"records": records})
    assert [sentence.split()[4] for sentence in found] == ["0.01", "0.03"]
    for sentence, rate in zip(found, (0.01, 0.03), strict=True):
        assert f"{losses['MultiplicativeLSTM'][rate]:.2f} (MultiplicativeLSTM)" in sentence
