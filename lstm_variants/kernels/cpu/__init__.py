"""The CPU backend: kernels in C++ (`source/`), compiled to one library."""

from lstm_variants.kernels.cpu.backend import CPU, CPU_BFLOAT16

__all__ = ["CPU", "CPU_BFLOAT16"]
