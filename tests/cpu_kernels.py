"""Whether this machine has the CPU kernels, and their threads, for tests that need them."""

from contextlib import contextmanager

import pytest
import torch

from lstm_variants.kernels.cpu import native

MISSING = native.unavailable_reason()
INSTRUCTION_SETS = [] if MISSING else list(native.kernels().instruction_sets)
BFLOAT16_SETS = [name for name in INSTRUCTION_SETS if name in native.OF_AVX512]
"""Those that differ from AVX-512 in calls in bfloat16 alone."""

needs_kernels = pytest.mark.skipif(MISSING is not None, reason=f"needs the CPU kernels: {MISSING}")


@contextmanager
def use_threads(number):
    """Let the CPU kernels use this number of threads, even for small work."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    with pytest.MonkeyPatch.context() as patch:
        if MISSING is None:
            grain_sizes = native.kernels().grain_sizes
            patch.setattr(grain_sizes, "call", 1)
            patch.setattr(grain_sizes, "step", 1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
