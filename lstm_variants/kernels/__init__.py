"""Speed: what computes a layer, and why."""

from lstm_variants.kernels.call import Backend, Call
from lstm_variants.kernels.dispatch import BACKENDS, choose, explain, register, run

__all__ = ["BACKENDS", "Backend", "Call", "choose", "explain", "register", "run"]
