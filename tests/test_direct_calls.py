"""Layers whose kernels run without torch's dispatcher, and all that has to see the operators."""

import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.profiler import ProfilerActivity, profile
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from lstm_variants import nn
from lstm_variants.kernels.operators import autograd
from lstm_variants.torch_internals import below_autograd, runs_directly
from tests.cpu_kernels import needs_kernels
from tests.layers import states_of

pytestmark = needs_kernels


class SeenOperators(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        self.names.append(function.name())
        return function(*arguments, **keywords or {})


class SeenFunctions(TorchFunctionMode):
    def __torch_function__(self, function, types, arguments=(), keywords=None):
        return function(*arguments, **keywords or {})


class Subclass(torch.Tensor):
    pass


def test_ordinary_tensors_need_no_dispatcher():
    x = torch.ones(3)
    assert runs_directly((x, torch.nn.Parameter(x), x.t(), x[::2], x.requires_grad_()))
    with torch.no_grad():
        assert runs_directly((x,))
    with torch.inference_mode():
        assert runs_directly((x, torch.ones(3)))
    with torch.autocast("cpu"):
        assert runs_directly((x,))
    assert runs_directly((torch.ones(3, dtype=torch.float64), torch.ones(3).bool()))


OTHERS = {
    "subclass": lambda: Subclass([1.0]),
    "negative": lambda: torch.complex(torch.ones(3), torch.ones(3)).conj().imag,
    "zeros without memory": lambda: torch._efficientzerotensor(3),
    "meta": lambda: torch.ones(3, device="meta"),
    "sparse": lambda: torch.ones(3).to_sparse(),
    "fake": lambda: FakeTensorMode().from_tensor(torch.ones(3)),
}


@pytest.mark.parametrize("tensor", OTHERS.values(), ids=list(OTHERS))
def test_other_tensors_need_it(tensor):
    assert not runs_directly((torch.ones(3), tensor()))


MODES = {
    "dispatch": SeenOperators,
    "function": SeenFunctions,
    "fake": FakeTensorMode,
    "profiler": lambda: profile(activities=[ProfilerActivity.CPU]),
    "below autograd": below_autograd,
}


@pytest.mark.parametrize("mode", MODES.values(), ids=list(MODES))
def test_modes_need_it(mode):
    x = torch.ones(3)
    with mode():
        assert not runs_directly((x,))
    assert runs_directly((x,))


@pytest.mark.parametrize(
    "transform",
    [
        lambda f, x: torch.func.grad(f)(x),
        lambda f, x: torch.func.vmap(f)(x),
        lambda f, x: torch.func.functionalize(f)(x),
        lambda f, x: torch.jit.trace(f, x, check_trace=False),
    ],
    ids=["grad", "vmap", "functionalize", "trace"],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Converting a tensor")
def test_transforms_and_tracing_need_it(transform):
    outer, found = torch.ones(3), []

    def function(x):
        found.append(runs_directly((outer,)))
        return x.sum()

    transform(function, torch.ones(3))
    assert found
    assert not any(found)


@pytest.fixture
def dispatched(monkeypatch):
    """Run layers through the dispatcher, on demand."""

    def run(function):
        with monkeypatch.context() as patch:
            patch.setattr(autograd, "runs_directly", lambda tensors: False)
            return function()

    return run


CASES = {
    "plain": ({}, {}),
    "stacked in both directions": ({"num_layers": 2, "bidirectional": True}, {}),
    "without biases": ({"bias": False}, {}),
    "lengths": ({}, {"lengths": torch.tensor([5, 0, 2])}),
    "resets": ({}, {"resets": torch.arange(15).view(5, 3) % 4 == 0}),
}


@pytest.mark.parametrize("kind", ["LSTM", "PeepholeLSTM", "GRU", "SLSTM"])
@pytest.mark.parametrize(("options", "keywords"), CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("frozen", [False, True])
def test_results_are_the_same(kind, options, keywords, frozen, dispatched):
    layer = getattr(nn, kind)(4, 6, **options)
    x = torch.randn(5, 3, 4, requires_grad=True)
    if frozen:
        layer.requires_grad_(False)

    def run():
        layer.zero_grad()
        x.grad = None
        output, hx = layer(x.transpose(0, 1).contiguous().transpose(0, 1), **keywords)
        results = (output, *states_of(hx))
        sum(result.square().sum() for result in results).backward()
        gradients = [x.grad, *(p.grad for p in layer.parameters() if p.grad is not None)]
        assert len(gradients) == 1 + (0 if frozen else len(layer._parameters))
        with torch.no_grad():
            evaluated = layer(x, **keywords)[0]
        with torch.inference_mode():
            inferred = layer(x, **keywords)[0]
        return [*results, *gradients, evaluated, inferred]

    for direct, through in zip(run(), dispatched(run), strict=True):
        assert torch.equal(direct, through)
        assert direct.requires_grad == through.requires_grad


def test_second_derivatives_are_the_same(dispatched):
    layer, x = nn.PeepholeLSTM(4, 6).double(), torch.randn(5, 3, 4, dtype=torch.float64)

    def run():
        inputs = [x.requires_grad_(), *layer.parameters()]
        first = torch.autograd.grad(layer(x)[0].sum(), inputs, create_graph=True)
        return torch.autograd.grad(sum(g.square().sum() for g in first), inputs)

    for direct, through in zip(run(), dispatched(run), strict=True):
        assert_close(direct, through, rtol=1e-12, atol=1e-12)


def test_batched_gradients_are_the_same(dispatched):
    layer, x = nn.LSTM(4, 6), torch.randn(5, 3, 4, requires_grad=True)
    many = torch.randn(2, 5, 3, 6)

    def run():
        return torch.autograd.grad(layer(x)[0], x, many, is_grads_batched=True)[0]

    assert torch.equal(run(), dispatched(run))


@pytest.mark.parametrize("name", ["x", "weight", "state"])
def test_tensors_that_stand_for_their_negative(name):
    """Their memory has the other sign."""
    layer, x = nn.LSTM(4, 6), torch.randn(5, 3, 4)
    hx = torch.randn(1, 3, 6), torch.randn(1, 3, 6)
    expected = layer(x, hx)[0]
    if name == "x":
        x = torch._neg_view(-x)
    elif name == "weight":
        layer.weight_hh_l0 = torch.nn.Parameter(torch._neg_view(-layer.weight_hh_l0.detach()))
    else:
        hx = torch._neg_view(-hx[0]), hx[1]
    assert torch.equal(layer(x, hx)[0], expected)


def test_modes_see_the_operators():
    layer, x = nn.LSTM(4, 6), torch.randn(5, 3, 4)
    with SeenOperators() as seen:
        layer(x)[0].sum().backward()
    names = {name for name in seen.names if name.startswith("lstm_variants")}
    assert names == {"lstm_variants::layer", "lstm_variants::layer_backward"}


def test_the_profiler_names_the_operators():
    layer, x = nn.LSTM(4, 6), torch.randn(5, 3, 4)
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        layer(x)[0].sum().backward()
    assert {"lstm_variants::layer", "lstm_variants::layer_backward"} <= {
        event.key for event in recorded.key_averages()
    }


def test_in_an_operator_of_the_callers():
    """It has a gradient of its own, and autograd records nothing in it."""
    layer = nn.LSTM(4, 6)
    needs_grad = []

    @torch.library.custom_op("test_direct_calls::encode", mutates_args=())
    def encode(x: torch.Tensor) -> torch.Tensor:
        output = layer(x)[0]
        needs_grad.append(output.requires_grad)
        return output

    encode.register_autograd(lambda context, gradient: gradient.new_ones(5, 3, 4))
    x = torch.randn(5, 3, 4, requires_grad=True)
    encode(x).sum().backward()
    encode(x.detach())  # grad mode is on here
    assert needs_grad == [False, False]
    assert torch.equal(x.grad, torch.ones_like(x))
