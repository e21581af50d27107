r"""The shape table: what goes in, what comes out, and how many parameters that takes.

Claim: the notebook prints the output shapes of its four models for one setting, and calls the GRU a
simplified LSTM. Both are arithmetic, so both are checked exactly: a parameter count is compared
with the formula that follows from the cell's weight blocks alone.

Source: the teaching notebook, its last cell. Deviations: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import sympy
import torch

from experiments.harness import Experiment, Record
from experiments.report.shapes import score, table
from lstm_variants import VARIANTS
from lstm_variants.variants import Variant


@dataclass(frozen=True)
class Config:
    """Settings (B, T, D, H) of the table; the first is the notebook's."""

    sizes: tuple[tuple[int, int, int, int], ...] = (
        (32, 10, 8, 16),
        (1, 1, 1, 1),
        (16, 50, 64, 128),
        (4, 20, 300, 512),
    )


def run(config: Config, seed: int) -> Record:
    """Build each model at each size, run it, and count."""
    torch.manual_seed(seed)
    rows = []
    for size in config.sizes:
        B, T, D, H = size
        for name, variant in VARIANTS.items():
            if variant.model is None:
                continue
            model = variant.model(D, H)
            formula = parameter_formula(variant)
            rows.append(
                {
                    "variant": name,
                    "model": variant.model.__name__,
                    "input": [B, T, D],
                    "hidden": H,
                    "output": list(model(torch.randn(B, T, D)).shape),
                    "documented": [B, T, H * variant.directions],
                    "parameters": sum(p.numel() for p in model.parameters()),
                    "formula": str(formula),
                    "formula_value": int(formula.subs({"D": D, "H": H})),
                }
            )
    return {"seed": seed, "rows": rows}


def parameter_formula(variant: Variant) -> sympy.Expr:
    """The number of parameters of a variant's notebook model in terms of D and H."""
    D, H = sympy.symbols("D H")
    shapes = variant.cell.parameter_shapes(D, H, bias=variant.bias).values()
    return sympy.factor(variant.directions * sum(prod(shape) for shape in shapes))


EXPERIMENT = Experiment(
    name="shapes",
    config=Config(),
    smoke=Config(sizes=((32, 10, 8, 16),)),
    run=run,
    score=score,
    table=table,
)

if __name__ == "__main__":
    EXPERIMENT.main()
