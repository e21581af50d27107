"""The LSTM family in PyTorch: one readable equation per variant."""

from lstm_variants.models import GRU, BiLSTM, PeepholeLSTM, StandardLSTM
from lstm_variants.variants import VARIANTS

__all__ = ["GRU", "VARIANTS", "BiLSTM", "PeepholeLSTM", "StandardLSTM"]
__version__ = "0.1.0"
