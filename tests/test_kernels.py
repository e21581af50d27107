"""Which backend runs, why not the others, and that they all compute the same."""

import re

import pytest
import torch
from torch import nn

import lstm_variants
from lstm_variants import VARIANTS
from lstm_variants import nn as layers
from lstm_variants.cells import GRUCell, LSTMCell
from lstm_variants.kernels import (
    BACKENDS,
    Backend,
    Call,
    choose,
    initial_states,
    register,
    torch_kernels,
)
from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.kernels.reference import Reference
from tests.cpu_kernels import needs_kernels
from tests.layers import gradients, random_hx, states_of
from tests.tolerances import assert_exact

every_variant = pytest.mark.parametrize("name", VARIANTS)
IN_TORCH = [name for name in VARIANTS if VARIANTS[name].cell in torch_kernels.FUNCTIONS]


class OwnCell(LSTMCell):
    """A cell for which only the reference is supported."""


def call_of(cell, T=3, B=2, dtype=torch.float32, device="cpu"):
    layer = layers.Recurrent(cell, 3, 4, dtype=dtype, device=device)
    weights = (layer.weights_of_cell(),)
    x = torch.zeros(T, B, 3, dtype=dtype, device=device)
    return Call(cell, x, weights, initial_states(cell, x, 1, 4))


REFUSALS = {
    "torch": {
        "cell": (LSTMCell(peephole="current"), {}, "no kernel for LSTMCell(peephole='current')"),
        "reset": (GRUCell(reset_after=False), {}, "no kernel for GRUCell(reset_after=False)"),
        "empty": (LSTMCell(), {"B": 0}, "at least one sequence"),
        "half": (LSTMCell(), {"dtype": torch.bfloat16}, "cell state in torch.bfloat16"),
        "meta": (LSTMCell(), {"device": "meta"}, "on the CPU and on CUDA, not on meta"),
    },
    "cpu": {
        "cell": (OwnCell(), {}, "no kernel for OwnCell()"),
        "meta": (LSTMCell(), {"device": "meta"}, "the input is on meta"),
    },
}


@pytest.mark.parametrize(
    ("backend", "cell", "options", "reason"),
    [
        pytest.param(backend, *case, id=f"{backend}-{name}")
        for backend, cases in REFUSALS.items()
        for name, case in cases.items()
    ],
)
def test_a_backend_that_cannot_run_reports_the_reason(backend, cell, options, reason):
    call = call_of(cell, **options)
    assert reason in BACKENDS[backend].unsupported_reason(call)
    assert choose(call).name != backend
    with pytest.raises(RuntimeError, match=rf"backend='{backend}' cannot run .*") as error:
        choose(call, backend)
    assert reason in str(error.value)


def test_where_all_refuse_the_reference_runs():
    assert choose(call_of(OwnCell(), dtype=torch.bfloat16)).name == "reference"


def test_a_layer_with_a_named_backend_raises_its_reason():
    layer = layers.PeepholeLSTM(3, 4, backend="torch")
    with pytest.raises(RuntimeError, match="torch has no kernel for"):
        layer(torch.zeros(5, 2, 3))
    plain = layers.LSTM(3, 4, backend="torch")
    with pytest.raises(RuntimeError, match="do not support vmap"):
        torch.func.vmap(plain)(torch.zeros(2, 5, 2, 3))


@pytest.mark.parametrize("create", [lambda b: layers.GRU(3, 4, backend=b)])
def test_a_backend_that_does_not_exist(create):
    with pytest.raises(
        ValueError, match=r"one of 'auto', 'onnx', 'cpu', 'torch', 'reference', got 'fast'"
    ):
        create("fast")


@pytest.mark.parametrize("name", IN_TORCH)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("H", [1, 4, 37, 65])
@pytest.mark.parametrize(
    ("B", "T", "lengths"),
    [(1, 1, None), (5, 2, None), (3, 63, None), (4, 9, [9, 0, 4, 9]), (2, 3, [0, 0])],
    ids=["B1-T1", "B5-T2", "B3-T63", "lengths", "nothing"],
)
def test_torchs_kernels_are_the_reference(name, dtype, H, B, T, lengths):
    """Outputs, states and all gradients, against the reference in float64."""
    options = {"num_layers": 2, "bidirectional": True}
    fast = VARIANTS[name].layer(3, H, **options, backend="torch", dtype=dtype)
    exact = VARIANTS[name].layer(3, H, **options, backend="reference", dtype=torch.float64)
    exact.load_state_dict(fast.state_dict())
    x = torch.randn(T, B, 3, dtype=dtype)
    hx = random_hx(fast, B, dtype=dtype)
    lengths = lengths if lengths is None else torch.tensor(lengths)
    found = []
    for layer, to in ((fast, dtype), (exact, torch.float64)):
        leaf = x.to(to).requires_grad_()
        state = tuple(s.to(to).requires_grad_() for s in states_of(hx))
        output, last = layer(leaf, state if len(state) > 1 else state[0], lengths=lengths)
        results = (output, *states_of(last))
        found.append((*results, *gradients(layer, results, [leaf, *state])))
    for a, b in zip(*found, strict=True):
        if a is None or b is None:  # nothing ran: no gradient is a zero gradient
            assert a is None or not a.any()
            assert b is None or not b.any()
        else:
            assert_exact(a, b, dtype)


@needs_kernels
@every_variant
def test_explain_reports_what_ran(name, capsys):
    layer = VARIANTS[name].layer(3, 4, num_layers=2)
    lstm_variants.explain(layer, torch.zeros(5, 2, 3))
    text = capsys.readouterr().out
    assert text.count("runs") == 2
    chosen = "cpu      " if kernel_of(VARIANTS[name].cell) else "reference"
    assert f"{chosen}  runs" in text
    if VARIANTS[name].cell in torch_kernels.FUNCTIONS:
        assert "torch      supported" in text
    else:
        assert "torch      torch has no kernel for" in text


class Negated(Backend):
    """Somebody else's backend, for LSTMs alone."""

    name = "negated"

    def details(self, call):
        return "with the opposite sign"

    def unsupported_reason(self, call):
        return None if call.cell == LSTMCell() else f"there is nothing for {call.cell}"

    def run(self, call):
        output, states = Reference().run(call)
        return -output, states


@pytest.fixture
def _negated():
    before = dict(BACKENDS)
    register(Negated(), priority=100)
    yield
    BACKENDS.clear()
    BACKENDS.update(before)


@pytest.mark.usefixtures("_negated")
def test_a_registered_backend_runs_by_name_and_by_priority(capsys):
    x = torch.randn(5, 2, 3)
    layer, gru = layers.LSTM(3, 4, backend="reference"), layers.GRU(3, 4)
    expected = layer(x)[0]
    for backend in ("auto", "negated"):
        layer.backend = backend
        assert torch.equal(layer(x)[0], -expected)
    lstm_variants.explain(layer, x)
    assert "negated    runs (with the opposite sign)" in capsys.readouterr().out
    lstm_variants.explain(gru, x)
    assert "negated    there is nothing for GRUCell()" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="nothing for GRUCell"):
        layers.GRU(3, 4, backend="negated")(x)
    register(Negated(), priority=-1)  # again, and last
    layer.backend = "auto"
    torch.testing.assert_close(layer(x)[0], expected)
    assert list(BACKENDS)[-1] == "negated"


def test_no_backend_is_named_auto(monkeypatch):
    monkeypatch.setattr(Negated, "name", "auto")
    with pytest.raises(ValueError, match="a name of its own"):
        register(Negated(), priority=1)


WRONG_BACKENDS = {
    "class": (
        Negated,
        1,
        "should be an object with name, for_tracing, details, ",
    ),
    "other": (
        torch,
        1,
        "should be an object with name, for_tracing, details, ",
    ),
    "text": (BACKENDS["torch"], "high", "priority should be a number, got 'high'"),
    "nan": (BACKENDS["torch"], float("nan"), "priority should be a number, got NaN"),
}


@pytest.mark.parametrize("case", WRONG_BACKENDS)
def test_what_is_no_backend_changes_nothing(case):
    before = list(BACKENDS.items())
    backend, priority, message = WRONG_BACKENDS[case]
    with pytest.raises((TypeError, ValueError), match=message):
        register(backend, priority)
    assert list(BACKENDS.items()) == before


@pytest.mark.parametrize("cell", [LSTMCell(), GRUCell()], ids=repr)
@pytest.mark.parametrize("backend", [pytest.param("cpu", marks=needs_kernels), "torch"])
def test_tensors_that_do_not_fit_are_an_error_in_every_fast_backend(cell, backend):
    call = call_of(cell)
    [weights], state = call.weights, call.states
    for name, tensor in weights._asdict().items():
        if tensor is not None:
            wrong = weights._replace(**{name: torch.cat([tensor, tensor[:1]])})
            with pytest.raises(ValueError, match=r"should be \["):
                BACKENDS[backend].run(call._replace(weights=(wrong,)))
    for name in state._fields:
        for size in ((1, 1, 4), (1, 2, 5), (2, 2, 4)):
            wrong = state._replace(**{name: torch.zeros(size)})
            with pytest.raises(ValueError, match=r"should be \["):
                BACKENDS[backend].run(call._replace(states=wrong))


def test_explain_looks_into_models(capsys):
    model = nn.Sequential(nn.Linear(3, 3), lstm_variants.models.BiLSTM(3, 4))
    lstm_variants.explain(model, torch.zeros(2, 5, 3))
    assert capsys.readouterr().out.startswith(
        "1.bilstm: LSTMCell() in 2 directions, T=5 B=2 D=3 H=4\n"
    )
    inner = nn.Sequential(layers.GRU(3, 4, num_layers=2, weight_dropout=0.5))
    model = nn.Sequential(nn.Linear(3, 3), inner)
    for run, names in ((model, ["1.0: "] * 2), (inner[0], [""] * 2), (inner.forward, [""] * 2)):
        lstm_variants.explain(run, torch.zeros(5, 2, 3))
        assert re.findall(r"^(\S*: |)GRUCell\(", capsys.readouterr().out, re.MULTILINE) == names
    lstm_variants.explain(nn.Linear(3, 3), torch.zeros(2, 3))
    assert capsys.readouterr().out == (
        "No recurrent layer of this package ran in this thread, outside of compiled modules.\n"
    )


@pytest.mark.parametrize("name", IN_TORCH)
@pytest.mark.parametrize("lengths", [[3, 2], [0, 3]], ids=str)
def test_lengths_where_torch_computes_in_half_precision(name, lengths, monkeypatch):
    """As cuDNN under autocast: float32 goes in, and half precision comes out. Run on the CPU."""
    backend = BACKENDS["torch"]
    call = call_of(VARIANTS[name].cell)._replace(lengths=torch.tensor(lengths))
    expected, expected_last = backend.compute(call)
    apply = backend.apply
    monkeypatch.setattr(
        backend, "apply", lambda *args: tuple(result.half() for result in apply(*args))
    )
    output, last = backend.compute(call)
    for got, exact in zip((output, *last), (expected, *expected_last), strict=True):
        assert got.dtype == torch.float16
        assert torch.equal(got, exact.half())


@pytest.mark.parametrize(
    ("name", "backend"),
    [
        *((name, "reference") for name in ("RNN", "PeepholeLSTM", "GRU", "FGR")),
        *((name, "torch") for name in IN_TORCH),
    ],
)
@pytest.mark.usefixtures("fresh_compiler")
def test_layers_compile_without_the_cpu_kernels(name, backend):
    layer = VARIANTS[name].layer(3, 4, backend=backend)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    x = torch.randn(3, 2, 3)
    for a, b in zip(states_of(compiled(x)[1]), states_of(layer(x)[1]), strict=True):
        torch.testing.assert_close(a, b)
    if backend == "reference":
        lengths = torch.tensor([3, 0])
        torch.testing.assert_close(compiled(x, lengths=lengths)[0], layer(x, lengths=lengths)[0])


@pytest.mark.parametrize("backend", [pytest.param("cpu", marks=needs_kernels), "torch"])
def test_tensors_of_the_second_direction_that_do_not_fit(backend):
    call = call_of(LSTMCell())
    [weights], states = call.weights, call.states
    states = states._make(torch.cat([field, field]) for field in states)
    wrong = weights._replace(weight_hh=torch.zeros(16, 3))
    with pytest.raises(ValueError, match=r"weight_hh should be \[16, 4\]"):
        BACKENDS[backend].run(call._replace(weights=(weights, wrong), states=states))
    wrong = states._replace(h=torch.zeros(1, 2, 4))
    with pytest.raises(ValueError, match=r"h should be \[2, 2, 4\]"):
        BACKENDS[backend].run(call._replace(weights=(weights, weights), states=wrong))


@needs_kernels
def test_lengths_of_32_bits():
    call = call_of(GRUCell())._replace(lengths=torch.tensor([3, 1], dtype=torch.int32))
    outputs = [BACKENDS[backend].run(call)[0] for backend in ("cpu", "reference")]
    torch.testing.assert_close(*outputs)


@pytest.mark.parametrize(
    "backend", [pytest.param("cpu", marks=needs_kernels), "torch", "reference"]
)
@pytest.mark.parametrize("lengths", [[2.9, 1.0], [True, False]], ids=str)
def test_lengths_that_are_not_integers(backend, lengths):
    call = call_of(GRUCell())._replace(lengths=torch.tensor(lengths))
    with pytest.raises(TypeError, match="lengths should be integers, got torch"):
        BACKENDS[backend].run(call)
