"""The recurrences: one file for each, with its equations and papers."""

from lstm_variants.cells.cell import Block, Cell, Field, Gates, Parameter, State, Weights
from lstm_variants.cells.elman import ElmanCell, ElmanState
from lstm_variants.cells.gru import GRUCell, GRUState
from lstm_variants.cells.lstm import GateRecurrentState, LSTMCell, LSTMState

__all__ = [
    "Block",
    "Cell",
    "ElmanCell",
    "ElmanState",
    "Field",
    "GRUCell",
    "GRUState",
    "GateRecurrentState",
    "Gates",
    "LSTMCell",
    "LSTMState",
    "Parameter",
    "State",
    "Weights",
]
