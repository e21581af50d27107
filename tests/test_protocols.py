"""What the experiments feed to networks and how they judge them, by hand and by other code."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from experiments import FOLDER
from experiments.adding import run as adding
from experiments.adding_both_halves import run as both_halves
from experiments.chunking import run as chunking
from experiments.counting import run as counting
from experiments.counting import training as counting_training
from experiments.counting_rates import choice as counting_choice
from experiments.data import batches
from experiments.future_context import run as future_context
from experiments.gates import run as gates
from experiments.initial_biases import run as initial_biases
from experiments.music import run as music
from experiments.records import load
from experiments.timing import batches as timing_batches
from experiments.timing.run import CELLS

pytestmark = pytest.mark.records


def test_words_and_their_answers():
    x, answers, valid = counting_training.words(2, torch.tensor([2, 1]))
    assert x[:, 0].tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    # After an a: a or b. After a b: another one, or the end.
    assert answers[:, 0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert answers[:2, 1].tolist() == [[1, 1, 0], [0, 0, 1]]
    assert valid[:, 1].tolist() == [True, True, False, False]
    x, answers, _ = counting_training.words(3, torch.tensor([2]))
    assert x[:, 0].argmax(-1).tolist() == [0, 0, 1, 1, 2, 2]
    assert answers[2:, 0].tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def counter_by_hand():
    """An LSTM of two units: one adds 1 for an a and -1 for a b, the other knows the last letter."""
    network = counting_training.Network("LSTM", 2, 2)
    big = 40.0  # sigmoid and tanh are exactly 1 there
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        i, f, g, o = range(0, 8, 2)
        bias = network.layer.bias_ih_l0
        bias[i : i + 2] = bias[o : o + 2] = bias[f] = big
        bias[f + 1] = -big
        network.layer.weight_ih_l0[g] = network.layer.weight_ih_l0[g + 1] = torch.tensor(
            [big, -big]
        )
        # h = tanh(count), tanh(±1). a: yes after an a; b: after an a, or if there is a count; end.
        network.out.weight[0, 1] = network.out.weight[1, 1] = big
        network.out.weight[1, 0], network.out.bias[1] = 3 * big, big * (math.tanh(1) - 1)
        network.out.weight[2] = torch.tensor([-3 * big, -big])
        network.out.bias[2] = big * (1 - math.tanh(1))
    return network


def test_a_counter_set_by_hand_is_right_to_the_end():
    assert counting_training.max_correct_n(counter_by_hand(), 2, 1000) == 1000


def test_reached_is_the_last_n_before_a_failure():
    class Wrong(nn.Module):
        def forward(self, x):
            answers = counter_by_hand()(x).clone()
            if len(x) >= 2 * 73:
                answers[2 * 73 - 1, x[2 * 73 - 1].any(-1)] = 0.0
            return answers

    assert counting_training.max_correct_n(Wrong(), 2, 200) == 72


def test_training_takes_a_word_an_update_as_plain_torch_does():
    torch.manual_seed(0)
    network = counting_training.Network("LSTM", 2, 3)
    layer, out = nn.LSTM(2, 3), nn.Linear(3, 3)
    layer.load_state_dict(network.layer.state_dict())
    out.load_state_dict(network.out.state_dict())
    ns = torch.tensor([3, 1, 2, 3])
    counting_training.train(network, 2, ns, 2, 0.01, torch.Generator().manual_seed(5))
    optimizer = torch.optim.RMSprop([*layer.parameters(), *out.parameters()], lr=0.01)
    source = torch.Generator().manual_seed(5)
    for _ in range(2):
        for n in ns[torch.randperm(4, generator=source)].tolist():
            x = torch.eye(2)[[0] * n + [1] * n]
            # After an a: a or b; after a b: another one, or after the last one the end.
            answers = torch.tensor([[1.0, 1, 0]] * n + [[0, 1, 0]] * (n - 1) + [[0, 0, 1]])
            optimizer.zero_grad()
            nn.functional.mse_loss(torch.sigmoid(out(layer(x)[0])), answers).backward()
            optimizer.step()
    for name, own in network.layer.named_parameters():
        torch.testing.assert_close(own, layer.get_parameter(name), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(network.out.weight, out.weight, rtol=1e-4, atol=1e-5)


def test_the_error_of_training_weighs_each_word_alike():
    network = counting_training.Network("GRU", 2, 3)
    each = []
    for n in (1, 2, 3):
        x, answers, _ = counting_training.words(2, torch.tensor([n]))
        each.append((network(x) - answers).square().mean().item())
    assert counting_training.train_error(network, 2, 3) == pytest.approx(sum(each) / 3, rel=1e-5)


def test_networks_that_count_train_with_the_rates_that_were_chosen():
    rates = counting_choice.chosen(load(FOLDER / "counting_rates" / "record.json"))
    cases = counting.cases(counting.Config())
    assert {(c["language"], c["model"], c["hidden"]): c["rate"] for c in cases} == rates
    assert {case["rate"] for case in counting.cases(counting.Config(rate=0.5))} == {0.5}
    with pytest.raises(SystemExit, match=r"No learning rate was chosen for 4 hidden units.*--rate"):
        counting.cases(counting.Config(hidden=(4,)))


def test_the_trace_of_a_counter_counts():
    memory = counting.trace(counter_by_hand(), 2, 3)
    assert [row[0] for row in memory] == [1, 2, 3, 2, 1, 0]


def test_adding_asks_for_the_sum_of_the_marked():
    x, lengths, answers = adding.sequences(50, 400, torch.Generator().manual_seed(0))
    assert set(lengths.tolist()) == set(range(50, 56))
    for b, T in enumerate(lengths.tolist()):
        values, markers = x[:T, b].T
        assert markers[-1] == markers[0] == -1
        marked = markers.eq(1).nonzero().flatten().tolist()
        assert len(marked) in (1, 2)  # a marked first step has no marker and no value
        assert all(place < 50 // 2 - 1 for place in marked)
        assert min(marked) < 10 or len(marked) == 1
        assert answers[b].item() == pytest.approx(0.5 + sum(values[marked].tolist()) / 4, abs=1e-6)
        assert not x[T:, b, 1].any()


@pytest.mark.parametrize(
    ("second_mark", "in_each_half", "at_each_step"),
    [("second half", (1, 1), 400), ("first half", (2, 0), 800)],
)
def test_marks_in_both_halves_or_in_the_first(second_mark, in_each_half, at_each_step):
    source = torch.Generator().manual_seed(0)
    x, lengths, answers = both_halves.sequences(20, 4000, second_mark, source)
    values, markers = x.unbind(-1)
    assert lengths.unique().tolist() == [20]
    assert 0 <= values.min() < 0.001
    assert 0.999 < values.max() <= 1
    assert markers.unique().tolist() == [0, 1]
    for half, count in zip((markers[:10], markers[10:]), in_each_half, strict=True):
        assert half.sum(0).unique().tolist() == [count]
    found = markers.sum(1)
    assert found[found > 0].sub(at_each_step).abs().max() < 100
    torch.testing.assert_close(answers, (values * markers).sum(0) / 2)


def test_the_lstm_of_1997_has_neither_forget_gate_nor_peepholes():
    assert adding.CELLS["LSTM 1997"].block_names == ("i", "g", "o")
    assert not adding.CELLS["LSTM 1997"].peepholes


@pytest.mark.parametrize("model", ["LSTM", "GRU"])
def test_initial_biases_are_those_that_are_compared(model):
    def kept(name, T=100):
        torch.manual_seed(0)
        layer = adding.Network(adding.CELLS[model], 2000).layer
        initial_biases.INITIALISATIONS[name](layer, T)
        row = 1  # i, f, g, o of an LSTM; r, z, n of a GRU
        rows = slice(2000 * row, 2000 * (row + 1))
        return (layer.bias_ih_l0 + layer.bias_hh_l0)[rows].exp()

    assert kept("bias 1").log().unique().tolist() == pytest.approx([1])
    assert kept("bias 2").log().unique().tolist() == pytest.approx([2])
    assert kept("uniform").log().abs().max() < 2 / 2000**0.5
    for name, longest in {"chrono T": 100, "chrono 10 T": 1000, "chrono T/10": 10}.items():
        assert kept(name).min() >= 0.999
        assert longest * 0.98 - 1 < kept(name).max() <= longest - 1 + 1e-3


def test_norms_of_a_layer_that_only_decays():
    network = adding.Network(adding.CELLS["LSTM"], 1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.layer.weight_ih_l0[2, 0] = 1.0  # g = tanh(x); all gates are open by half
    lags, norms = np.array(adding.norms(network, 40, 30)).T
    slope, _ = np.polyfit(lags, np.log2(norms), 1)
    assert slope == pytest.approx(-1, abs=0.02)  # one half is forgotten at each step


def test_the_metric_of_music_counts_no_padding():
    torch.manual_seed(0)
    network = music.Network("LSTM", 36)
    sequences = [torch.randint(0, 2, (n, 88)).float() for n in (3, 7, 2)]
    total, frames = 0.0, 0
    for sequence in sequences:
        with torch.no_grad():
            p = torch.sigmoid(network(sequence[:-1, None])[:, 0]).double().numpy()
        y = sequence[1:].double().numpy()
        total -= (y * np.log(p) + (1 - y) * np.log(1 - p)).sum()
        frames += len(y)
    assert music.measure(network, sequences)["per_frame"] == pytest.approx(total / frames, rel=1e-5)


@pytest.mark.parametrize("model", music.BASELINES)
def test_baselines_count(model):
    a, b = torch.zeros(4, 88), torch.zeros(3, 88)
    a[1, 0] = a[2, 0] = 1
    baseline = music.Baseline(model, [a, b])
    p = torch.sigmoid(baseline(torch.stack([a[0], a[1]])[:, None]))[:, 0, 0].tolist()
    # Two of five frames have key 0: one of three after silence, one of two after sound.
    wanted = [3 / 7, 3 / 7] if model == "marginal" else [2 / 5, 2 / 4]
    assert p == pytest.approx(wanted)


def test_batches_have_every_sequence_once():
    lengths = [3 * n % 47 for n in range(47)]
    found = batches.batches(lengths, 4, torch.Generator().manual_seed(0))
    assert sorted(k for batch in found for k in batch) == list(range(47))
    # A pool of ten batches is sorted before it is cut; the seven left over are another pool.
    for batch in found:
        assert [lengths[k] for k in batch] == sorted(lengths[k] for k in batch)


def test_weight_noise_is_gone_after_a_step():
    torch.manual_seed(0)
    network = music.Network("LSTM", 36)
    before, gradients = [p.clone() for p in network.parameters()], []
    optimizer = torch.optim.SGD(network.parameters(), lr=0.0)
    for noise in (0.0, 0.5):
        music.step(network, optimizer, [torch.ones(3, 88)], noise=noise)
        assert all(map(torch.equal, before, network.parameters()))
        gradients.append(network.out.bias.grad.clone())
    assert not torch.equal(*gradients)


def test_without_a_hidden_layer_the_answer_is_a_sum_of_past_and_future():
    torch.manual_seed(0)
    network = future_context.Network(future_context.MODELS["BiLSTM, no hidden layer"], 4)
    bits = torch.tensor([[a, 0, b] for a in (0, 1) for b in (0, 1)]).T.float()
    silent, future, past, both = network(bits)[1].tolist()
    assert both - future == pytest.approx(past - silent, abs=1e-6)


@pytest.mark.parametrize("model", ["LSTM", "LSTM, twice as wide"])
def test_a_causal_network_does_not_see_the_next_bit(model):
    torch.manual_seed(0)
    network = future_context.Network(future_context.MODELS[model], 4)
    x = torch.randint(0, 2, (9, 1)).float().requires_grad_()
    [gradient] = torch.autograd.grad(network(x)[4], x)
    assert gradient[:5].all()
    assert not gradient[5:].any()


def test_a_delayed_network_sees_the_next_bit_and_no_more():
    torch.manual_seed(0)
    network = future_context.Network(future_context.MODELS["LSTM, delayed by 1"], 4)
    x = torch.randint(0, 2, (9, 1)).float().requires_grad_()
    [gradient] = torch.autograd.grad(network(x)[4], x)
    assert gradient[:6].all()
    assert not gradient[6:].any()


@pytest.mark.parametrize("name", chunking.MODELS)
def test_padding_changes_no_label(name):
    torch.manual_seed(0)
    config = chunking.Config(hidden=6, dropout=0.0)
    sizes = dict.fromkeys(chunking.EMBEDDED, 9)
    network = chunking.Network(chunking.MODELS[name], config, sizes, 5)
    features = torch.randint(1, 9, (7, 2, 4))
    lengths = torch.tensor([7, 4])
    features[4:, 1] = chunking.PADDING
    both = network(features, lengths)
    alone = network(features[:4, 1:], lengths[1:])
    torch.testing.assert_close(both[:4, 1:], alone)


def test_the_widened_lstm_has_the_bilstms_parameters():
    D = sum(chunking.EMBEDDED.values())
    wide = nn.LSTM(D, chunking.as_wide(D, 300))
    both = nn.LSTM(D, 300, bidirectional=True)
    counts = [sum(p.numel() for p in layer.parameters()) for layer in (wide, both)]
    assert counts[0] / counts[1] == pytest.approx(1, abs=0.005)


def test_the_trace_ends_with_its_last_interval():
    network = timing_batches.Network(CELLS["peepholes"], 2, 2.0, squash=True)
    target = np.array(gates.excerpt(network, 5, 4)["target"])
    ends = np.flatnonzero(target)
    assert len(ends) == 4
    assert ends[-1] == len(target) - 1
    assert set(np.diff([-1, *ends])) == {5, 6}
