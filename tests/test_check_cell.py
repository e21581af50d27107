"""check_cell accepts the cells of the package and of its documentation, and names what is wrong."""

import itertools
from collections import namedtuple
from inspect import signature
from pathlib import Path

import pytest
import torch

import lstm_variants
from lstm_variants.cells import (
    Block,
    Field,
    GRUCell,
    HiddenState,
    LSTMCell,
    MGUCell,
    Parameter,
)
from lstm_variants.testing import check_cell, laws
from lstm_variants.variants import VARIANTS
from tests.test_own_cell import LeakyCell


@pytest.mark.parametrize(
    "cell", [LeakyCell(), *dict.fromkeys(v.cell for v in VARIANTS.values())], ids=repr
)
def test_the_laws_hold(cell):
    before = torch.get_rng_state()
    assert len(check_cell(cell)) == 13 + ("h_recurrent" in signature(cell.step).parameters)
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


class Blockless(LeakyCell):
    """Nothing says which rows of the bias are those of a gate."""

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias, proj_size=proj_size)
        return found | ({"bias_ih": Parameter((2 * H,), "b")} if bias else {})


class NewType(LeakyCell):
    """The type of the state is another one at each access."""

    @property
    def state_type(self):
        return namedtuple("LeakyState", "h v")


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

    def step(self, wx, state, w, h_recurrent=None):
        return super().step(wx, state, w)


class KeepsSeen(GRUCell):
    """The old state itself is dropped too."""

    def step(self, wx, state, w, h_recurrent=None):
        return super().step(wx, state if h_recurrent is None else HiddenState(h_recurrent), w)


class ScalesSeen(GRUCell):
    """A step with `h_recurrent` is another step, without any dropout."""

    def step(self, wx, state, w, h_recurrent=None):
        return super().step(
            wx, state, w, h_recurrent=None if h_recurrent is None else h_recurrent / 2
        )


class OppositeRole(MGUCell):
    """At 1, the gate writes."""

    blocks = (Block("f", "keep"), MGUCell().blocks[1])


class InputGateThatKeeps(LSTMCell):
    """The input gate does not keep anything."""

    blocks = tuple(
        block._replace(role="keep") if block.name == "i" else block for block in LSTMCell().blocks
    )


class OtherWithoutBias(GRUCell):
    """Without biases, it is another cell."""

    def step(self, wx, state, w, h_recurrent=None):
        return super().step(wx if w.bias_ih is not None else 2 * wx + 1, state, w, h_recurrent)


class DoesNotProject(GRUCell):
    """The matrices of a projected layer have other shapes."""

    projects = True


class Rounding(LeakyCell):
    """Half precision is rounded to far less than it has."""

    def step(self, wx, state, w):
        rounds = wx.dtype in (torch.bfloat16, torch.float16)
        return super().step(wx.round() if rounds else wx, state, w)


class OtherState(LeakyCell):
    """The state after a step is a plain tuple."""

    def step(self, wx, state, w):
        after, gates = super().step(wx, state, w)
        return tuple(after), gates


class OneGate(LeakyCell):
    """One gate for all units."""

    def step(self, wx, state, w):
        after, gates = super().step(wx, state, w)
        return after, {name: gate.mean(-1, keepdim=True) for name, gate in gates.items()}


class UnknownWeight(LeakyCell):
    """The weights have no place for a parameter."""

    def parameters(self, D, H, *, bias=True, proj_size=0):
        found = super().parameters(D, H, bias=bias, proj_size=proj_size)
        return found | {"extra": found["slope"]}


WRONG = {
    OppositeRole: r"f has the role keep, and no more of the state is kept .* has the role write",
    InputGateThatKeeps: r"i has the role keep, and no more of the state is kept",
    OtherWithoutBias: "with biases of zero, but the output differs",
    DoesNotProject: r"DoesNotProject\(\), check 'parts': the parts of the cell fit together, but",
    Rounding: "half precision is close to float32",
    OtherState: "step returns a tuple",
    OneGate: r"w is \[3, 1\] after a step, not \[B, H\]",
    UnknownWeight: "weights_type has no extra",
    IgnoresSeen: "recurrent weights alone, but step ignores `h_recurrent`",
    KeepsSeen: "with recurrent weights of zero, the step with `h_recurrent` differs",
    ScalesSeen: "the step with h_recurrent=h differs",
    BlocksWithoutComma: r"blocks should be a tuple, each element a Block, not .* in a comma",
    FieldsWithoutComma: r"state_fields should be a tuple, each element a Field, not .* in a comma",
    ZoneoutWithoutComma: r"zoneout_fields should be a tuple, each element a str, not 'h'",
    OtherZoneout: r"some of the state's fields \('h', 'v'\), not \('h', 'q'\)",
    OtherRole: r"the role of Block\(name='k', role='forget'\) should be None or one of keep, write",
    AlwaysBiased: "with bias=False, parameters should not return bias_ih",
    Blockless: "bias_ih should state the blocks of the rows, Parameter",
    NewType: "step returns a LeakyState that is not cell.state_type: a property should return",
    WithInit: "the init of slope should fill all of a tensor in place",
    PartOfInit: "the init of slope should fill all of a tensor in place",
    Unhashable: "unhashable type: 'Unhashable': the settings of a cell should be values that can",
    WithoutGates: "step does not return k, for trace",
    WithoutInput: "there is no weight_ih",
    WithoutDefault: "a layer with bias=False fails",
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


def flipped(output, last):
    return output.flip(0), last


def shifted(output, last):
    return output + 1e-3, last


def moved(output, last):
    return output, tuple(field + 1e-3 for field in last)


BROKEN = {
    "padding": ("lengths", shifted),
    "no_steps": ("lengths", moved),
    "resets": ("resets", shifted),
    "reversal": (None, flipped),
}
"""For each law, the argument with which a layer is wrong (`None`: two directions), and how."""


@pytest.mark.parametrize("law", BROKEN)
def test_a_wrong_layer_is_found(law, monkeypatch):
    """The laws of layers, which no cell breaks by itself."""
    argument, change = BROKEN[law]
    correct = laws.run

    def run(layer, x, hx=None, **keywords):
        results = correct(layer, x, hx, **keywords)
        is_wrong = argument in keywords if argument else layer.bidirectional
        return change(*results) if is_wrong else results

    check = getattr(laws, f"check_{law}")
    check(LeakyCell())
    monkeypatch.setattr(laws, "run", run)
    with pytest.raises(AssertionError):
        check(LeakyCell())


def test_without_assertions_nothing_is_checked():
    path = Path(lstm_variants.__file__).parent / "testing" / "__init__.py"
    optimised = {"__name__": "optimised"}
    exec(compile(path.read_text(), path, "exec", optimize=1), optimised)
    with pytest.raises(RuntimeError, match="check_cell needs assertions"):
        optimised["check_cell"](LeakyCell())


@pytest.mark.parametrize("given", [LeakyCell, "LSTM"])
def test_what_is_no_instance_of_a_cell_is_named(given):
    with pytest.raises(AssertionError, match=r"an instance of a Cell, as in check_cell\(MyCell"):
        check_cell(given)
