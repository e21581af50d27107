"""Sequences with symbols to copy, and what is compared."""

import pytest
import torch

from experiments.selective_copying import results, training

CONFIG = training.Training(steps=12, copied=3, symbols=5, hidden=4, batch=6, updates=3, tested=20)


def drawn(batch=200):
    return training.sequences(CONFIG, batch, torch.Generator().manual_seed(0))


def test_the_symbols_to_copy_are_among_blanks_in_their_order_and_questions_follow():
    x, targets = drawn()
    assert x.shape == (15, 200)
    assert (x[12:] == training.RECALL).all()
    for row, wanted in zip(x[:12].T, targets.T, strict=True):
        assert torch.equal(row[row != training.BLANK] - training.FIRST, wanted)
        assert (row == training.BLANK).sum() == 9


def test_places_and_symbols_are_drawn_evenly():
    x, targets = drawn(4000)
    at = (x[:12] != training.BLANK).double().mean(1)
    torch.testing.assert_close(at, torch.full((12,), 3 / 12).double(), atol=0.03, rtol=0)
    shares = targets.flatten().bincount(minlength=5) / targets.numel()
    torch.testing.assert_close(shares, torch.full((5,), 0.2), atol=0.03, rtol=0)


@pytest.mark.parametrize("model", training.MODELS)
def test_networks_have_the_layers_that_their_names_say_and_answer_at_the_end(model):
    network = training.Network(CONFIG, model)
    assert f"{network.layer.num_layers} layer" in model
    x, _ = drawn(2)
    logits = network(x)
    assert logits.shape == (3, 2, 5)
    x[-1] = training.BLANK  # the last input changes the last answer alone
    changed = network(x)
    assert torch.equal(changed[:-1], logits[:-1])
    assert not torch.equal(changed[-1], logits[-1])


def test_training_sees_the_same_sequences_whatever_the_network():
    found = []
    for model in ("MinGRU, 1 layer", "MinLSTM, 2 layers"):
        _, source, accuracies = training.learn(CONFIG, 3, model, 0.01)
        assert len(accuracies) == CONFIG.updates
        found.append(torch.randint(1000, (3,), generator=source).tolist())
    assert found[0] == found[1]


def test_answers_are_counted_one_by_one_and_by_sequence():
    class Fixed(training.Network):
        def forward(self, x):
            _, targets = training.sequences(CONFIG, CONFIG.tested, torch.Generator().manual_seed(7))
            targets[0, :5] = (targets[0, :5] + 1) % CONFIG.symbols  # one wrong answer in 5 of 20
            return 50 * torch.nn.functional.one_hot(targets, CONFIG.symbols).float()

    network = Fixed(CONFIG, "MinGRU, 1 layer")
    found = training.measure(network, CONFIG, torch.Generator().manual_seed(7))
    assert found["accuracy"] == pytest.approx(1 - 5 / 60)
    assert found["whole"] == 0.75
    assert found["loss"] == pytest.approx(50 * 5 / 60, rel=1e-4)


def test_claims_follow_the_right_answers():
    level = {1: 0.5, 2: 0.85, 3: 0.99}
    records = [
        {
            "case": {"model": model, "rate": 0.01},
            "seed": seed,
            "accuracy": level[layers] + 0.0005 * seed,
        }
        for seed in range(10)
        for model, (_, layers) in training.MODELS.items()
    ]
    found = results.claims({"records": records})
    assert [claim["marks"] for claim in found] == ["++++", "-+-+"]


def test_the_change_in_the_last_tenth_of_the_training_is_that_of_one_layer():
    records = [
        {
            "case": {"model": model, "rate": 0.01},
            "seed": seed,
            "curve": [*[0.0] * 17, 0.5, 0.9, 0.5 + 0.01 * layers * (seed + 1)],
        }
        for seed in range(3)
        for model, (_, layers) in training.MODELS.items()
    ]
    found = results.observations({"config": {"kept": 20}, "records": records})
    assert ["by +2.0 percentage points" in sentence for sentence in found] == [True, True]
