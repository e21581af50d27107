"""Fused backends as operators of torch: schema, kernels, autograd, `vmap` and FLOPs.

Each module registers its part when it is imported.
"""

from lstm_variants.kernels.operators import autograd, eager, flops, schema, vmap
from lstm_variants.kernels.operators.autograd import run

__all__ = ["autograd", "eager", "flops", "run", "schema", "vmap"]
