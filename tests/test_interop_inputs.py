"""Input that conversions refuse: what the error says."""

import json
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn.utils import parametrizations, prune

from lstm_variants import interop
from lstm_variants.cells import GRUCell
from lstm_variants.nn import GRU, LSTM, Recurrent
from tests.layers import assert_same_layers
from tests.test_own_cell import LeakyCell

D, H = 4, 5


@dataclass(frozen=True, repr=False)
class SettableCell(LeakyCell):
    """A cell of one's own with a setting."""

    rate: float = 0.1


OTHER_CELLS = {
    r"GRUCell with .'reset_after': False.*not GRUCell with .'reset_after': True": (
        Recurrent(GRUCell(reset_after=False), D, H),
        GRUCell(),
    ),
    r"SettableCell with .'rate': 0.9.*not SettableCell with .'rate': 0.1": (
        Recurrent(SettableCell(0.9), D, H),
        SettableCell(0.1),
    ),
    "LSTMCell .*not GRUCell": (LSTM(D, H), GRUCell()),
}


@pytest.mark.parametrize("message", OTHER_CELLS)
def test_a_cell_that_is_not_that_of_the_file(message, tmp_path):
    layer, cell = OTHER_CELLS[message]
    interop.to_safetensors(layer, tmp_path / "file")
    with pytest.raises(ValueError, match=message):
        interop.from_safetensors(tmp_path / "file", cell=cell)
    assert_same_layers(interop.from_safetensors(tmp_path / "file", cell=layer.cell), layer)


def description(**changes):
    options = {"input_size": D, "hidden_size": H}
    return {"cell": "GRUCell", "is_of_this_package": True, "settings": {}, "options": options} | (
        changes
    )


WEIGHTS = GRU(D, H).state_dict()
MALFORMED = {
    "no JSON": ("{", WEIGHTS, "does not describe a layer"),
    "empty": ("{}", WEIGHTS, "does not describe a layer"),
    "list": ("[1]", WEIGHTS, "does not describe a layer"),
    "no tensors": (description(), {}, "floating-point dtype, got none"),
    "option": (
        description(options={"input_size": D, "hidden_size": H, "gates": 3}),
        WEIGHTS,
        "has the options gates, which this version does not have",
    ),
    "no size": (description(options={"input_size": D}), WEIGHTS, "hidden_size"),
    "size": (description(options={"input_size": D, "hidden_size": 6}), WEIGHTS, "are not those of"),
    "a size of text": (
        description(options={"input_size": D, "hidden_size": "5"}),
        WEIGHTS,
        "describes no layer that this version can make",
    ),
    "setting": (description(settings={"resets": 3}), WEIGHTS, "resets"),
    "function": (description(cell="reordered"), WEIGHTS, "reordered, which is not one of this"),
    "base class": (description(cell="Cell"), WEIGHTS, "abstract class Cell"),
    "number": (description(cell=3), WEIGHTS, "3, which is not one of this"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_safetensors(case, tmp_path):
    text, tensors, message = MALFORMED[case]
    text = text if isinstance(text, str) else json.dumps(text)
    save_file(tensors, tmp_path / "file", {"lstm_variants": text})
    with pytest.raises(ValueError, match=message):
        interop.from_safetensors(tmp_path / "file")


class Extended(LSTM):
    """A layer with a module of its own."""

    def __init__(self, *args):
        super().__init__(*args)
        self.head = torch.nn.Linear(2, 2)


NOT_PLAIN = {
    "weight_norm": lambda: parametrizations.weight_norm(LSTM(D, H), "weight_hh_l0"),
    "pruning": lambda: prune.l1_unstructured(LSTM(D, H), "weight_hh_l0", 0.5),
    "subclass": lambda: Extended(D, H),
}


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_a_layer_that_could_not_be_read_again_is_not_saved(case, tmp_path):
    with pytest.raises(ValueError, match="remove parametrisations, pruning"):
        interop.to_safetensors(NOT_PLAIN[case](), tmp_path / "file")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options",
    [
        {"zoneout": np.float32(0.25)},
        {"zoneout": (Fraction(1, 4), np.float64(0.5))},
        {"weight_dropout": Fraction(1, 4), "recurrent_dropout": np.float16(0.5)},
    ],
    ids=str,
)
def test_rates_of_other_types_are_saved(options, tmp_path):
    interop.to_safetensors(LSTM(D, H, **options), tmp_path / "file")
    again = interop.from_safetensors(tmp_path / "file")
    for name, rate in options.items():
        found = getattr(again, name)
        assert (tuple(found) if isinstance(found, list) else found) == rate
