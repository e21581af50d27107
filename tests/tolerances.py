"""How far a result may be from the exact one: the only place where tests say so.

Absolute, for outputs of order 1, and relative to the largest value for gradients and for outputs
that come out of a memory which has grown.
"""

import torch
from torch import Tensor

TOLERANCES = {torch.float32: 2e-6, torch.float64: 1e-12}


def assert_exact(
    got: Tensor, expected: Tensor, dtype: torch.dtype | None = None, memory: Tensor | None = None
) -> None:
    """Compare with the tolerance of `got`'s dtype, or of the one named."""
    assert got.shape == expected.shape
    sources = [t[t.isfinite()] for t in (expected, memory) if t is not None]
    scale = max([1.0, *(t.abs().max().item() for t in sources if t.numel())])
    torch.testing.assert_close(
        got.double(), expected.double(), rtol=0, atol=scale * TOLERANCES[dtype or got.dtype]
    )
