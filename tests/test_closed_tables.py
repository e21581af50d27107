"""Tables of known cells are closed: a new setting is an error there, and never another function."""

import pytest
import torch

from lstm_variants import cells
from lstm_variants.interop import to_flax, to_keras, to_tensorflow
from lstm_variants.kernels import onnx, torch_kernels
from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.nn import Recurrent

KINDS = {"LSTM": cells.LSTMCell, "GRU": cells.GRUCell, "RNN": cells.ElmanCell}


def with_a_flag(kind):
    """A class of cells with one more setting, under the same name."""
    return type(kind.__name__, (kind,), {"__annotations__": {"flag": bool}, "flag": False})


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_onnx_has_no_node_for_a_setting_that_it_does_not_know(kind, monkeypatch):
    flagged = with_a_flag(kind)
    monkeypatch.setattr(onnx, kind.__name__, flagged)
    table = {(type(cell), repr(cell)): node for cell, node in onnx.nodes()}
    monkeypatch.setattr(onnx, "NODES", table)
    assert onnx.onnx_node(flagged()) is not None
    assert onnx.onnx_node(flagged(flag=True)) is None


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_other_table_looks_up_equal_cells(kind):
    flagged = with_a_flag(kind)(flag=True)
    assert flagged not in torch_kernels.FUNCTIONS
    assert kernel_of(flagged) is None
    layer = Recurrent(flagged, 3, 4)
    for write in (to_flax, to_keras, to_tensorflow):
        with pytest.raises(ValueError, match="flag=True"):
            write(layer)
    assert layer(torch.zeros(2, 1, 3))[0].shape == (2, 1, 4)
