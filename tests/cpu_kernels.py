"""Whether this machine has the CPU kernels, for tests that need them."""

import pytest

from lstm_variants.kernels.cpu import native

MISSING = native.unavailable_reason()
INSTRUCTION_SETS = [] if MISSING else list(native.kernels().instruction_sets)

needs_kernels = pytest.mark.skipif(MISSING is not None, reason=f"needs the CPU kernels: {MISSING}")
