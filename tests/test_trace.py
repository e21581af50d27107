"""What is seen inside of layers."""

import contextvars
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import lstm_variants
from lstm_variants import VARIANTS, trace
from lstm_variants import nn as layers
from lstm_variants.equations.evaluation import evaluate_step
from tests.layers import random_hx, states_of
from tests.tolerances import assert_exact

every_variant = pytest.mark.parametrize("name", VARIANTS)


def stack(name):
    """Two layers in two directions."""
    return VARIANTS[name].layer(3, 4, num_layers=2, bidirectional=True, dtype=torch.float64)


@every_variant
@pytest.mark.parametrize("lengths", [None, [5, 0, 2]], ids=["whole", "lengths"])
def test_the_states_are_those_of_the_layer(name, lengths):
    layer, x = stack(name), torch.randn(5, 3, 3, dtype=torch.float64)
    hx, lengths = random_hx(layer, 3), lengths and torch.tensor(lengths)
    output, last = layer(x, hx, lengths=lengths)
    seen = trace(layer, x, hx, lengths=lengths)
    assert len(seen) == 4
    assert_exact(torch.cat([seen[2]["h"], seen[3]["h"]], -1), output)
    last = dict(zip(layer.cell.state_type._fields, states_of(last), strict=True))
    hx = dict(zip(last, states_of(hx), strict=True))
    ends = torch.full((3,), 5) if lengths is None else lengths
    for field in last:
        for k, steps in enumerate(seen):
            for b, end in enumerate(ends):
                reverse = k % 2 == 1
                values = steps[field][0 if reverse else end - 1, b] if end else hx[field][k, b]
                assert_exact(values, last[field][k, b])
                assert not steps[field][end:, b].any()


@every_variant
def test_the_blocks_are_those_of_the_documented_equations(name):
    layer, x = stack(name), torch.randn(6, 2, 3, dtype=torch.float64)
    cell, steps = layer.cell, trace(layer, x)
    assert set(cell.block_names) <= set(steps[0])
    for k in range(len(layer.spec.names)):
        given = x if k < 2 else torch.cat([steps[0]["h"], steps[1]["h"]], -1)
        state, reverse = cell.initial_state(x[0], layer.hidden_size), k % 2 == 1
        for t in reversed(range(6)) if reverse else range(6):
            expected = evaluate_step(cell, given[t], state, layer.weights_of_cell(k))
            for letter, values in steps[k].items():
                assert_exact(values[t], expected[letter])
            state = cell.state_type(*(expected[field] for field in cell.state_type._fields))


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_the_gates_are_the_sums_of_torchs_weights(name):
    """At the first step there is nothing to see but the input, and the state that is given."""
    theirs = getattr(nn, name)(3, 4, dtype=torch.float64)
    layer = getattr(layers, name)(3, 4, dtype=torch.float64)
    layer.load_state_dict(theirs.state_dict())
    x, hx = torch.randn(1, 2, 3, dtype=torch.float64), random_hx(layer, 2)
    [steps] = trace(layer, x, hx)
    h = hx[0] if isinstance(hx, tuple) else hx
    wx = (x @ theirs.weight_ih_l0.T + theirs.bias_ih_l0).chunk(len(layer.cell.blocks), -1)
    uh = (h @ theirs.weight_hh_l0.T + theirs.bias_hh_l0).chunk(len(layer.cell.blocks), -1)
    for gate, a, b in zip(layer.cell.block_names, wx, uh, strict=True):
        if gate == "n":
            expected = torch.tanh(a + steps["r"] * b)
        else:
            expected = torch.tanh(a + b) if gate == "g" else torch.sigmoid(a + b)
        assert_exact(steps[gate], expected)


def test_a_projected_output_is_seen_projected():
    layer = layers.LSTM(3, 5, proj_size=2)
    [steps] = trace(layer, torch.randn(4, 2, 3))
    assert {name: values.shape[-1] for name, values in steps.items()} == {
        **dict.fromkeys("ifgoc", 5),
        "h": 2,
    }


@pytest.mark.parametrize("form", ["batch first", "single", "packed"])
def test_every_form_of_input_is_seen_with_time_first(form):
    layer = layers.GRU(3, 4, batch_first=form == "batch first")
    x = torch.randn(5, 2, 3)
    same = layers.GRU(3, 4)
    same.load_state_dict(layer.state_dict())
    [expected] = trace(same, x)
    if form == "packed":
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([2, 5]), enforce_sorted=False)
        [steps] = trace(layer, packed)
        for values in expected.values():
            values[2:, 0] = 0
    elif form == "single":
        [steps] = trace(layer, x[:, 1])
        expected = {letter: values[:, 1:] for letter, values in expected.items()}
    else:
        [steps] = trace(layer, x.transpose(0, 1))
    assert list(steps) == list(expected)
    for letter, values in expected.items():
        assert_exact(steps[letter], values)


class Tagger(nn.Module):
    """Two layers."""

    def __init__(self):
        super().__init__()
        self.lstm = layers.LSTM(3, 4)
        self.gru = layers.GRU(4, 5)

    def forward(self, x):
        return self.gru(self.lstm(x)[0])[0]


class SelfTracing(Tagger):
    """A model that traces its first layer."""

    def forward(self, x):
        [self.steps] = trace(self.lstm, x)
        return self.gru(self.steps["h"])[0]


def test_models_and_their_parts_are_traced():
    tagger, x = Tagger(), torch.randn(6, 2, 3)
    first, second = trace(tagger, x)
    assert first.keys() == set("ifgoch")
    torch.testing.assert_close(second["h"], tagger(x))


def test_a_trace_within_a_traced_model_hides_no_layer():
    tagger = SelfTracing()
    first, second = trace(tagger, torch.randn(6, 2, 3))
    assert (first.keys(), second.keys()) == (set("ifgoch"), set("rznh"))
    assert torch.equal(first["h"], tagger.steps["h"])


@pytest.mark.parametrize("model", ["StandardLSTM", "PeepholeLSTM", "GRU", "BiLSTM"])
def test_the_notebooks_models_are_traced(model):
    model = getattr(lstm_variants.models, model)(3, 4)
    x = torch.randn(2, 6, 3)
    h = torch.cat([steps["h"] for steps in trace(model, x)], -1)
    torch.testing.assert_close(h.transpose(0, 1), model(x))


def test_gradients_flow_through_what_is_seen():
    layer = layers.PeepholeLSTM(2, 3, dtype=torch.float64)

    def gates(x):
        [steps] = trace(layer, x)
        return steps["o"], steps["g"]

    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(gates, x)


def test_in_training_what_is_seen_is_what_ran():
    layer = layers.LSTM(3, 64, num_layers=2, dropout=0.5)
    x, outputs = torch.randn(6, 2, 3), []
    handle = layer.register_forward_hook(lambda module, inputs, result: outputs.append(result[0]))
    seen = trace(layer, x)
    handle.remove()
    torch.testing.assert_close(seen[1]["h"], outputs[0])  # the same units were dropped


def test_nothing_to_look_into():
    with pytest.raises(ValueError, match="no recurrent layer of this package ran in Linear"):
        trace(nn.Linear(2, 2), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="at least one time step"):
        trace(layers.LSTM(2, 3), torch.zeros(0, 1, 2))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_padded_time_steps_are_not_the_first(bidirectional):
    layer = layers.LSTM(2, 3, bidirectional=bidirectional)
    resets = torch.zeros(5, 3, dtype=torch.bool)
    resets[3] = True
    for steps in trace(layer, torch.zeros(5, 3, 2), lengths=torch.tensor([2, 5, 0]), resets=resets):
        assert steps.first.sum(0).tolist() == [1, 2, 0]
        assert not (steps.first & ~steps.valid).any()


def test_looking_ends_with_the_call(monkeypatch):
    layer, looked = layers.LSTM(2, 3), []
    monkeypatch.setattr(
        "lstm_variants.traces.record_steps", lambda call: looked.append(call) or [{}]
    )
    trace(layer, torch.zeros(2, 1, 2))
    with pytest.raises(RuntimeError, match="shapes"):
        trace(nn.Linear(2, 2), torch.zeros(1, 5))
    layer(torch.zeros(2, 1, 2))
    assert len(looked) == 1


class Residual(nn.Module):
    """Changes in place what it gave to the layer, and keeps its state in a buffer."""

    def __init__(self):
        super().__init__()
        self.layer = layers.GRU(3, 3)
        self.register_buffer("h", torch.zeros(1, 2, 3))

    def forward(self, x):
        y = self.layer(x, self.h)[0]
        self.h.copy_(y[-1:].detach())
        x += y
        return y


def test_what_a_model_changes_afterwards_does_not_show():
    model, x = Residual(), torch.randn(4, 2, 3)
    said = model(x.clone())
    model.h.zero_()
    [steps] = trace(model, x.clone())
    torch.testing.assert_close(steps["h"], said)


@pytest.mark.parametrize("context", [torch.no_grad(), torch.inference_mode()], ids=["no", "never"])
def test_a_model_without_gradients_is_traced_without(context):
    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layers.LSTM(3, 4)

        def forward(self, x):
            with context:
                return self.layer(x)[0]

    [steps] = trace(Frozen(), torch.randn(4, 2, 3))
    assert not any(values.requires_grad for values in steps.values())


def test_a_model_in_half_precision_is_traced_in_half_precision():
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.layer = nn.Linear(3, 3), layers.LSTM(3, 4)

        def forward(self, x):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return self.layer(self.linear(x))[0]

    model, x = Mixed(), torch.randn(4, 2, 3)
    [steps] = trace(model, x)
    assert steps["h"].dtype == torch.bfloat16
    assert steps["c"].dtype == torch.float32
    torch.testing.assert_close(steps["h"], model(x), rtol=0.02, atol=0.02)


def test_gradients_in_a_block_whose_activations_are_recomputed():
    layer, x = layers.LSTM(3, 4, dtype=torch.float64), torch.randn(5, 2, 3, dtype=torch.float64)
    model = torch.nn.Sequential(layer)
    model.forward = lambda x: checkpoint(lambda x: layer(2 * x)[0], x, use_reentrant=False)
    gradients = []
    for module, given in ((model, x), (layer, 2 * x)):
        [steps] = trace(module, given)
        gradients.append(torch.autograd.grad(steps["f"].sum(), list(layer.parameters())))
    for found, expected in zip(*gradients, strict=True):
        assert_exact(found, expected)
    [steps] = trace(model, x)
    total = model(x).square().sum() + steps["c"].sum()  # through the layer and through the trace
    assert all(g.any() for g in torch.autograd.grad(total, list(layer.parameters())))


@pytest.mark.parametrize("transform", [torch.func.grad, torch.func.jacrev, torch.func.vmap])
def test_a_layer_under_torch_func_is_an_error(transform):
    """The recorded tensors could not be used outside."""
    model = torch.nn.Module()
    model.layer = layers.LSTM(3, 4)
    model.forward = transform(lambda x: model.layer(x)[0].sum())
    x = torch.randn(2, 5, 3)
    model(x)
    with pytest.raises(ValueError, match=r"under torch\.func\.grad or vmap cannot be traced"):
        trace(model, x)


def test_a_task_that_was_begun_in_a_traced_call_is_not_traced_afterwards():
    layer, x, contexts = layers.LSTM(3, 4), torch.randn(5, 2, 3), []
    handle = layer.register_forward_hook(lambda *_: contexts.append(contextvars.copy_context()))
    records = trace(layer, x)
    handle.remove()
    contexts[0].run(layer, x)
    assert len(records) == 1


def test_a_thread_with_a_copy_of_the_context_is_not_traced():
    layer, x = layers.LSTM(3, 4), torch.randn(5, 2, 3)
    model = torch.nn.Module()

    def forward(x):
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:  # as asyncio.to_thread
            return pool.submit(context.run, layer, x).result()

    model.forward = forward
    with pytest.raises(ValueError, match="in another thread are not observed"):
        trace(model, x)
