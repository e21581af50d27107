"""Recurrent layers with the API of `torch.nn`."""

from lstm_variants.nn import init
from lstm_variants.nn.gru import GRU
from lstm_variants.nn.lstm import LSTM, LSTM1997, CoupledLSTM, PeepholeLSTM
from lstm_variants.nn.one_cell import (
    JANET,
    MGU,
    SLSTM,
    IndRNN,
    LayerNormLSTM,
    MinGRU,
    MinLSTM,
    MultiplicativeLSTM,
)
from lstm_variants.nn.recurrent import Recurrent
from lstm_variants.nn.rnn import RNN

__all__ = [
    "GRU",
    "JANET",
    "LSTM",
    "LSTM1997",
    "MGU",
    "RNN",
    "SLSTM",
    "CoupledLSTM",
    "IndRNN",
    "LayerNormLSTM",
    "MinGRU",
    "MinLSTM",
    "MultiplicativeLSTM",
    "PeepholeLSTM",
    "Recurrent",
    "init",
]
