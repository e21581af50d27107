"""Sequences whose state is tracked, what is measured on them, and the choice of learning rates."""

import pytest
import torch
from torch import nn

from experiments.state_tracking import results, training
from experiments.state_tracking_rates import choice


def test_states_of_parity_and_addition_count_the_ones():
    for task, modulus in (("parity", 2), ("addition modulo 5", 5)):
        symbols, states = training.sequences(task, 30, 7, torch.Generator().manual_seed(0))
        assert torch.equal(states, symbols.cumsum(0) % modulus)
        assert set(symbols.unique().tolist()) == {0, 1}


def test_states_of_s3_are_the_products_of_its_permutations():
    symbols, states = training.sequences("S3", 40, 5, torch.Generator().manual_seed(0))
    seen = {}
    for row in range(symbols.shape[1]):
        things = ["a", "b", "c"]
        for symbol, state in zip(symbols[:, row].tolist(), states[:, row].tolist(), strict=True):
            first, second, third = things
            things = [second, first, third] if symbol == 0 else [second, third, first]
            assert seen.setdefault(state, tuple(things)) == tuple(things)
    assert len(seen) == len(set(seen.values())) == 6


def test_each_length_is_judged_by_its_last_state():
    class Wrong(nn.Module):
        def forward(self, symbols):
            states = symbols.cumsum(0) % 2
            states[4:] = 1 - states[4:]  # wrong from the fifth step on
            states[1, 0] = 1 - states[1, 0]
            return nn.functional.one_hot(states, 2).float()

    source = torch.Generator().manual_seed(0)
    assert training.accuracies(Wrong(), "parity", (2, 4, 5, 8), 10, source) == [0.9, 1, 0, 0]


@pytest.mark.parametrize("model", training.MODELS)
def test_networks_have_the_layers_that_their_names_say(model):
    network = training.Network("S3", model, 4)
    assert network.layer.num_layers == (2 if "2 layers" in model else 1)
    assert network(torch.zeros(3, 2, dtype=torch.long)).shape == (3, 2, 6)


def test_training_sees_the_same_sequences_whatever_the_network():
    config = training.Training(steps=4, hidden=3, batch=2, updates=60, tested=5)
    found = []
    for model in ("RNN", "GRU"):
        _, source, losses = training.learn(config, 3, "S3", model, 0.01)
        assert len(losses) == 60
        found.append(torch.randint(1000, (3,), generator=source).tolist())
    assert found[0] == found[1]


def test_the_rate_with_the_smallest_mean_loss_is_chosen():
    losses = {0.1: (1, 1, 13), 0.2: (4, 4, 4), 0.3: (6, 6, 6)}
    records = [
        {"case": {"model": "LSTM", "rate": rate}, "seed": seed, "loss": loss}
        for rate, values in losses.items()
        for seed, loss in enumerate(values)
    ]
    assert choice.chosen({"records": records}) == {"LSTM": 0.2}
    records[2]["loss"] = 9  # the mean at 0.1 is then below that at 0.2
    assert choice.chosen({"records": records}) == {"LSTM": 0.1}


def test_networks_are_compared_by_the_seeds_that_solve_a_task_at_the_largest_length():
    def record(task, model, seed):
        state_free = model in results.WITHOUT_STATE
        far = 0.5 if state_free else 0.99 if model != "IndRNN" else 0.89
        return {
            "case": {"task": task, "model": model, "rate": 0.01},
            "seed": seed,
            "accuracies": [1.0, far],
        }

    records = [
        record(task, model, seed)
        for seed in range(10)
        for task in ("parity", "S3")
        for model in training.MODELS
    ]
    found = results.claims({"config": {"times_longer": [1, 16]}, "records": records})
    assert [claim["marks"] for claim in found] == ["++++"] * 4 + ["+++-"] * 2
    for one in records:  # nobody solves a task then, and the others still generalise
        one["accuracies"][-1] -= 0.001
    found = results.claims({"config": {"times_longer": [1, 16]}, "records": records})
    assert [claim["marks"] for claim in found] == ["0000"] * 3 + ["++++"] + ["+++-"] * 2
