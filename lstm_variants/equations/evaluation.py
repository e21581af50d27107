"""Evaluation of a cell's documented equations, as an independent form of its step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from functools import reduce
from numbers import Real
from typing import Any, cast

import torch
from torch import Tensor

from lstm_variants.cells import Cell, State, Weights
from lstm_variants.equations.document import equations_of, parse_equation
from lstm_variants.equations.latex import (
    FUNCTIONS,
    OPERATORS,
    REDUCTIONS,
    Node,
    indexed,
    parse,
    write,
)

__all__ = ["evaluate", "evaluate_step"]


def evaluate_step(
    cell: Cell, x: Tensor, state: State, w: Weights, *, proj_size: int = 0
) -> dict[str, Tensor]:
    r"""Compute one time step from the documented equations alone.

    | symbol | value |
    |---|---|
    | $x_t$ | the input |
    | $c_{t-1}$ | the field `c` of the state before the step |
    | $W$ | the parameter of this letter, or the sum of several; zero without a value |
    | $W_i$ | its rows for the block `i` |
    | $a_{i,t}$ | the rows for the block `i` of $a_t$, if an equation defines $a_t$ for all blocks |
    | $\beta$, $\mathrm{decay}$ | a numeric setting, `beta` or `decay`: Greek, or upright letters |

    Args:
        cell: The recurrence.
        x: Input of the step, `[B, D]`.
        state: The state before the step.
        w: Weights of the layer.
        proj_size: Size of the projected output; 0 if there is no projection.

    Returns:
        What each equation defines, `[B, H]` (a projected `h`: `[B, P]`), by its letter: gates and
        the state after the step. Constants, as in $i_t = 1$, are `[B]`.

    Raises:
        ValueError: If an equation is not supported or not defined; the message names the token and
            the equation. If `w` has a weight that the cell does not have with this `proj_size`, or
            the batch sizes of `x` and the state differ or are 0.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import ElmanCell, HiddenState, Weights
        >>> from lstm_variants.equations import evaluate_step
        >>> w = Weights(weight_ih=torch.zeros(1, 1), weight_hh=torch.ones(1, 1))
        >>> evaluate_step(ElmanCell(), torch.zeros(1, 1), HiddenState(torch.ones(1, 1)), w)
        {'h': tensor([[0.7616]])}
    """
    sizes = [len(tensor) for tensor in (x, *state)]
    if 0 in sizes or len(set(sizes)) > 1:
        raise ValueError(
            "x and each field of the state should have the same batch size, at least 1, "
            f"got {sizes[0]} for x and {sizes[1:]} for the state"
        )
    lines = equations_of(cell, proj_size=proj_size)
    nodes = {left: parse_equation(left, right) for left, right in lines.items()}
    shared = parameter_symbols(cell, w, x.shape[-1], proj_size)
    H, rows = w.weight_ih.shape[0] // len(cell.blocks), []
    for x_t, *before in zip(x, *state, strict=True):
        symbols = shared | {"x_t": x_t}
        for field, value in zip(cell.state_fields, before, strict=True):
            symbols[indexed(symbol_of(field.name), "t-1")] = value
        for left, node in nodes.items():
            try:
                symbols[left] = evaluate(node, symbols)
            except ValueError as error:
                raise ValueError(f"{error}, in the equation {left} = {write(node)}") from None
            symbols |= blocks_of(cell, left, symbols[left], H)
        rows.append([symbols[left] for left in nodes])
    columns = map(torch.stack, zip(*rows, strict=True))
    return {name_of(left): column for left, column in zip(nodes, columns, strict=True)}


def parameter_symbols(cell: Cell, w: Weights, D: int, proj_size: int) -> dict[str, Tensor]:
    """The parameters by their symbols in the equations."""
    H = w.weight_ih.shape[0] // len(cell.blocks)
    parameters = cell.parameters(D, H, proj_size=proj_size)
    for name, weight in zip(w._fields, w, strict=True):
        if weight is not None and name not in parameters:
            raise ValueError(
                f"{cell} with proj_size={proj_size} has no parameter {name}: it should be None"
            )
    rows = {(parse(p.letter).text, p.blocks, p.shape) for p in parameters.values()}
    letters = [letter for letter, *_ in rows]
    settings = {field.name: getattr(cell, field.name) for field in fields(cast(Any, cell))}
    symbols = {
        symbol_of(name): w.weight_ih.new_tensor(setting)
        for name, setting in settings.items()
        if isinstance(setting, Real) and not isinstance(setting, bool)
    }
    sums: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        value = getattr(w, name)
        if value is None:
            value = w.weight_ih.new_zeros(parameter.shape)
        if parameter.shape == (1,) and not parameter.blocks:
            value = value[0]  # a scalar
        letter = parse(parameter.letter).text
        names = [indexed(letter, block) for block in parameter.blocks]
        parts = dict(zip(names, value.chunk(len(names)), strict=True)) if names else {}
        if letters.count(letter) == 1:  # parameters of other blocks have no sum
            parts[letter] = value
        for symbol, part in parts.items():
            sums[symbol] = sums[symbol] + part if symbol in sums else part
    return symbols | sums


def symbol_of(name: str) -> str:
    """How equations write a name: one letter as it is, a Greek letter, or upright letters."""
    for text in (f"\\{name}", name):
        with suppress(ValueError):
            node = parse(text)
            if node.kind == "symbol":
                return node.text
    upright = name.replace("_", r"\_")
    return rf"\mathrm{{{upright}}}"


def name_of(left: str) -> str:
    """The name that an equation's left side stands for; the inverse of `symbol_of`."""
    symbol = left.removesuffix("_t")
    match = re.fullmatch(r"\\(?:mathrm\{(.+)\}|(\w+))", symbol)
    return (match[1] or match[2]).replace(r"\_", "_") if match else symbol


def blocks_of(cell: Cell, left: str, value: Tensor, H: int) -> dict[str, Tensor]:
    """The blocks of a quantity that has rows for all of them: `a_{i,t}` of `a_t`."""
    names, letter = cell.block_names, left.removesuffix("_t")
    if len(names) == 1 or value.shape != (len(names) * H,):
        return {}
    return {
        indexed(letter, f"{name},t"): part
        for name, part in zip(names, value.chunk(len(names)), strict=True)
    }


def evaluate(node: Node, symbols: Mapping[str, Tensor]) -> Tensor:
    r"""Evaluate an expression.

    Args:
        node: The expression.
        symbols: The value of each symbol: a matrix, a vector or a scalar.

    Raises:
        ValueError: If a symbol has no value, or shapes do not fit; the message names it.

    Examples:
        >>> import torch
        >>> from lstm_variants.equations.evaluation import evaluate
        >>> from lstm_variants.equations.latex import parse
        >>> evaluate(parse(r"\max(x_t, 1) / 2"), {"x_t": torch.tensor([0.0, 3.0])})
        tensor([0.5000, 1.5000])
    """
    if node.kind == "symbol":
        if node.text not in symbols:
            raise ValueError(f"{node.text} is not defined, expected one of {', '.join(symbols)}")
        return symbols[node.text]
    if node.kind == "number":
        # It has no dimension: on the CPU, it goes with tensors of any dtype and device.
        return torch.tensor(float(node.text), dtype=torch.float64, device="cpu")
    parts = indexed_parts(node) if node.kind == "group" and node.text else node.parts
    values = [evaluate(part, symbols) for part in parts]
    if node.kind == "group":
        return values[0] if len(values) == 1 else concatenated(node, values)
    if node.kind == "negative":
        return -values[0]
    if node.text in FUNCTIONS:
        try:
            return FUNCTIONS[node.text](values[0])
        except RuntimeError as error:
            raise ValueError(f"{error}, in {write(node)}") from error
    check_shapes(node, values)
    if node.kind == "fraction":
        return values[0] / values[1]
    if node.kind == "power":
        return values[0] ** values[1]
    if node.text in REDUCTIONS:
        return reduce(REDUCTIONS[node.text], values)
    if node.text:
        result: Tensor = OPERATORS[node.text](*values)
        return result
    left, right = values
    return left @ right if left.ndim and right.ndim else left * right


def concatenated(group: Node, values: list[Tensor]) -> Tensor:
    """The values of a group, one after the other; a number is a vector of one element."""
    like = next((value for value in values if value.ndim), values[0])
    vectors = [value if value.ndim else value.to(like).reshape(1) for value in values]
    if any(vector.ndim > 1 for vector in vectors):
        shapes = ", ".join(str(list(value.shape)) for value in values)
        raise ValueError(f"expected vectors in {write(group)}, got shapes {shapes}")
    return torch.cat(vectors)


def indexed_parts(group: Node) -> list[Node]:
    """The symbols of a group, each with the subscript of the group."""
    if any(part.kind != "symbol" for part in group.parts):
        raise ValueError(f"expected symbols inside the parentheses of {write(group)}")
    index = group.text.strip("_{}")
    return [Node("symbol", indexed(part.text, index)) for part in group.parts]


def check_shapes(node: Node, values: list[Tensor]) -> None:
    """Raise an error if an operation is not defined for the shapes of its operands."""
    arrays = [value for value in values if value.ndim]
    shapes = [list(value.shape) for value in arrays]
    if node.kind == "operator" and not node.text and len(arrays) == 2:
        left, right = arrays
        if left.ndim != 2 or left.shape[1] != right.shape[0]:
            raise ValueError(
                f"shapes {shapes[0]} and {shapes[1]} do not fit in the matrix product {write(node)}"
                r" (\odot is the product element by element)"
            )
    elif any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"shapes {' and '.join(map(str, shapes))} differ in {write(node)}")
