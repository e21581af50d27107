"""Encoders and decoders, and what is compared."""

import pytest
import torch

from experiments.encoder_decoder import results, training

CONFIG = training.Training(steps=4, batch=8, updates=3, tested=50)


@pytest.mark.parametrize("model", training.MODELS)
def test_a_decoder_has_the_code_and_the_symbols_before(model, monkeypatch):
    torch.manual_seed(0)
    network = training.Network(CONFIG.symbols, *training.MODELS[model])
    symbols = torch.tensor([[1], [2], [3], [4]])
    changed = torch.tensor([[1], [5], [3], [4]])
    assert not torch.equal(network(symbols)[:2], network(changed)[:2])  # by the code
    read = torch.zeros(4, 1, training.MODELS[model][1])
    monkeypatch.setattr(network.encoder, "forward", lambda x: (read, None))
    same = (network(symbols) == network(changed)).flatten(1).all(1).tolist()
    assert same == [True, True, False, False]


def test_networks_with_as_many_parameters_are_those_that_say_so():
    sizes = {
        model: sum(p.numel() for p in training.Network(8, *settings).parameters())
        for model, settings in training.MODELS.items()
    }
    assert sizes["RNN, 103 units"] == pytest.approx(sizes["GRU"], rel=0.01)
    assert sizes["GRU-before"] == sizes["GRU"] > 2 * sizes["RNN"]


def test_all_networks_see_the_same_sequences_and_are_tested_on_new_ones():
    sources = [training.learn(CONFIG, 5, model, 0.01)[1] for model in ("GRU", "RNN")]
    drawn = [training.sequences(CONFIG, 9, source) for source in sources]
    assert torch.equal(*drawn)
    first = training.sequences(CONFIG, 9, torch.Generator().manual_seed(5))
    assert not torch.equal(first, drawn[0])


def test_places_are_those_of_the_sequence():
    class Copies(torch.nn.Module):
        """Right at the first place alone."""

        def forward(self, symbols):
            logits = torch.nn.functional.one_hot(symbols, 8).float()
            return torch.cat([logits[:1], -logits[1:]])

    found = training.measure(Copies(), CONFIG, torch.Generator().manual_seed(0))
    assert found["places"] == [1, 0, 0, 0]
    assert found["accuracy"] == 0.25


def test_claims_follow_the_shares_of_right_symbols():
    shares = {"GRU": 0.9, "GRU-before": 0.8, "RNN": 0.6, "RNN, 103 units": 0.85}
    records = [
        {"case": {"model": model, "rate": 0.01}, "seed": k, "accuracy": share + 0.001 * k}
        for model, share in shares.items()
        for k in range(10)
    ]
    found = results.claims({"config": {"symbols": 8}, "records": records})
    assert [claim["marks"] for claim in found] == ["++", "+-"]
