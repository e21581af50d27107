"""Images that are read pixel by pixel, and what is compared."""

import pytest
import torch

from experiments.data.images import images
from experiments.pixels import results, training


def test_both_orders_have_the_same_images_in_the_same_parts():
    rows, permuted = (training.parts(order) for order in training.ORDERS)
    assert [x.shape[1] for x, _ in rows.values()] == list(training.SPLITS.values())
    for split in training.SPLITS:
        x, digits = rows[split]
        y, same = permuted[split]
        assert torch.equal(digits, same)
        assert not torch.equal(x, y)
        assert torch.equal(x.sort(0).values, y.sort(0).values)
    # One permutation for all images: a pixel has the same place in all parts.
    lines = {split: dict.fromkeys(map(tuple, rows[split][0][..., 0].tolist())) for split in rows}
    moved = [tuple(line) for line in permuted["valid"][0][..., 0].tolist()]
    assert set(moved) == set(lines["valid"])
    assert moved != list(lines["valid"])


def test_parts_hold_each_image_once():
    found = images()
    x = torch.cat([x for x, _ in training.parts("row by row").values()], 1)[..., 0].T
    digits = torch.cat([digits for _, digits in training.parts("row by row").values()])
    drawn = sorted(zip(map(tuple, x.tolist()), digits.tolist(), strict=True))
    given = sorted(zip(map(tuple, found.pixels.tolist()), found.digits.tolist(), strict=True))
    assert drawn == given
    assert x.min() == 0
    assert x.max() == 1


@pytest.mark.parametrize("model", training.MODELS)
def test_networks_are_those_that_their_names_say(model):
    torch.manual_seed(0)
    network = training.Network(model)
    assert network.layer.num_layers == (2 if "2 layers" in model else 1)
    keeps = network.layer.bias_ih_l0.detach()
    # The chrono initialisation has biases up to the logarithm of the number of pixels.
    assert (keeps.abs().max() > 1) == ("chrono" in model)
    assert network(torch.zeros(training.STEPS, 3, 1)).shape == (3, training.DIGITS)


def test_an_indrnn_has_about_as_many_parameters_as_an_lstm():
    def count(model):
        return sum(p.numel() for p in training.Network(model).parameters())

    assert count("IndRNN, 2 layers") == pytest.approx(count("LSTM"), rel=0.06)
    assert count("MGU") < 0.7 * count("GRU")


def test_the_recurrent_weights_of_an_indrnn_are_limited_and_no_others():
    for model in ("IndRNN, 2 layers", "GRU"):
        network = training.Network(model)
        weights = [network.layer.weight_hh_l0, network.layer.weight_ih_l0]
        for weight in weights:
            torch.nn.init.constant_(weight, 2.0)
        training.limit(network)
        assert weights[0].max().item() == (2 if model == "GRU" else pytest.approx(2 ** (1 / 64)))
        assert weights[1].max() == 2


def test_training_learns_and_keeps_the_accuracy_of_each_epoch():
    config = training.Training(epochs=12, batch=100)
    network, accuracies = training.learn(config, 0, "row by row", "GRU", 0.01)
    assert len(accuracies) == 12
    assert accuracies[-1] == training.measure(network, "row by row", "valid")["accuracy"]
    assert accuracies[-1] > accuracies[0] + 0.2


def test_claims_follow_the_accuracies_on_both_orders():
    def record(order, model, seed):
        behind = {"LSTM": 0.05, "IndRNN, 2 layers": 0.1, "MGU": 0.01}.get(model, 0.0)
        return {
            "case": {"order": order, "model": model, "rate": 0.01},
            "seed": seed,
            "parameters": 1000,
            "accuracy": 0.9 + 0.0005 * seed - behind,
        }

    records = [
        record(order, model, seed)
        for seed in range(12)
        for order in training.ORDERS
        for model in training.MODELS
    ]
    found = results.claims({"records": records})
    assert [claim["marks"] for claim in found] == [">>", "++", "--", "++"]
    for one in records:  # more than two percentage points behind
        one["accuracy"] -= 0.02 * (one["case"]["model"] == "MGU")
    assert results.claims({"records": records})[3]["marks"] == "--"
