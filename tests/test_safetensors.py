"""Layers in safetensors files."""

import json
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.utils import parametrizations, prune

from lstm_variants import VARIANTS, interop
from lstm_variants.cells import GRUCell, MGUCell
from lstm_variants.interop.safetensors import OPTIONS
from lstm_variants.nn import GRU, LSTM, Recurrent
from tests.layers import assert_same_layers
from tests.test_own_cell import LeakyCell

D, H = 4, 5


def test_without_the_extra_the_error_names_it():
    code = "import sys; sys.modules['safetensors'] = None; import lstm_variants.interop"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ModuleNotFoundError: lstm_variants.interop needs safetensors: install" in done.stderr
    assert '[interop]"' in done.stderr


@pytest.mark.parametrize("name", VARIANTS)
def test_safetensors(name, tmp_path):
    layer = VARIANTS[name].layer(D, H, num_layers=2, bidirectional=True, batch_first=True)
    interop.to_safetensors(layer, tmp_path / "layer.safetensors")
    again = interop.from_safetensors(tmp_path / "layer.safetensors")
    assert_same_layers(again, layer)
    assert again.batch_first
    assert [path.name for path in tmp_path.iterdir()] == ["layer.safetensors"]
    (tmp_path / "other").touch()
    mode = (tmp_path / "other").stat().st_mode
    assert (tmp_path / "layer.safetensors").stat().st_mode == mode  # others may read it, too
    assert load_file(tmp_path / "layer.safetensors").keys() == layer.state_dict().keys()


def test_a_forward_that_a_library_wraps_is_saved_without_it(tmp_path):
    layer = LSTM(D, H)
    layer.forward = torch.compile(layer.forward, backend="eager")
    before = torch.get_rng_state()
    interop.to_safetensors(layer, tmp_path / "layer.safetensors")
    assert torch.equal(torch.get_rng_state(), before)
    again = interop.from_safetensors(tmp_path / "layer.safetensors")
    assert torch.equal(again.weight_hh_l0, layer.weight_hh_l0)


def test_the_default_device_does_not_matter(tmp_path):
    layer = LSTM(D, H)
    interop.to_safetensors(layer, tmp_path / "layer.safetensors")
    with torch.device("meta"):
        again = interop.from_safetensors(tmp_path / "layer.safetensors")
    assert_same_layers(again, layer)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64], ids=str)
def test_every_option_is_in_safetensors(dtype, tmp_path):
    layer = LSTM(
        *(D, H, 2),
        bias=False,
        batch_first=True,
        dropout=0.3,
        bidirectional=True,
        proj_size=2,
        weight_dropout=0.1,
        recurrent_dropout=0.2,
        zoneout=(0.1, 0.2),
        dtype=dtype,
        backend="reference",
    )
    interop.to_safetensors(layer, tmp_path / "file")
    again = interop.from_safetensors(tmp_path / "file")
    changed = {name: getattr(layer, name) for name in OPTIONS}
    for name, value in changed.items():
        assert value not in (0, getattr(LSTM(1, 1), name)) or name == "bias"
        found = getattr(again, name)
        assert (tuple(found) if isinstance(found, list) else found) == value
    assert_same_layers(again, layer)
    assert {p.dtype for p in again.parameters()} == {dtype}
    assert again.backend == "auto"


def test_a_cell_of_ones_own_in_safetensors(tmp_path):
    path, layer = tmp_path / "layer.safetensors", Recurrent(LeakyCell(), D, H)
    interop.to_safetensors(layer, path)
    with pytest.raises(ValueError, match="LeakyCell, which is not one of this package: pass cell="):
        interop.from_safetensors(path)
    assert_same_layers(interop.from_safetensors(path, cell=LeakyCell()), layer)


def test_a_cell_of_ones_own_with_a_name_of_this_package_in_safetensors(tmp_path):
    cell = type("MGUCell", (MGUCell,), {})()
    interop.to_safetensors(Recurrent(cell, D, H), tmp_path / "layer.safetensors")
    with pytest.raises(ValueError, match="MGUCell, which is not one of this package: pass cell="):
        interop.from_safetensors(tmp_path / "layer.safetensors")


def test_wrong_safetensors(tmp_path):
    path = tmp_path / "file.safetensors"
    path.write_bytes(b"junk")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        interop.from_safetensors(path)
    save_file(LSTM(D, H).state_dict(), path)
    with pytest.raises(ValueError, match="should have been written by to_safetensors"):
        interop.from_safetensors(path)
    interop.to_safetensors(LSTM(D, H), path)
    with pytest.raises(ValueError, match=r"has the cell LSTMCell .*not GRUCell"):
        interop.from_safetensors(path, cell=GRUCell())


def test_long_names_and_symbolic_links(tmp_path):
    path = tmp_path / ("n" * 243 + ".safetensors")  # the longest name that Linux and macOS have
    interop.to_safetensors(LSTM(D, H), path)
    link = tmp_path / "link"
    link.symlink_to(path)
    interop.to_safetensors(GRU(D, H), link)
    assert link.is_symlink()
    assert isinstance(interop.from_safetensors(path).cell, GRUCell)


def test_a_save_that_fails_leaves_the_file_before(tmp_path, monkeypatch):
    path = tmp_path / "layer.safetensors"
    interop.to_safetensors(LSTM(D, H), path)
    before = path.read_bytes()

    def fail(*_, **__):
        raise OSError("no space")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="no space"):
        interop.to_safetensors(GRU(D, H), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


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
    with pytest.raises(TypeError, match=r"cell should be a cell, such as LSTMCell\(\), got <class"):
        interop.from_safetensors(tmp_path / "file", cell=type(cell))
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
    "no tensors": (description(), {}, "floating-point dtype, got none|is not a safetensors file"),
    "option": (
        description(options={"input_size": D, "hidden_size": H, "gates": 3}),
        WEIGHTS,
        "has the options gates, which this version does not have",
    ),
    "no size": (description(options={"input_size": D}), WEIGHTS, "hidden_size"),
    "size": (
        description(options={"input_size": D, "hidden_size": 6}),
        WEIGHTS,
        r"with weight_ih_l0 \[18, 4\], and has 4 parameters with .* \[15, 4\]",
    ),
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


def tied():
    layer = LSTM(H, H, 2)
    layer.weight_hh_l1 = layer.weight_hh_l0
    return layer


def tied_by_memory():
    layer = LSTM(H, H, 2)
    layer.weight_hh_l1.data = layer.weight_hh_l0.data
    return layer


class Doubled(LSTM):
    def forward(self, input, hx=None):  # noqa: A002 - torch's name for it
        return super().forward(2 * input, hx)


class Repeated(LSTM):
    def step(self, input, hx=None, *, resets=None):  # noqa: A002 - torch's name for it
        return super().step(2 * input, hx, resets=resets)


def with_its_own(name, value):
    layer = LSTM(D, H)
    setattr(layer, name, value)
    return layer


NOT_PLAIN = {
    "tied": tied,
    "tied by memory": tied_by_memory,
    "forward": lambda: Doubled(D, H),
    "step": lambda: Repeated(D, H),
    "zoneout": lambda: with_its_own("zoneout", -1.0),
    "dropout": lambda: with_its_own("dropout", 2.0),
    "weight_norm": lambda: parametrizations.weight_norm(LSTM(D, H), "weight_hh_l0"),
    "pruning": lambda: prune.l1_unstructured(LSTM(D, H), "weight_hh_l0", 0.5),
    "subclass": lambda: Extended(D, H),
}


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_a_layer_that_could_not_be_read_again_is_not_saved(case, tmp_path):
    message = r"remove parametrisations, pruning|should not be tied|have the \w+ of its base class"
    with pytest.raises(
        ValueError, match=rf"{message}|dropout should be a number in range|be a probability"
    ):
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


def test_safetensors_of_several_dtypes(tmp_path):
    layer = GRU(D, H)
    layer.bias_ih_l0.data = layer.bias_ih_l0.data.half()
    with pytest.raises(ValueError, match="float16 bias_ih_l0"):
        interop.to_safetensors(layer, tmp_path / "file")
    text = {"lstm_variants": json.dumps(description())}
    save_file(layer.state_dict(), tmp_path / "file", text)
    with pytest.raises(ValueError, match="float16 bias_ih_l0"):
        interop.from_safetensors(tmp_path / "file")


@pytest.mark.parametrize("size", [10**14, 10**30])
def test_a_size_in_safetensors_that_no_memory_has(size, tmp_path):
    text = json.dumps(description(options={"input_size": D, "hidden_size": size}))
    save_file(WEIGHTS, tmp_path / "file", {"lstm_variants": text})
    with pytest.raises(ValueError, match="describes 1 layer"):
        interop.from_safetensors(tmp_path / "file")


def test_layers_in_safetensors_that_no_memory_has(tmp_path):
    options = {"input_size": D, "hidden_size": H, "num_layers": 10**9}
    text = json.dumps(description(options=options))
    save_file(WEIGHTS, tmp_path / "file", {"lstm_variants": text})
    with pytest.raises(ValueError, match="describes 1000000000 layer"):
        interop.from_safetensors(tmp_path / "file")


def test_a_setting_that_is_no_number(tmp_path):
    layer = Recurrent(SettableCell(torch.ones(2)), D, H)
    with pytest.raises(ValueError, match="should be numbers or text to be saved, got tensor"):
        interop.to_safetensors(layer, tmp_path / "file")
    assert not list(tmp_path.iterdir())
