"""The package's own kernels for the CPU: C++ under `source/`, one library for all machines."""

from lstm_variants.kernels.cpu.backend import CPU

__all__ = ["CPU"]
