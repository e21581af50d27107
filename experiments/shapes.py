r"""The shape table: what goes in, what comes out, and how many parameters that takes.

Claim: the notebook prints the output shapes of its four models for one setting, and calls the GRU a
simplified LSTM. Both are arithmetic, so both are checked exactly: a parameter count is compared
with the formula that follows from the cell's weight blocks alone.

Source: the teaching notebook, its last cell. Deviations: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import sympy
import tabulate
import torch

from experiments.harness import Experiment, Record
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


def score(records: Sequence[Record]) -> Record:
    """Holds if shapes are as documented, counts equal formulas, and the GRU has fewer."""
    rows = [row for record in records for row in record["rows"]]
    shapes = all(
        row["output"] == [*row["input"][:2], row["hidden"] * VARIANTS[row["variant"]].directions]
        for row in rows
    )
    counts = all(row["parameters"] == row["formula_value"] for row in rows)
    by_size: dict[tuple[int, ...], dict[str, int]] = {}
    for row in rows:
        by_size.setdefault((*row["input"], row["hidden"]), {})[row["variant"]] = row["parameters"]
    simpler = all(size["GRU"] < size["LSTM"] for size in by_size.values())
    return {
        "shapes_as_documented": shapes,
        "counts_equal_formula": counts,
        "gru_has_fewer_parameters_than_lstm": simpler,
    }


def table(records: Sequence[Record]) -> str:
    """The table in Markdown."""
    rows = [
        [
            row["model"],
            " × ".join(map(str, row["input"])),
            row["hidden"],
            " × ".join(map(str, row["output"])),
            f"{row['parameters']:,}",
            f"{row['formula'].replace('*', ' ')} = {row['formula_value']:,}",
        ]
        for row in records[0]["rows"]
    ]
    headers = ["model", "input B × T × D", "H", "output", "parameters", "formula"]
    return tabulate.tabulate(
        rows, headers, tablefmt="pipe", colalign=("left", "left", "right", "left", "right", "left")
    )


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
