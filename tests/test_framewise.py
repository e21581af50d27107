"""Frames of speech, networks that read them, and what is compared."""

import pytest
import torch

from experiments.data import small
from experiments.framewise import results, run, training
from experiments.odyssey.tasks import speech

CONFIG = training.Training(steps=6, batch=4, epochs=1)


@pytest.fixture(autouse=True)
def generated_recordings():
    with small.in_use():
        yield


@pytest.mark.parametrize("steps", [1, 6])
def test_pieces_are_the_recordings_one_after_another(steps):
    task, source = speech(), torch.Generator().manual_seed(3)
    order = torch.randperm(len(task.inputs["train"]), generator=torch.Generator().manual_seed(3))
    frames = torch.cat([task.inputs["train"][k] for k in order.tolist()])
    digits = torch.cat(
        [task.targets["train"][k].repeat(len(task.inputs["train"][k])) for k in order.tolist()]
    )
    x, targets = training.pieces("train", steps, source)
    number = len(frames) // steps
    assert x.shape == (steps, number, frames.shape[1])
    assert torch.equal(x.transpose(0, 1).flatten(0, 1), frames[: number * steps])
    assert torch.equal(targets.T.flatten(), digits[: number * steps])
    assert not torch.equal(training.pieces("train", steps, source)[0], x)  # joined anew


@pytest.mark.parametrize("model", training.MODELS)
def test_answers_depend_on_as_much_of_the_future_as_the_network_reads(model):
    torch.manual_seed(0)
    network, settings = training.Network(training.MODELS[model]), training.MODELS[model]
    x = torch.randn(12, 1, speech().inputs["train"][0].shape[1])
    changed = x.clone()
    changed[9] += 1.0
    differs = (network(x) != network(changed)).flatten(1).any(1).tolist()
    first = 0 if settings.bidirectional else 9 - settings.delay
    assert differs == [step >= first for step in range(12)]


def test_layers_have_about_as_many_parameters():
    sizes = [
        sum(p.numel() for p in training.Network(model).layer.parameters())
        for model in training.MODELS.values()
    ]
    assert max(sizes) < 1.05 * min(sizes)


def test_a_delayed_network_has_the_rate_of_the_one_without(monkeypatch):
    rates = {m: 0.01 * (k + 1) for k, m in enumerate(training.MODELS) if "delayed" not in m}
    monkeypatch.setattr(run, "chosen_rates", lambda: rates)
    found = {case["model"]: case["rate"] for case in run.cases(run.Config())}
    assert found["RNN, delayed"] == found["RNN"] != found["LSTM, delayed"] == found["LSTM"]


def test_training_lowers_the_loss_and_measures_are_of_the_set_that_is_named():
    trained = training.learn(training.Training(6, 4, 5), 0, "BiLSTM", 0.03)
    untrained = training.learn(training.Training(6, 4, 0), 0, "BiLSTM", 0.03)
    after, before = (training.measure(n, CONFIG, "train") for n in (trained, untrained))
    assert after["loss"] < before["loss"]
    assert training.measure(trained, CONFIG, "test") != after


def test_claims_follow_the_shares_of_right_frames():
    shares = {
        "RNN": 0.5,
        "RNN, delayed": 0.62,
        "BiRNN": 0.6,
        "LSTM": 0.6,
        "LSTM, delayed": 0.6,
        "BiLSTM": 0.7,
        "CoupledLSTM": 0.59,
        "CoupledLSTM, both directions": 0.66,
    }
    records = [
        {"case": {"model": model, "rate": 0.01}, "seed": k, "accuracy": share + 0.001 * k}
        for model, share in shares.items()
        for k in range(10)
    ]
    found = results.claims({"records": records})
    assert [claim["marks"] for claim in found] == ["++", "++", "-+", "+-"]


def test_the_delay_that_the_page_names_is_that_of_the_networks():
    assert {model.delay for model in training.MODELS.values()} == {0, results.DELAY}
