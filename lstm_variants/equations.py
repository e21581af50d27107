r"""The documented equations of a cell, with its settings applied.

They are stated once, in the cell's docstring, and read from there: what a page shows for a variant
and what a test evaluates are the same lines. Inside the docstring:

- `\begin{aligned}` ... `\end{aligned}` has one equation `c_t &= ...` per line, in the order of
  computation. The first such block is the general form.
- A later block replaces equations, or adds some, if its settings hold. They are stated in the
  paragraph before it, as in "With `coupled=True`:".
- A row of a table, `` | `coupled=True` | $f_t = 1 - i_t$ | ``, does the same for a single setting.
  What is on the left of `=` or `\to` is an equation's left side, or else is replaced everywhere:
  $c^\ast = c_t$, $\tanh(c_t) \to c_t$. A letter without a subscript stands for all subscripts, and
  products with zero are left out: $p = 0$ removes $p_i \odot c_{t-1}$.

A setting is an attribute of the cell with a Python value, `coupled=True`, or `proj_size > 0` where
the output is projected.
"""

from __future__ import annotations

import operator
import re
from ast import literal_eval
from typing import Any

from lstm_variants.cells import Cell
from lstm_variants.latex import Node, parse, write

__all__ = ["documentation", "equations", "parse_equation", "substitute"]

BLOCK = re.compile(r"\\begin\{aligned\}(.*?)\\end\{aligned\}", re.DOTALL)
SETTING = re.compile(r"`(\w+) *(=|>) *([^`]+)`")
ROW = re.compile(rf"^ *\| *({SETTING.pattern}) *\|([^|\n]*)\|", re.MULTILINE)
STATEMENT = re.compile(r"\$(.+?) *(?:=|\\to(?![a-z])) *(.+?)\$")
ZERO = Node("number", "0")
ENCLOSING = ("group", "call", "fraction")
"""Kinds of expressions whose parts are written inside of brackets."""
RELATIONS = {"=": operator.eq, ">": operator.gt}


def equations(cell: Cell, *, proj_size: int = 0) -> dict[str, str]:
    r"""Each quantity of a step and the LaTeX that defines it, in the order of computation.

    Args:
        cell: The recurrence.
        proj_size: Size of the projected output; 0 if there is no projection.

    Raises:
        TypeError: If `cell` is a class.
        ValueError: If the docstring has no equations (`python -OO` removes it), or states a setting
            that the cell does not have.

    Examples:
        >>> from lstm_variants.cells import LSTMCell
        >>> from lstm_variants.equations import equations
        >>> for left, right in equations(LSTMCell(coupled=True)).items():
        ...     print(left, "=", right)
        i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)
        f_t = 1 - i_t
        g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f_t \odot c_{t-1} + i_t \odot g_t
        o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)
        h_t = o_t \odot \tanh(c_t)
    """
    if isinstance(cell, type):
        raise TypeError(
            f"cell should be an instance, such as LSTMCell(), got the class {cell.__name__}"
        )
    text = documentation(cell)
    if text is None:
        raise ValueError(
            f"{type(cell).__name__} has no documented equations: expected "
            r"\begin{aligned} ... \end{aligned} in its docstring, which python -OO removes"
        )

    def holds(conditions: str) -> bool:
        return all(
            RELATIONS[relation](setting(cell, name, proj_size), literal_eval(value))
            for name, relation, value in SETTING.findall(conditions)
        )

    lines: dict[str, str] = {}
    for block in BLOCK.finditer(text):
        before = text[: block.start()].rstrip().removesuffix("$$").rstrip()
        paragraph = re.split(r"\n\s*\n", before)[-1]
        if not lines or holds(paragraph):
            lines = merged(lines, lines_of(block[1]))
    substitutions = []
    for row in ROW.finditer(text):
        if holds(row[1]):
            for left, right in STATEMENT.findall(row[5]):
                name = write(parse(left))
                if name in lines:
                    lines[name] = right
                else:
                    substitutions.append((left, right))
    for left, right in substitutions:
        lines = {name: replaced(name, line, left, right) for name, line in lines.items()}
    return lines


def merged(lines: dict[str, str], others: dict[str, str]) -> dict[str, str]:
    """Equations with those of another block.

    A new one stands before the next one of its block that was there, so that all are in the order
    of computation.
    """
    order, place = list(lines), len(lines)
    for name in reversed(others):
        if name in lines:
            place = order.index(name)
        else:
            order.insert(place, name)
    both = lines | others
    return {name: both[name] for name in order}


def documentation(cell: Cell) -> str | None:
    """The docstring that states a cell's equations: its class's, or one that it inherits."""
    texts = (kind.__doc__ for kind in type(cell).__mro__)
    return next((text for text in texts if text and BLOCK.search(text)), None)


def setting(cell: Cell, name: str, proj_size: int) -> Any:
    """The value of a setting that a docstring names."""
    if name == "proj_size":
        return proj_size
    if not hasattr(cell, name):
        raise ValueError(f"{cell} has no setting {name}, which its docstring names")
    return getattr(cell, name)


def lines_of(block: str) -> dict[str, str]:
    r"""The equations of a block, one a line; a line without `&=` continues the one before."""
    lines: dict[str, str] = {}
    name = None
    for line in re.split(r"\\\\\*?(?:\[[^\]]*\])?", block.strip()):
        left, relation, right = (part.strip() for part in line.partition("&="))
        if relation:
            symbol = parse(left)
            if symbol.kind != "symbol":
                raise ValueError(f"expected a symbol on the left side of {line.strip()}")
            name = symbol.text
            lines[name] = right
        elif name is None:
            raise ValueError(f"expected an equation, left &= right, got {line.strip()}")
        else:
            lines[name] = f"{lines[name]} {left.removeprefix('&').strip()}".strip()
    return lines


def replaced(name: str, line: str, left: str, right: str) -> str:
    """An equation with one expression replaced; the same text where it does not occur."""
    node = parse_equation(name, line)
    new = substitute(node, parse(left), parse(right))
    return line if new == node else write(new)


def parse_equation(left: str, right: str) -> Node:
    """The right side of an equation, parsed; an error names the equation."""
    try:
        return parse(right)
    except ValueError as error:
        raise ValueError(f"{error}, in the equation {left} = {right}") from None


def substitute(node: Node, old: Node, new: Node) -> Node:
    r"""Replace an expression wherever it occurs.

    Args:
        node: What to replace it in.
        old: The expression. A symbol without a subscript stands for itself with any subscript.
        new: What to put in its place. If it is zero, products with it are left out.

    Examples:
        >>> from lstm_variants.equations import substitute
        >>> from lstm_variants.latex import parse, write
        >>> node = parse(r"\sigma(W_i x_t + p_i \odot c_{t-1})")
        >>> write(substitute(node, parse("p"), parse("0")))
        '\\sigma(W_i x_t)'
        >>> write(substitute(node, parse("c_{t-1}"), parse("c_t")))
        '\\sigma(W_i x_t + p_i \\odot c_t)'
    """
    if node == old:
        return new
    if node.kind == old.kind == "symbol" and node.text.startswith(f"{old.text}_"):
        return new
    parts = tuple(substitute(part, old, new) for part in node.parts)
    if parts == node.parts:
        return node
    if node.kind not in ENCLOSING:
        parts = tuple(enclosed(part, node) if part is new else part for part in parts)
    return without_zeros(node._replace(parts=parts))


def enclosed(part: Node, whole: Node) -> Node:
    """A part of an expression in parentheses, unless it can be written without them."""
    is_sum = whole.text == "+" and part.kind == "operator"
    loose = ("operator", "negative", "power") if whole.kind == "power" else ("operator", "negative")
    return part if is_sum or part.kind not in loose else Node("group", "", (part,))


def without_zeros(node: Node) -> Node:
    """A sum without terms that are zero, and zero for a product with zero."""
    zeros = [part == ZERO for part in node.parts]
    match node.kind, node.text:
        case "operator", "+" if any(zeros):
            return node.parts[zeros[0]]
        case "operator", "-" if zeros[1]:
            return node.parts[0]
        case "operator", "-" if zeros[0]:
            return Node("negative", "-", node.parts[1:])
        case "operator", "/":
            return ZERO if zeros[0] else node
        case "operator", "" | r"\odot" | r"\cdot":
            return ZERO if any(zeros) else node
        case "fraction", _:
            return ZERO if zeros[0] else node
        case (("group" | "negative"), _):
            return ZERO if all(zeros) else node
    return node
