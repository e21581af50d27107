"""The equations: one file per recurrence, to be read beside its paper."""

from lstm_variants.cells.cell import Cell, State, Weights
from lstm_variants.cells.gru import GRUCell, GRUState
from lstm_variants.cells.lstm import LSTMCell, LSTMState

__all__ = ["Cell", "GRUCell", "GRUState", "LSTMCell", "LSTMState", "State", "Weights"]
