r"""Reading of the equations that a cell's docstring states, with its settings applied."""

from __future__ import annotations

import operator
import re
from ast import literal_eval
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from lstm_variants.cells import Cell
from lstm_variants.equations.latex import Node, parse, write
from lstm_variants.names import suggestion

BLOCK = re.compile(r"\\begin\{aligned\}(.*?)\\end\{aligned\}", re.DOTALL)
SETTING = re.compile(r"`(\w+) *(=|>) *([^`]+)`")
OPENING = re.compile(
    rf"\s*(?:With|If|Where)(?: an? [\w-]+,)?\s+{SETTING.pattern}"
    rf"(?:(?:,| and|, and)\s+{SETTING.pattern})*"
)
"""How a paragraph before a further block begins: "With `coupled=True`"."""
STATEMENT = re.compile(r"\$([^$]+?) *(?:=|\\to(?![a-z])) *([^$]+?)\$")
ROW = re.compile(
    rf"\| *{SETTING.pattern} *\| *({STATEMENT.pattern}(?:, *{STATEMENT.pattern})*) *\|.*"
)
ZERO = Node("number", "0")
ENCLOSING = ("group", "call", "fraction")
"""Kinds of expressions whose parts are written inside of brackets."""
RELATIONS = {"=": operator.eq, ">": operator.gt}


class Setting(NamedTuple):
    """A condition that a docstring states, such as `coupled=True`."""

    name: str
    relation: str
    value: Any


class Section(NamedTuple):
    """A block of equations, and the settings that it is for: none for the general form."""

    settings: tuple[Setting, ...]
    lines: dict[str, str]


class Row(NamedTuple):
    """A row of a table: a setting, and left and right sides of what it changes."""

    setting: Setting
    statements: tuple[tuple[str, str], ...]


def equations_of(cell: Cell, *, proj_size: int = 0) -> dict[str, str]:
    r"""Each quantity of a step and the LaTeX that defines it, in the order of computation.

    Args:
        cell: The recurrence.
        proj_size: Size of the projected output; 0 if there is no projection.

    Raises:
        TypeError: If `cell` is a class.
        ValueError: If the docstring has no equations (`python -OO` removes it), or what it states
            about settings is not in the [notation][lstm_variants.equations] or not of this cell.

    Examples:
        >>> from lstm_variants.cells import LSTMCell
        >>> from lstm_variants.equations import equations_of
        >>> for left, right in equations_of(LSTMCell(coupled=True)).items():
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
    sections, rows = parts_of(text)

    def holds(settings: Iterable[Setting]) -> bool:
        return all(is_satisfied(cell, setting, proj_size) for setting in settings)

    lines: dict[str, str] = {}
    for section in sections:
        if holds(section.settings):
            lines = merged(lines, section.lines)
    substitutions = []
    for row in rows:
        if holds([row.setting]):
            for left, right in row.statements:
                name = write(parse(left))
                if name in lines:
                    lines[name] = right
                else:
                    substitutions.append((left, right))
    for left, right in substitutions:
        lines = {name: replaced(name, line, left, right) for name, line in lines.items()}
    return lines


@lru_cache
def parts_of(text: str) -> tuple[tuple[Section, ...], tuple[Row, ...]]:
    """The blocks of equations and the rows of tables in a docstring.

    Raises:
        ValueError: If settings are not stated in the notation.
    """
    sections: list[Section] = []
    for block in BLOCK.finditer(text):
        before = text[: block.start()].rstrip().removesuffix("$$").rstrip()
        paragraph = re.split(r"\n\s*\n", before)[-1]
        sections.append(Section(settings_of(paragraph, bool(sections)), lines_of(block[1])))
    rows = [row_of(line.strip()) for line in text.splitlines() if is_row(line.strip())]
    lines = [line for section in sections for line in section.lines.items()]
    for row in rows:
        others = [statement for other in rows if other is not row for statement in other.statements]
        for statement in row.statements:
            if not any(is_changed(statement, line) for line in lines + others):
                raise ValueError(
                    f"{statement[0]} should be a quantity or an expression of an equation, got the "
                    f"row for `{row.setting.name}`: {' = '.join(statement)}"
                )
    return tuple(sections), tuple(rows)


def settings_of(paragraph: str, is_further: bool) -> tuple[Setting, ...]:
    """The settings of a block, which the paragraph before it begins with.

    Raises:
        ValueError: If a further block has none, the first one has some, or there are others in the
            rest of the paragraph.
    """
    opening = OPENING.match(paragraph)
    if is_further != bool(opening):
        expected = "with its settings, as in With `coupled=True`:," if is_further else "without any"
        raise ValueError(
            f"the paragraph before {'a further' if is_further else 'the first'} block of equations "
            f"should begin {expected} got {' '.join(paragraph.split())!r}"
        )
    if opening and (other := SETTING.search(paragraph, opening.end())):
        raise ValueError(
            f"settings should be at the beginning of a paragraph, joined by commas or and, got "
            f"{other[0]} in {' '.join(paragraph.split())!r}"
        )
    return tuple(setting_of(*match) for match in SETTING.findall(opening[0] if opening else ""))


def is_row(line: str) -> bool:
    """Whether a line of a docstring is a row of a table that states equations or settings."""
    is_of_table = line.startswith("|") or line.endswith("|")
    return is_of_table and ("$" in line or SETTING.search(line) is not None)


def row_of(line: str) -> Row:
    """A row of a table, parsed.

    Raises:
        ValueError: If it is not a setting with what it changes.
    """
    row = ROW.fullmatch(line)
    if row is None:
        raise ValueError(f"expected a row | `setting=value` | $left = right$ |, got {line}")
    return Row(setting_of(*row.groups()[:3]), tuple(STATEMENT.findall(row[4])))


def setting_of(name: str, relation: str, value: str) -> Setting:
    """A setting, whose value is one of Python."""
    try:
        return Setting(name, relation, literal_eval(value))
    except (SyntaxError, ValueError):
        raise ValueError(f"expected a value of Python in `{name}{relation}{value}`") from None


def is_changed(statement: tuple[str, str], line: tuple[str, str]) -> bool:
    """Whether a statement of a row applies to an equation; true if that cannot be parsed."""
    try:
        left = parse(statement[0])
    except ValueError as error:
        raise ValueError(f"{error}, in the equation {' = '.join(statement)}") from None
    if write(left) == line[0]:
        return True
    with suppress(ValueError):
        node = parse(line[1])
        return substitute(node, left, Node("symbol", "")) != node
    return True


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


def is_satisfied(cell: Cell, setting: Setting, proj_size: int) -> bool:
    """Whether a cell has a setting that its docstring states.

    Raises:
        ValueError: If it does not have one of this name, or it cannot have this value.
    """
    name, relation, stated = setting
    if name != "proj_size" and not hasattr(cell, name):
        raise ValueError(
            f"{cell} has no setting {name}, which its docstring names{suggestion(name, vars(cell))}"
        )
    hints = {"proj_size": int}
    with suppress(NameError, TypeError):  # of a class inside of a function
        hints |= get_type_hints(type(cell))
    if not is_possible(hints.get(name, Any), stated):
        raise ValueError(f"{name} of {cell} cannot be {stated!r}, which its docstring states")
    value = proj_size if name == "proj_size" else getattr(cell, name)
    return bool(RELATIONS[relation](value, stated))


def is_possible(hint: Any, value: Any) -> bool:
    """Whether a value has a type, as far as that is a literal, a bool, an integer or `None`."""
    if get_origin(hint) in (Union, UnionType):
        return any(is_possible(part, value) for part in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint in (bool, int, NoneType):
        return isinstance(value, hint)
    return True


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
        >>> from lstm_variants.equations.document import substitute
        >>> from lstm_variants.equations.latex import parse, write
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
