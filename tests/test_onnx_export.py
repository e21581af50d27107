"""torch.onnx.export of models with layers, computed by ONNX Runtime at other sizes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn
from torch.export import Dim

from lstm_variants import VARIANTS
from lstm_variants.cells import ElmanCell, Field, LSTMCell
from lstm_variants.kernels.cpu import native
from lstm_variants.nn import GRU, LSTM, RNN, SLSTM, LayerNormLSTM, PeepholeLSTM, Recurrent
from lstm_variants.torch_internals import LOOPS_ARE_EXPORTED
from tests.layers import random_hx, states_of
from tests.test_own_cell import LeakyCell

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore",  # the exporter's own
        "error:::lstm_variants",
        "ignore:LSTM with projections is not supported with oneDNN",  # torch.nn.LSTM warns too
    ),
    pytest.mark.xdist_group("onnx_export"),  # one process: importing the exporter takes seconds
]

AS_NODE = {
    "RNN": "RNN",
    **dict.fromkeys(("GRU", "GRU-before"), "GRU"),
    **dict.fromkeys(("LSTM", "PeepholeLSTM", "CoupledLSTM", "BiLSTM"), "LSTM"),
    **dict.fromkeys(("NIAF", "NOAF", "NP", "CIFG"), "LSTM"),
}
"""The operator of ONNX of each variant; all others are loops."""
D, H = 4, 5


class Model(nn.Module):
    """A layer among others, with whatever its caller passes."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.before, self.after = nn.Linear(D, D), nn.LazyLinear(3)
        self.to(next(layer.parameters()).dtype)

    def forward(self, x, hx=None, lengths=None, resets=None):
        options = {"resets": resets} if resets is not None else {}
        output, last = self.layer(self.before(x), hx, lengths=lengths, **options)
        return self.after(output), last


def flat(values):
    """All tensors of nested tuples."""
    return [values] if torch.is_tensor(values) else [t for part in values for t in flat(part)]


CHANGING = {"x": (0, 1), "hx": (1,), "lengths": (0,), "resets": (0, 1)}
"""The dimensions of an argument that are a number of time steps or of sequences."""


def dynamic(name, values):
    """`dynamic_shapes` of an argument."""
    if not torch.is_tensor(values):
        return tuple(dynamic(name, part) for part in values)
    return dict.fromkeys(CHANGING[name], Dim.AUTO)


def compare(layer, inputs, others, names=(), rtol=0, atol=1e-6):
    """Export with some inputs, and compare with others; return the graph."""
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5)
    model = Model(layer).eval()
    with torch.no_grad():
        model(inputs[0])
    options = dict(zip(names, inputs[1:], strict=True))
    program = torch.onnx.export(
        model,
        inputs[:1],
        kwargs=options,
        dynamo=True,
        verbose=False,
        dynamic_shapes={
            name: dynamic(name, values) for name, values in {"x": inputs[0], **options}.items()
        },
    ).model_proto
    onnx.checker.check_model(program, full_check=True)
    session = onnxruntime.InferenceSession(
        program.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    feed = {
        node.name: tensor.numpy()
        for node, tensor in zip(session.get_inputs(), flat(others), strict=True)
    }
    with torch.no_grad():
        expected = flat(model(others[0], **dict(zip(names, others[1:], strict=True))))
    for found, tensor in zip(session.run(None, feed), expected, strict=True):
        np.testing.assert_allclose(found, tensor.numpy(), rtol=rtol, atol=atol)
    return program.graph


def compare_loop(*arguments, **keywords):
    """The same for a layer that becomes a loop; an error before torch 2.13."""
    if LOOPS_ARE_EXPORTED:
        graph = compare(*arguments, **keywords)
        assert "Scan" in operators(graph)
        return graph
    with pytest.raises(RuntimeError, match=r"to ONNX requires PyTorch 2\.13 or newer"):
        compare(*arguments, **keywords)
    return None


def operators(graph):
    return [node.op_type for node in graph.node]


def hx_of(layer, B):
    states = states_of(random_hx(layer, B, dtype=torch.float32))
    return tuple(states) if len(states) > 1 else states[0]


@pytest.mark.costly
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant(name):
    """Stacked, in both directions, with lengths, also of 0, and initial states, any T and B."""
    layer = VARIANTS[name].layer(D, H, num_layers=2, bidirectional=True)
    inputs = torch.randn(7, 3, D), hx_of(layer, 3), torch.tensor([7, 2, 5])
    others = torch.randn(11, 4, D), hx_of(layer, 4), torch.tensor([11, 6, 0, 3])
    names = ("hx", "lengths")
    graph = (compare if name in AS_NODE else compare_loop)(layer, inputs, others, names)
    if graph is not None:
        found = [o for o in operators(graph) if o in ("LSTM", "GRU", "RNN", "Scan", "Loop")]
        assert found == ([AS_NODE[name]] * 2 if name in AS_NODE else ["Scan"] * 4)


ODD = {
    "no biases": (lambda: LSTM(D, H, bias=False), "LSTM"),
    "batch first": (lambda: GRU(D, H, batch_first=True), "GRU"),
    "projection": (lambda: LSTM(D, H, proj_size=3), "Scan"),
    "zoneout": (lambda: PeepholeLSTM(D, H, zoneout=0.3), "Scan"),
    "dropout": (lambda: GRU(D, H, 2, dropout=0.3, weight_dropout=0.2), "GRU"),
    "recurrent dropout": (lambda: GRU(D, H, recurrent_dropout=0.3), "GRU"),
    "relu": (lambda: RNN(D, H, nonlinearity="relu"), "RNN"),
    "float64": (lambda: PeepholeLSTM(D, H, dtype=torch.float64), "Scan"),
    "float16": (lambda: PeepholeLSTM(D, H, dtype=torch.float16), "LSTM"),
    "float16 loop": (lambda: SLSTM(D, H, dtype=torch.float16), "Scan"),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("T", [1, 12])
def test_options(kind, T):
    make, operator = ODD[kind]
    layer = make().eval()
    dtype = next(layer.parameters()).dtype
    inputs, others = torch.randn(7, 3, D, dtype=dtype), torch.randn(T, 2, D, dtype=dtype)
    rounding = torch.finfo(torch.float16).eps  # of results, and of the linear layers' products
    tolerance = dict(rtol=2 * rounding, atol=rounding) if dtype == torch.float16 else {}
    if operator == "Scan":
        compare_loop(layer, (inputs,), (others,), **tolerance)
    else:
        assert operator in operators(compare(layer, (inputs,), (others,), **tolerance))


def test_resets():
    layer = PeepholeLSTM(D, H, bidirectional=True)
    inputs, others = ((torch.randn(T, B, D), torch.rand(T, B) < 0.3) for T, B in [(7, 3), (9, 2)])
    compare_loop(layer, inputs, others, ("resets",))


def test_weights_are_stored_in_the_order_of_onnx():
    """Small ones; the exporter leaves what is large for ONNX Runtime to compute."""
    graph = compare(PeepholeLSTM(D, H), (torch.randn(7, 3, D),), (torch.randn(2, 5, D),))
    [node] = [node for node in graph.node if node.op_type == "LSTM"]
    stored = {tensor.name for tensor in graph.initializer}
    assert {node.input[k] for k in (1, 2, 3, 7)} <= stored


def test_a_named_backend_stays():
    x = torch.randn(3, 2, D)
    program = torch.onnx.export(
        LSTM(D, H, backend="reference").eval(), (x,), dynamo=True, verbose=False
    ).model_proto
    assert not {"LSTM", "Scan"} & set(operators(program.graph))


def chain(error):
    """An error with all that caused it."""
    return str(error) + (chain(error.__cause__) if error.__cause__ else "")


@pytest.mark.parametrize("backend", ["cpu", "torch"])
def test_a_backend_that_is_not_exported(backend):
    """With torch's, a program would take any number of steps, and give that of the example."""
    if backend == "cpu" and native.unavailable_reason():
        pytest.skip("there are no kernels")
    layer, x = LSTM(D, H, backend=backend).eval(), torch.randn(3, 2, D)
    shapes = ({0: Dim.AUTO, 1: Dim.AUTO},)
    with pytest.raises(Exception) as error:  # noqa: PT011 - of the exporter
        torch.onnx.export(layer, (x,), dynamo=True, dynamic_shapes=shapes, verbose=False)
    assert f"backend='{backend}' cannot run" in chain(error.value)
    assert "take backend='auto'" in chain(error.value)


def test_layers_run_as_before_when_the_export_is_over():
    layer, x = LSTM(D, H).eval(), torch.randn(3, 2, D)
    expected = layer(x)[0]
    torch.onnx.export(layer, (x,), dynamo=True, verbose=False)
    assert torch.equal(layer(x)[0], expected)
    program = torch.export.export(layer, (x,))
    assert "symbolic" not in str(program.graph)


def test_a_cell_of_ones_own():
    layer = Recurrent(LeakyCell(), D, H)
    compare_loop(layer, (torch.randn(7, 3, D),), (torch.randn(2, 5, D),))


def test_a_subclass_is_exported_with_its_own_step():
    class Doubled(LSTMCell):
        def step(self, wx, state, w, h_recurrent=None):
            return super().step(2 * wx, state, w, h_recurrent)

    compare_loop(Recurrent(Doubled(), D, H), (torch.randn(7, 3, D),), (torch.randn(2, 5, D),))


class TwoSteps(NamedTuple):
    h: torch.Tensor
    before: torch.Tensor


class SecondOrderCell(ElmanCell):
    """The state is h of two time steps: a loop's results are one of its inputs too."""

    state_type, state_fields = TwoSteps, (Field("h"), Field("before"))

    def step(self, wx, state, w):
        new = torch.tanh(wx + torch.nn.functional.linear(state.h + state.before, w.weight_hh))
        return TwoSteps(new, state.h), {}


class TwiceCell(SecondOrderCell):
    """Both fields are one tensor."""

    def step(self, wx, state, w):
        (h, _), gates = super().step(wx, state, w)
        return TwoSteps(h, h), gates


@pytest.mark.parametrize("cell", [SecondOrderCell, TwiceCell])
def test_states_that_are_one_tensor(cell):
    layer = Recurrent(cell(), D, H, bias=False)
    compare_loop(layer, (torch.randn(7, 3, D),), (torch.randn(11, 4, D),))


class Slow(nn.Module):
    """Time for others while it is exported."""

    def __init__(self):
        super().__init__()
        self.layer = LSTM(D, H)
        self.is_traced, self.may_end = threading.Event(), threading.Event()

    def forward(self, x):
        self.is_traced.set()
        assert self.may_end.wait(60)
        return self.layer(x)[0]


def test_layers_of_other_threads_compute_as_usual():
    """The exporter sets flags in all threads."""
    layers, x = (
        (LSTM(D, H), LayerNormLSTM(D, H), GRU(D, H, zoneout=0.1).eval()),
        torch.randn(7, 3, D),
    )
    expected = [layer(x, lengths=torch.tensor([7, 0, 3]))[0] for layer in layers]
    model = Slow()
    with ThreadPoolExecutor(1) as pool:
        export = pool.submit(torch.onnx.export, model, (x,), dynamo=True, verbose=False)
        assert model.is_traced.wait(60)
        assert torch.onnx.is_in_onnx_export()
        try:
            for layer, output in zip(layers, expected, strict=True):
                found, _ = layer(x, lengths=torch.tensor([7, 0, 3]))
                torch.testing.assert_close(found, output)
                found.sum().backward()
                with pytest.raises(ValueError, match="lengths should be from 0 to 7"):
                    layer(x, lengths=torch.tensor([7, 8, 3]))
        finally:
            model.may_end.set()
        nodes = operators(export.result().model_proto.graph)
    assert "LSTM" in nodes
