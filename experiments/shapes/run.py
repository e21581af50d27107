"""Builds the notebook's models, and counts their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import sympy
import torch

from experiments import Record
from experiments.engine.experiment import Experiment
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
    config=Config(),
    smoke=Config(sizes=((32, 10, 8, 16),)),
    run=run,
)
