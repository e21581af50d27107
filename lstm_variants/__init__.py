"""The LSTM family in PyTorch: one readable equation per variant."""

from lstm_variants import models, nn, trace
from lstm_variants.kernels import explain
from lstm_variants.models import GRU, BiLSTM, PeepholeLSTM, StandardLSTM
from lstm_variants.nn.replace import replace_layers
from lstm_variants.variants import VARIANTS

__all__ = [
    "GRU",
    "VARIANTS",
    "BiLSTM",
    "PeepholeLSTM",
    "StandardLSTM",
    "explain",
    "models",
    "nn",
    "replace_layers",
    "trace",
]
__version__ = "0.1.0"
