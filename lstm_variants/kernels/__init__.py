"""Backends, which compute layers, and backend selection."""

from lstm_variants.kernels.backend import BACKENDS, Backend
from lstm_variants.kernels.call import Call, initial_states
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
    "initial_states",
    "register",
    "run",
    "signature_of",
]
