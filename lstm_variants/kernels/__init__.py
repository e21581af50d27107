"""Backends, which compute layers, and backend selection."""

from lstm_variants.kernels.backend import BACKENDS, Backend
from lstm_variants.kernels.call import Call
from lstm_variants.kernels.dispatch import choose, explain, register, run
from lstm_variants.kernels.fused import FusedBackend, Signature, signature_of

__all__ = [
    "BACKENDS",
    "Backend",
    "Call",
    "FusedBackend",
    "Signature",
    "choose",
    "explain",
    "register",
    "run",
    "signature_of",
]
