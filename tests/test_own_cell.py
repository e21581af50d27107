"""The cell of the page on cells of one's own: other parameters and another state than any here."""

import copy
import importlib.util
import itertools
import sys
from collections import namedtuple
from inspect import signature
from pathlib import Path

import pytest
import torch
from torch import sigmoid
from torch.nn.functional import linear
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import lstm_variants
from lstm_variants.cells import Block, Cell, Field, GRUCell, HiddenState
from lstm_variants.nn import Recurrent
from lstm_variants.nn.init import chrono_
from lstm_variants.testing import check_cell
from lstm_variants.trace import trace
from lstm_variants.variants import VARIANTS
from tests.layers import states_of
from tests.tolerances import assert_exact

F64 = {"dtype": torch.float64}


EXAMPLE = Path(__file__).parent.parent / "docs" / "includes" / "leaky_cell.py"
spec = importlib.util.spec_from_file_location("leaky_cell", EXAMPLE)
leaky_cell = sys.modules["leaky_cell"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(leaky_cell)
LeakyCell, LeakyWeights = leaky_cell.LeakyCell, leaky_cell.LeakyWeights


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


def test_compile_and_export():
    layer = Recurrent(LeakyCell(), 3, 4, num_layers=2)
    x = torch.randn(5, 2, 3)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x)[0], layer(x)[0])
    program = torch.export.export(layer, (x,)).module()
    torch.testing.assert_close(program(x)[0], layer(x)[0])
    torch.compiler.reset()


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


def test_weights_that_do_not_fit_are_named():
    layer = Recurrent(LeakyCell(), 3, 4)
    weights = layer._weights(layer._weight_names[0])
    with pytest.raises(ValueError, match=r"LeakyCell\(\) requires slope"):
        lstm_variants.scan.scan(LeakyCell(), torch.zeros(2, 1, 3), weights._replace(slope=None))


def test_the_example_is_short():
    code = EXAMPLE.read_text().partition("\nLeakyState")[2]  # after the imports
    example = code.partition("# --8<--")[0]
    assert len([line for line in example.splitlines() if line.strip()]) < 25


@pytest.mark.parametrize(
    "cell", [LeakyCell(), *dict.fromkeys(v.cell for v in VARIANTS.values())], ids=repr
)
def test_the_laws_hold(cell):
    before = torch.get_rng_state()
    assert len(check_cell(cell)) == 10 + ("seen" in signature(cell.step).parameters)
    assert torch.equal(torch.get_rng_state(), before)


class Counting(LeakyCell):
    """A step depends on how many there were before, which is no part of the state."""

    steps = itertools.count()

    def step(self, wx, state, w):
        return super().step(wx * (1 + next(self.steps) % 7), state, w)


class Mixing(LeakyCell):
    """Sequences of a batch see one another."""

    def step(self, wx, state, w):
        (h, v), gates = super().step(wx, state, w)
        return self.state_type(h + 0.1 * h.mean(0), v), gates


class Detached(LeakyCell):
    """A part of the gradient is missing."""

    def step(self, wx, state, w):
        return super().step(wx, state._replace(v=state.v.detach()), w)


class OtherFields(LeakyCell):
    """The names of the fields are not those of the state."""

    state_fields = (Field("h"), Field("c", start=1.0, float32=True))


class OtherRows(LeakyCell):
    """weight_ih has more rows than blocks."""

    blocks = (Block("w", "write"),)


class Unhashable(LeakyCell):
    """The cell cannot be a dictionary key."""

    __hash__ = None


class WithoutGates(LeakyCell):
    """The step returns no gates."""

    def step(self, wx, state, w):
        return super().step(wx, state, w)[0], {}


class WithoutInput(LeakyCell):
    """A layer needs a matrix for its input."""

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias, proj_size=proj_size)
        return {name: found[name] for name in found if name != "weight_ih"}


class WithoutDefault(LeakyCell):
    """The bias is not optional."""

    weights_type = namedtuple("Weights", "weight_ih slope bias_ih")


class Plain(Cell):
    __doc__ = LeakyCell.__doc__  # no dataclass

    blocks, state_type = LeakyCell.blocks, LeakyCell.state_type
    state_fields = LeakyCell.state_fields
    parameters, step = LeakyCell.parameters, LeakyCell.step


class BlocksWithoutComma(LeakyCell):
    """One block, and no tuple of one."""

    blocks = Block("w", "candidate")


class FieldsWithoutComma(LeakyCell):
    """One field, and no tuple of one."""

    state_fields = Field("h")


class ZoneoutWithoutComma(LeakyCell):
    """A string is no tuple, though "h" in "h" holds."""

    zoneout_fields = "h"


class OtherZoneout(LeakyCell):
    """The state has no such field: zoneout would do nothing."""

    zoneout_fields = ("h", "q")


class OtherRole(LeakyCell):
    """No initialiser knows the role."""

    blocks = (Block("w", "candidate"), Block("k", "forget"))


class AlwaysBiased(LeakyCell):
    """bias=False is ignored."""

    def parameters(self, D, H, *, bias=True, proj_size=0):
        return super().parameters(D, H, proj_size=proj_size)


class WithInit(LeakyCell):
    """Another initialisation of the slope."""

    init = staticmethod(torch.ones_like)  # not in place

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias, proj_size=proj_size)
        return found | {"slope": found["slope"]._replace(init=self.init)}


class PartOfInit(WithInit):
    """One value is not set."""

    init = staticmethod(lambda tensor: tensor[1:].fill_(1.0))


class IgnoresSeen(GRUCell):
    """Recurrent dropout would do nothing."""

    def step(self, wx, state, w, seen=None):
        return super().step(wx, state, w)


class KeepsSeen(GRUCell):
    """The old state itself is dropped too."""

    def step(self, wx, state, w, seen=None):
        return super().step(wx, state if seen is None else HiddenState(seen), w)


class ScalesSeen(GRUCell):
    """A step with `seen` is another step, without any dropout."""

    def step(self, wx, state, w, seen=None):
        return super().step(wx, state, w, seen=None if seen is None else seen / 2)


WRONG = {
    IgnoresSeen: "recurrent weights alone, but step ignores `seen`",
    KeepsSeen: "with weight_hh = 0, the step with `seen` differs",
    ScalesSeen: "the step with seen=h differs",
    BlocksWithoutComma: r"blocks should be a tuple, each element a Block, not .* in a comma",
    FieldsWithoutComma: r"state_fields should be a tuple, each element a Field, not .* in a comma",
    ZoneoutWithoutComma: r"zoneout_fields should be a tuple, each element a str, not 'h'",
    OtherZoneout: r"some of the state's fields \('h', 'v'\), not \('h', 'q'\)",
    OtherRole: r"the role of Block\(name='k', role='forget'\) should be None or one of keep, write",
    AlwaysBiased: "with bias=False, parameters should not return bias_ih",
    WithInit: "the init of slope should fill all of a tensor in place",
    PartOfInit: "the init of slope should fill all of a tensor in place",
    Unhashable: "unhashable type: 'Unhashable': a cell is a frozen dataclass",
    WithoutGates: "step does not return k, for trace",
    WithoutInput: "there is no weight_ih",
    WithoutDefault: "a layer with bias=False fails",
    Plain: "Plain: the parts of the cell fit together, but it is not a dataclass",
    Counting: "in two parts",
    Mixing: "does not depend on the others",
    Detached: "derivatives",
    OtherFields: r"state_fields are \('h', 'c'\)",
    OtherRows: "weight_ih should be",
}


@pytest.mark.parametrize(("cell_type", "message"), WRONG.items())
def test_a_wrong_cell_is_found(cell_type, message):
    with pytest.raises(AssertionError, match=message):
        check_cell(cell_type())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_mode_of_gradients_does_not_matter(mode):
    with mode():
        assert len(check_cell(LeakyCell())) == 10


def test_the_default_device_does_not_matter():
    with torch.device("meta"):
        assert len(check_cell(LeakyCell())) == 10


def test_without_assertions_nothing_is_checked():
    path = Path(lstm_variants.__file__).parent / "testing.py"
    optimised = {"__name__": "optimised"}
    exec(compile(path.read_text(), path, "exec", optimize=1), optimised)
    with pytest.raises(RuntimeError, match="check_cell needs assertions"):
        optimised["check_cell"](LeakyCell())


def test_the_default_dtype_does_not_matter():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert len(check_cell(LeakyCell())) == 10
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("given", [LeakyCell, "LSTM"])
def test_what_is_no_instance_of_a_cell_is_named(given):
    with pytest.raises(AssertionError, match=r"an instance of a Cell, as in check_cell\(MyCell"):
        check_cell(given)
