"""The recurrences: one file for each, with its equations and papers."""

from lstm_variants.cells.cell import (
    Block,
    Cell,
    Field,
    Gates,
    HiddenState,
    Parameter,
    State,
    Weights,
)
from lstm_variants.cells.elman import ElmanCell
from lstm_variants.cells.gru import GRUCell
from lstm_variants.cells.indrnn import IndRNNCell
from lstm_variants.cells.janet import JANETCell
from lstm_variants.cells.layer_norm import LayerNormLSTMCell, LayerNormWeights
from lstm_variants.cells.lstm import GateRecurrentState, LSTMCell, LSTMState
from lstm_variants.cells.mgu import MGUCell
from lstm_variants.cells.minimal import InputWeights, MinGRUCell, MinLSTMCell
from lstm_variants.cells.multiplicative import MultiplicativeLSTMCell
from lstm_variants.cells.row_blocks import reordered
from lstm_variants.cells.slstm import SLSTMCell, SLSTMState

__all__ = [
    "Block",
    "Cell",
    "ElmanCell",
    "Field",
    "GRUCell",
    "GateRecurrentState",
    "Gates",
    "HiddenState",
    "IndRNNCell",
    "InputWeights",
    "JANETCell",
    "LSTMCell",
    "LSTMState",
    "LayerNormLSTMCell",
    "LayerNormWeights",
    "MGUCell",
    "MinGRUCell",
    "MinLSTMCell",
    "MultiplicativeLSTMCell",
    "Parameter",
    "SLSTMCell",
    "SLSTMState",
    "State",
    "Weights",
    "reordered",
]
