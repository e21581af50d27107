"""Backends, which compute layers, and backend selection."""

# The first line is for what these modules add to the operators.
from lstm_variants.kernels import autograd, batching, flops, operators  # noqa: F401
from lstm_variants.kernels.call import Backend, Call
from lstm_variants.kernels.dispatch import BACKENDS, choose, explain, register, run
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
