"""The cell of the page on cells of one's own: other parameters and another state than any here."""

import copy
import dataclasses
import importlib.util
import pickle
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import sigmoid
from torch.nn.functional import linear
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import lstm_variants
from lstm_variants import trace
from lstm_variants.cells import Field, Parameter
from lstm_variants.nn import Recurrent
from lstm_variants.nn.init import chrono_, gate_bias_
from lstm_variants.testing import check_cell
from tests.layers import states_of
from tests.tolerances import assert_exact

F64 = {"dtype": torch.float64}


EXAMPLE = Path(__file__).parent.parent / "docs" / "includes" / "leaky_cell.py"
spec = importlib.util.spec_from_file_location("leaky_cell", EXAMPLE)
leaky_cell = sys.modules["leaky_cell"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(leaky_cell)
LeakyCell, LeakyWeights = leaky_cell.LeakyCell, leaky_cell.Weights


def by_hand(x, w):
    """The outputs for one sequence `[T, D]`."""
    v, outputs = torch.ones_like(w.slope), []
    for x_t in x:
        write, keep = linear(x_t, w.weight_ih, w.bias_ih).chunk(2)
        v = sigmoid(keep) * v + write
        outputs.append(v * sigmoid(w.slope * v))
    return torch.stack(outputs)


def weights_of(layer, suffix):
    names = ("weight_ih", "slope", "bias_ih")
    return LeakyWeights(*(getattr(layer, f"{name}_{suffix}", None) for name in names))


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "nobias"])
def test_layers_and_directions(bias):
    layer = Recurrent(LeakyCell(), 3, 4, num_layers=2, bidirectional=True, bias=bias, **F64)
    x = torch.randn(6, 2, 3, **F64)
    lengths = torch.tensor([6, 4])
    output, (h_n, v_n) = layer(x, lengths=lengths)
    assert h_n.shape == v_n.shape == (4, 2, 4)
    for b, length in enumerate(lengths.tolist()):
        sequence = x[:length, b]
        for k in range(2):
            forward = by_hand(sequence, weights_of(layer, f"l{k}"))
            backward = by_hand(sequence.flip(0), weights_of(layer, f"l{k}_reverse")).flip(0)
            sequence = torch.cat([forward, backward], dim=-1)
        assert_exact(output[:length, b], sequence)
        assert not output[length:, b].any()
    packed, _ = layer(pack_padded_sequence(x, lengths))
    assert_exact(pad_packed_sequence(packed)[0], output)


def test_parameters_are_as_the_cell_states_them():
    layer = Recurrent(LeakyCell(), 3, 4, num_layers=2)
    assert [name for name, _ in layer.named_parameters()] == [
        *("weight_ih_l0", "slope_l0", "bias_ih_l0"),
        *("weight_ih_l1", "slope_l1", "bias_ih_l1"),
    ]
    assert (layer.slope_l1 == 1).all()
    assert layer.weight_ih_l0.abs().max() <= 0.5
    again = Recurrent(LeakyCell(), 3, 4, num_layers=2)
    again.load_state_dict(layer.state_dict())
    assert torch.equal(copy.deepcopy(again)(torch.ones(5, 1, 3))[0], layer(torch.ones(5, 1, 3))[0])


@pytest.mark.parametrize("lengths", [None, torch.tensor([0, 0])], ids=["empty", "lengths"])
def test_without_steps_the_state_is_the_start_value(lengths):
    layer = Recurrent(LeakyCell(), 3, 4)
    x = torch.zeros(0 if lengths is None else 5, 2, 3)
    _, (h_n, v_n) = layer(x, lengths=lengths)
    assert not h_n.any()
    assert (v_n == 1).all()


def test_a_given_state_counts():
    layer = Recurrent(LeakyCell(), 3, 4, **F64)
    x = torch.randn(6, 2, 3, **F64)
    whole, last = layer(x)
    first, hx = layer(x[:4])
    second, again = layer(x[4:], hx)
    assert_exact(torch.cat([first, second]), whole)
    for a, b in zip(states_of(last), states_of(again), strict=True):
        assert_exact(a, b)


def test_gradients_of_both_orders():
    layer = Recurrent(LeakyCell(), 2, 2, bidirectional=True, **F64)
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def run(x, *values):
        given = dict(zip(names, values, strict=True))
        output, last = torch.func.functional_call(
            layer, given, (x,), {"lengths": torch.tensor([3, 2])}
        )
        return output, *last

    inputs = [t.detach().requires_grad_() for t in (torch.randn(3, 2, 2, **F64), *parameters)]
    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_integrates(dtype):
    """v is kept in float32: 3000 steps of 1, of which none is lost."""
    layer = Recurrent(LeakyCell(), 1, 1, dtype=dtype)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
        layer.bias_ih_l0.copy_(torch.tensor([1.0, 30.0]))
    output, (_, v_n) = layer(torch.zeros(3000, 1, 1, dtype=dtype))
    assert output.dtype == v_n.dtype == dtype
    assert v_n.item() == torch.tensor(3001.0, dtype=dtype).item()


class SensitiveCell(LeakyCell):
    """Its start value is no number of half precision, and its output shows the rounding."""

    state_fields = (LeakyCell.state_fields[0], Field("v", start=0.1, float32=True))

    def step(self, wx, state, w):
        state, gates = super().step(wx, state, w)
        return state._replace(h=(1024 * (state.v - 0.1)).to(wx.dtype)), gates


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_reset_starts_as_a_new_episode_in_half_precision(dtype):
    layer = Recurrent(SensitiveCell(), 1, 1, dtype=dtype)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
        layer.bias_ih_l0.copy_(torch.tensor([0.0, 30.0]))  # v stays
    x = torch.zeros(2, 1, 1, dtype=dtype)
    output, states = layer(x, resets=torch.tensor([[False], [True]]))
    fresh, last = layer(x[:1])
    assert output[0].item() == output[1].item() == fresh.item() != 0
    assert [s.item() for s in states] == [s.item() for s in last]


def test_a_cell_is_a_frozen_dataclass_without_a_decorator():
    cell = WithFunction(abs)
    assert dataclasses.is_dataclass(cell)
    assert (
        cell
        == WithFunction(squash=abs)
        != WithFunction()
        == dataclasses.replace(cell, squash=torch.sigmoid)
    )
    assert hash(cell) == hash(WithFunction(abs))
    assert repr(cell) == "WithFunction(squash=<built-in function abs>)"
    assert pickle.loads(pickle.dumps(cell)) == copy.deepcopy(cell) == cell
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to 'squash' of WithF"):
        cell.squash = abs
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete 'squash' of WithFunc"):
        del cell.squash


def test_the_decorator_does_no_harm():
    @dataclass(frozen=True, repr=False)
    class Decorated(LeakyCell):
        gain: float = 2.0

    assert repr(Decorated()) == "Decorated()"
    assert repr(Decorated(3.0)) == "Decorated(gain=3.0)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        Decorated().gain = 1.0


def test_settings_that_cannot_be_hashed():
    class Unhashable(LeakyCell):
        gains: list

    with pytest.raises(TypeError, match="the settings of Unhashable should be values that can be"):
        Recurrent(Unhashable([1]), 3, 4)


@pytest.mark.usefixtures("fresh_compiler")
def test_compile_and_export():
    layer = Recurrent(LeakyCell(), 3, 4, num_layers=2)
    x = torch.randn(5, 2, 3)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x)[0], layer(x)[0])
    program = torch.export.export(layer, (x,)).module()
    torch.testing.assert_close(program(x)[0], layer(x)[0])


@pytest.mark.usefixtures("fresh_compiler")
def test_compiled_resets():
    layer, x = Recurrent(LeakyCell(), 3, 4), torch.randn(5, 2, 3)
    resets = torch.arange(10).view(5, 2) % 3 == 0
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    expected = layer(x, resets=resets)[0]
    torch.testing.assert_close(compiled(x, resets=resets)[0], expected)


class OtherStart(LeakyCell):
    """Each unit has a start value of its own."""

    def initial_state(self, like, hidden_size, proj_size=0):
        state = super().initial_state(like, hidden_size)
        return state._replace(v=state.v + torch.arange(hidden_size))


def test_resets_need_start_values_that_are_numbers():
    layer, x = Recurrent(OtherStart(), 3, 4), torch.randn(5, 2, 3)
    assert layer(x)[0].isfinite().all()
    with pytest.raises(ValueError, match="OtherStart has an initial_state of its own"):
        layer(x, resets=torch.zeros(5, 2, dtype=torch.bool))


class Matrix(LeakyCell):
    """A state that is a matrix for each sequence."""

    def initial_state(self, like, hidden_size, proj_size=0):
        return super().initial_state(like, hidden_size)._replace(v=like.new_zeros(2, 4, 3))


def test_a_state_of_another_shape():
    """It would be silently wrong with lengths if B = H."""
    with pytest.raises(ValueError, match=r"v of Matrix should be .*\[2, 4\], got \[2, 4, 3\]"):
        Recurrent(Matrix(), 3, 4)(torch.randn(5, 2, 3))


def test_a_cell_of_the_same_name_is_another_cell():
    """Its text is that of a cell with a kernel, and it is not that cell."""
    impostor = type("LSTMCell", (LeakyCell,), {})()
    assert repr(impostor) == "LSTMCell()"
    layer = Recurrent(impostor, 3, 4)
    x = torch.randn(5, 2, 3)
    expected = by_hand(x[:, 0], weights_of(layer, "l0"))
    torch.testing.assert_close(layer(x)[0][:, 0], expected)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x)[0][:, 0], expected)
    torch.compiler.reset()


def test_trace_explain_and_initialisers(capsys):
    layer = chrono_(Recurrent(LeakyCell(), 3, 4), t_max=100)
    assert (layer.bias_ih_l0[4:] >= 0).all()
    x = torch.randn(5, 2, 3)
    [steps] = trace(layer, x)
    assert list(steps) == ["w", "k", "h", "v"]
    assert list(steps.saturation()) == ["k"]
    kept = steps["k"][1:].double().log().mean((0, 1))
    torch.testing.assert_close(steps.time_constants(), -1 / kept)
    torch.testing.assert_close(steps["h"], layer(x)[0])
    lstm_variants.explain(layer, x)
    text = capsys.readouterr().out
    assert "LeakyCell(), T=5 B=2 D=3 H=4" in text
    assert "reference  runs" in text
    assert "there is no kernel for LeakyCell()" in text


class WithoutBias(LeakyCell):
    """The gate k has no bias."""

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias, proj_size=proj_size)
        return found | ({"bias_ih": Parameter((H,), "b", ("w",))} if bias else {})


@pytest.mark.parametrize(
    "initialise", [partial(chrono_, t_max=9), lambda layer: gate_bias_(layer, ("w", "k"), 1.0)]
)
def test_a_gate_without_a_bias_cannot_be_initialised(initialise):
    """Nothing is changed, and not silently."""
    layer = Recurrent(WithoutBias(), 3, 4)
    before = layer.bias_ih_l0.detach().clone()
    with pytest.raises(ValueError, match=r"should have a bias with rows for its block k: of a cel"):
        initialise(layer)
    assert torch.equal(layer.bias_ih_l0, before)
    gate_bias_(layer, "w", 2.0)
    assert (layer.bias_ih_l0 == 2).all()


class WithFunction(LeakyCell):
    """A setting is a function."""

    squash: Any = torch.sigmoid


def test_labels_of_weights_have_no_addresses():
    """They would differ from one process to the next, and loading would warn."""
    function = partial(gate_bias_, bias=1.0)
    layer = Recurrent(WithFunction(function), 3, 4)
    label = layer.state_dict()._metadata[""]["label"]
    assert label.startswith("WithFunction(squash=functools.partial(<function gate_bias_")
    assert "0x" not in label


def test_weights_that_do_not_fit_are_named():
    layer = Recurrent(LeakyCell(), 3, 4)
    weights = layer.weights_of_cell()
    with pytest.raises(ValueError, match=r"LeakyCell\(\) requires slope"):
        lstm_variants.time_loop.scan(
            LeakyCell(), torch.zeros(2, 1, 3), weights._replace(slope=None)
        )


class TwoOfAName(LeakyCell):
    """A gate with the name of a field of the state, and other values."""

    def step(self, wx, state, w):
        after, gates = super().step(wx, state, w)
        return after, gates | {"h": 7 * after.h}


def test_trace_would_show_one_of_two_with_a_name():
    with pytest.raises(AssertionError, match="a gate h, which is not the field h of the state"):
        check_cell(TwoOfAName())


def test_the_example_is_short():
    code = EXAMPLE.read_text().partition("\nLeakyState")[2]  # after the imports
    example = code.partition("# --8<--")[0]
    assert len([line for line in example.splitlines() if line.strip()]) < 25


class FanInCell(LeakyCell):
    """Initial values depend on the sizes of the layer, which has to have an even hidden size."""

    def parameters(self, D, H, *, bias=True, proj_size=0):
        if H % 2:
            raise ValueError(f"hidden_size should be even, got {H}")
        found = super().parameters(D, H, bias=bias, proj_size=proj_size)
        init = partial(torch.nn.init.constant_, val=D + H / 1000)
        return found | {"weight_ih": found["weight_ih"]._replace(init=init)}


class ResidualCell(LeakyCell):
    """Has another parameter where input and state differ in size."""

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias, proj_size=proj_size)
        return found if D == H else found | {"residual": found["slope"]}


def test_names_of_parameters_that_depend_on_the_size():
    message = (
        "same names for all sizes, got weight_ih, slope, bias_ih, residual and weight_ih, slope"
    )
    with pytest.raises(ValueError, match=message):
        Recurrent(ResidualCell(), 8, 16, num_layers=2)


def test_initial_values_by_the_size_of_each_layer():
    layer = Recurrent(FanInCell(), 8, 16, num_layers=2, bidirectional=True)
    for _ in range(2):
        for name in ("l0", "l0_reverse", "l1", "l1_reverse"):
            size = 8 if "0" in name else 32
            assert (getattr(layer, f"weight_ih_{name}") - (size + 0.016)).abs().max() < 1e-5
        layer.reset_parameters()
    check_cell(FanInCell())
    chrono_(layer, 100)
    layer(torch.randn(5, 2, 8))
    with pytest.raises(ValueError, match="hidden_size should be even, got 15"):
        Recurrent(FanInCell(), 8, 15)
    with pytest.raises(ValueError, match=r"has no recurrent weights"):
        Recurrent(FanInCell(), 8, 16, weight_dropout=0.1)
