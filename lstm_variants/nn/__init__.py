"""Recurrent layers with the API of `torch.nn`."""

from lstm_variants.nn import init
from lstm_variants.nn.layers import (
    GRU,
    JANET,
    LSTM,
    LSTM1997,
    MGU,
    RNN,
    SLSTM,
    CoupledLSTM,
    IndRNN,
    LayerNormLSTM,
    MinGRU,
    MinLSTM,
    MultiplicativeLSTM,
    PeepholeLSTM,
)
from lstm_variants.nn.recurrent import Recurrent

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
