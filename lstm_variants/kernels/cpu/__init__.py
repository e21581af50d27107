"""The CPU backend: kernels in C++ (`source/`), compiled to one library."""

from lstm_variants.kernels.cpu.backend import CPU

__all__ = ["CPU"]
