"""Streams of the embedded Reber grammar, and how networks read them."""

import itertools
import math
import re

import pytest
import torch

from experiments.continual import results, training
from experiments.continual.grammar import POSSIBLE, SYMBOLS, Streams, streams
from experiments.continual_longer import results as longer

# Written as a regular expression from the diagram of the grammar.
ROUND = "T*V(PXT*V)*(V|PS)"
INNER = f"B(TS*X(S|X{ROUND})|P{ROUND})E"
STRING = re.compile(f"B(T{INNER}T|P{INNER}P)E")


def drawn(length, number=4, seed=0):
    return streams(length, number, torch.Generator().manual_seed(seed))


def text(symbols):
    return "".join(SYMBOLS[symbol] for symbol in symbols.tolist())


def test_streams_are_strings_of_the_grammar_one_after_the_other():
    found = drawn(2000)
    for row in range(4):
        starts = found.starts[:, row].nonzero().flatten().tolist()
        assert starts[0] == 0
        for first, last in itertools.pairwise(starts):
            assert STRING.fullmatch(text(found.symbols[first:last, row]))


def test_all_branches_are_drawn_and_no_symbol_follows_that_is_not_possible():
    found = drawn(5000)
    for row in range(4):
        following = POSSIBLE[found.nodes[:-1, row]].gather(1, found.symbols[1:, row, None])
        assert following.all()
    # With two branches, both happen about equally often.
    for node in range(len(POSSIBLE)):
        after = found.symbols[1:][found.nodes[:-1] == node]
        shares = after.bincount(minlength=len(SYMBOLS)) / len(after)
        assert torch.equal(shares > 0, POSSIBLE[node] > 0)
        assert shares[shares > 0].min() > 1 / (POSSIBLE[node].sum() + 1)


def test_a_prediction_is_right_up_to_the_largest_error():
    targets = torch.tensor([[1.0, 0, 0], [1, 0, 0], [1, 1, 0]])
    outputs = torch.tensor([[0.52, 0.48, 0.1], [0.5, 0.4, 0.1], [0.9, 0.9, 0.495]])
    assert training.is_wrong(torch.logit(outputs), targets).tolist() == [False, True, True]


@pytest.mark.parametrize("model", ["LSTM-1997", "PeepholeLSTM", "GRU"])
def test_with_resets_each_string_is_read_by_itself(model):
    torch.manual_seed(0)
    network = training.Network(model, 3)
    found = drawn(120, 1)
    whole, _ = network(found.symbols, None, found.starts)
    bounds = [*found.starts[:, 0].nonzero().flatten().tolist(), 120]
    for first, last in itertools.pairwise(bounds):
        part = found.symbols[first:last]
        alone, _ = network(part, None, torch.zeros_like(part, dtype=torch.bool))
        torch.testing.assert_close(whole[first:last], alone)


def test_without_resets_states_are_carried_and_errors_counted_from_the_start():
    torch.manual_seed(0)
    network = training.Network("LSTM", 3)
    found = drawn(90, 3)
    none = torch.zeros_like(found.starts)
    logits, (_, c) = network(found.symbols, None, none)
    wrong = training.is_wrong(logits, POSSIBLE[found.nodes])
    record = training.read(network, found, "none", 30)
    assert record["sizes"][-1] == pytest.approx(c.abs().mean().item(), rel=1e-5)
    assert record["before_first_error"] == wrong.int().argmax(0).tolist()
    assert record["wrong"] == wrong.double().mean().item()


def test_symbols_before_the_first_error_are_all_of_them_without_one(monkeypatch):
    monkeypatch.setattr(training, "is_wrong", lambda logits, _: torch.zeros(logits.shape[:2]) > 0)
    record = training.read(training.Network("GRU", 2), drawn(50, 2), "none", 20)
    assert record["before_first_error"] == [50, 50]
    assert record["wrong"] == 0


@pytest.mark.parametrize("fails", [True, False])
def test_in_training_a_stream_is_reset_at_the_next_string_after_an_error(fails, monkeypatch):
    masks, symbols = [], []

    class Watched(training.Network):
        def forward(self, x, state, resets):
            masks.append(resets)
            symbols.append(x)
            return super().forward(x, state, resets)

    def is_wrong(logits, targets):
        wrong = torch.zeros(logits.shape[:2]) > 0
        wrong[0, 1] = fails  # of the second stream alone
        return wrong

    monkeypatch.setattr(training, "Network", Watched)
    monkeypatch.setattr(training, "is_wrong", is_wrong)
    config = training.Training(hidden=2, streams=3, steps=50, updates=4)
    training.learn(config, 0, "LSTM-1997", "none", 0.01)
    resets = torch.cat(masks)
    assert not resets[:, [0, 2]].any()
    assert not masks[0].any()
    assert resets.sum() == (3 if fails else 0)  # one in each update after the first
    assert (torch.cat(symbols)[resets] == SYMBOLS.index("B")).all()


def test_a_stream_begins_with_a_string_where_node_0_came_before():
    found = Streams(torch.zeros(4, 1, dtype=torch.long), torch.tensor([[3], [0], [5], [0]]))
    assert found.starts.flatten().tolist() == [True, False, True, False]


def test_claims_compare_errors_and_the_growth_of_the_state():
    def record(model, resets, seed):
        forgets = model != "LSTM-1997" or resets != "none"
        return {
            "case": {"model": model, "resets": resets, "rate": 0.01},
            "seed": seed,
            "wrong": 0.0 if forgets else 0.1,
            "before_first_error": [900, 900] if forgets else [10, 20],
            "sizes": [[100, 2.0], [1600, 2.0 + seed if forgets else 3000.0 + seed]],
        }

    records = [record(*network, seed) for seed in range(10) for network in training.NETWORKS]
    found = results.claims({"config": {"tested_steps": 1000}, "records": records})
    assert [claim["marks"] for claim in found] == ["++", "++", "+", "++++"]
    # Their names stand in tables, whose columns such a line would divide.
    assert not any("|" in str(c["pair"]) for claim in found for c in claim["comparisons"])
    far = found[0]["comparisons"][1]
    assert far["effect"] == pytest.approx(math.log10(901 / 16))


def test_after_longer_training_networks_with_few_errors_are_counted_with_their_growth():
    def record(model, seed):
        wrong = {"LSTM": 0.0, "LSTM-1997": 0.001 if seed < 4 else 0.0011}[model]
        return {
            "case": {"model": model, "resets": "none", "rate": 0.01},
            "seed": seed,
            "wrong": wrong,
            "before_first_error": [900 if wrong == 0 else 10],
            "sizes": [[100, 2.0], [1600, 3.0 if wrong == 0 else 40.0]],
        }

    records = [record(model, seed) for seed in range(15) for model in ("LSTM", "LSTM-1997")]
    result = {"config": {"tested_steps": 1000, "updates": 7}, "records": records}
    assert [claim["marks"] for claim in longer.claims(result)] == [">+"]
    lstm, of_1997 = longer.observations(result)
    assert "in 15 of 15 networks" in lstm
    assert "a factor of 1.5 from 100 to 1,600" in lstm
    assert "in 4 of 15 networks" in of_1997
    assert "a factor of 20.0" in of_1997
