r"""The part of LaTeX's mathematics that documented equations are written in.

| notation | meaning |
|---|---|
| `c_t`, `h_{t-1}`, `W_i`, `\alpha`, `\tilde{h}_t`, `c^\ast`, `\mathrm{decay}` | a symbol |
| `W x`, `2 x` | product of matrices and vectors, or with a scalar |
| `\odot` | product of two vectors element by element |
| `+`, `-`, `/`, `\frac{a}{b}`, `x^2`, `\sqrt{a}`, `\cdot` | as usual, element by element |
| `\sigma`, `\tanh`, `\exp`, `\log` | functions, element by element |
| `\mathrm{relu}`, `\mathrm{softplus}` | also functions |
| `\mathrm{LN}` | layer normalisation of a vector, without gain and bias |
| `\max(a, b)`, `\min(a, b)` | the larger or smaller one, element by element |
| `[x, y]`, `(x, y)` | one vector after the other |
| `(x, y)_{t-1}` | `(x_{t-1}, y_{t-1})` |

A product without a sign binds more tightly than `\odot`, `\cdot` and `/`. A function without
parentheses applies to such a product: `\tanh W x + b` is `\tanh(W x) + b`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["Node", "indexed", "parse", "write"]


def layer_norm(v: Tensor) -> Tensor:
    """Layer normalisation of a vector, without gain and bias."""
    return nn.functional.layer_norm(v, v.shape)


ROOT = r"\sqrt"
FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    r"\sigma": torch.sigmoid,
    r"\tanh": torch.tanh,
    r"\exp": torch.exp,
    r"\log": torch.log,
    ROOT: torch.sqrt,
    r"\mathrm{relu}": torch.relu,
    r"\mathrm{softplus}": nn.functional.softplus,
    r"\mathrm{LN}": layer_norm,
}
REDUCTIONS: dict[str, Callable[..., Tensor]] = {r"\max": torch.maximum, r"\min": torch.minimum}
OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    r"\odot": operator.mul,
    r"\cdot": operator.mul,
    "/": operator.truediv,
}
BRACKETS = {"[": "(", "]": ")"}
SIGNS = {*FUNCTIONS, *REDUCTIONS, *OPERATORS, r"\frac", *"()[]{},^"}

TOKEN = re.compile(
    r"""
    (?P<space> \s+ | \\[,;:!\ ] | \\(?:quad|left|right|[bB]igg?[lr]?)(?![A-Za-z]) )
    | (?P<symbol>
        (?P<letter>
            \\(?:tilde|hat|bar)(?:\s*\{\s*[A-Za-z]\s*\}|\s+[A-Za-z])
            | \\(?:mathrm|operatorname)\{(?!relu\}|softplus\}|LN\})(?:[^\W_]|\\_)+\}(?!\s*\()
            | \\(?:alpha|beta|gamma|delta|epsilon|z?eta|[Tt]heta|iota|kappa|[Ll]ambda|mu|nu|[Xx]i
                |[Pp]i|rho|tau|[Uu]psilon|[Pp]hi|chi|[Pp]si|[Oo]mega|Gamma|Delta)(?![A-Za-z])
            | [A-Za-z]
        )
        (?P<mark> \^(?:\\ast|\{\\ast\}) )?
        (?P<index> _(?:\{[^{}]*\}|[A-Za-z0-9]) )?
    )
    | (?P<subscript> _(?:\{[^{}]*\}|[A-Za-z0-9]) )
    | (?P<number> \d+(?:\.\d+)? )
    | (?P<sign> \\(?:mathrm|operatorname)\{\w+\} | \\[A-Za-z]+ | . )
    """,
    re.VERBOSE,
)


class Node(NamedTuple):
    """An expression.

    Attributes:
        kind: What it is: `"number"`, `"symbol"`, `"group"` in parentheses, `"call"` of a function,
            `"fraction"`, `"power"`, `"negative"`, or `"operator"`.
        text: The number, symbol, function or operator; of a group, its subscript. The operator of a
            product without a sign is empty.
        parts: Expressions inside it.
    """

    kind: str
    text: str
    parts: tuple[Node, ...] = ()


def indexed(letter: str, index: str) -> str:
    """A letter with a subscript: `c_t`, `c_{t-1}`."""
    return f"{letter}_{index}" if len(index) == 1 else f"{letter}_{{{index}}}"


def parse(text: str) -> Node:
    r"""Parse an expression.

    Args:
        text: The expression in LaTeX, without dollar signs.

    Raises:
        ValueError: If something in it is not supported; the message names it.

    Examples:
        >>> from lstm_variants.equations.latex import parse, write
        >>> write(parse(r"\tanh W_{h}x_{t}/2"))
        '\\tanh(W_h x_t) / 2'
    """
    return Parser(text).expression()


class Parser:
    """A recursive-descent parser: one method for each level of precedence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [*tokens(text), ("end", "")]
        self.position = 0

    def expression(self) -> Node:
        node = self.sum()
        self.expect("end")
        return node

    def sum(self) -> Node:
        node = Node("negative", "-", (self.term(),)) if self.take("-") else self.term()
        while sign := self.take("+", "-"):
            node = Node("operator", sign, (node, self.term()))
        return node

    def term(self) -> Node:
        node = self.product()
        while sign := self.take(r"\odot", r"\cdot", "/"):
            node = Node("operator", sign, (node, self.product()))
        return node

    def product(self) -> Node:
        node = self.power()
        while self.starts_factor():
            node = Node("operator", "", (node, self.power()))
        return node

    def starts_factor(self) -> bool:
        kind, text = self.tokens[self.position]
        named = text in FUNCTIONS or text in REDUCTIONS
        return kind in ("symbol", "number") or named or text in ("(", r"\frac")

    def power(self) -> Node:
        node = self.factor()
        if not self.take("^"):
            return node
        exponent = self.braces() if self.tokens[self.position][1] == "{" else self.factor()
        return Node("power", "^", (node, exponent))

    def factor(self) -> Node:
        kind, text = self.tokens[self.position]
        if kind in ("symbol", "number"):
            self.position += 1
            return Node(kind, text)
        if self.take("("):
            parts = self.arguments()
            kind, text = self.tokens[self.position]
            if kind != "subscript":
                return Node("group", "", parts)
            self.position += 1
            return Node("group", text, parts)
        if self.take(r"\frac"):
            return Node("fraction", r"\frac", (self.braces(), self.braces()))
        if name := self.take(*FUNCTIONS, *REDUCTIONS):
            if name == ROOT:
                return Node("call", name, (self.braces(),))
            parts = self.arguments() if self.take("(") else (self.product(),)
            if (name in REDUCTIONS) != (len(parts) > 1):
                raise ValueError(f"{name} has {len(parts)} arguments in {self.text}")
            return Node("call", name, parts)
        raise self.unexpected()

    def arguments(self) -> tuple[Node, ...]:
        """Expressions with commas between them, to the closing parenthesis."""
        parts = [self.sum()]
        while self.take(","):
            parts.append(self.sum())
        self.expect(")")
        return tuple(parts)

    def braces(self) -> Node:
        self.expect("{")
        node = self.sum()
        self.expect("}")
        return node

    def take(self, *texts: str) -> str:
        """The next token if it is one of these, else an empty string."""
        kind, text = self.tokens[self.position]
        if kind != "sign" or text not in texts:
            return ""
        self.position += 1
        return text

    def expect(self, token: str) -> None:
        if token not in self.tokens[self.position]:
            raise self.unexpected(f", expected {token}")
        self.position += 1

    def unexpected(self, hint: str = "") -> ValueError:
        token = self.tokens[self.position][1] or "the end"
        return ValueError(f"unexpected {token} in {self.text}{hint}")


def tokens(text: str) -> list[tuple[str, str]]:
    """The tokens of an expression, each with its kind; spaces are left out."""
    pairs = []
    for match in TOKEN.finditer(text):
        kind, token = str(match.lastgroup), match[0]
        if kind == "symbol":
            accent = re.fullmatch(r"(\\\w+)[\s{]+(\w)[\s}]*", match["letter"])
            token = f"{accent[1]}{{{accent[2]}}}" if accent else match["letter"]
            token = re.sub(r"\\mathrm\{(\w)\}", r"\1", token.replace("operatorname", "mathrm"))
            token += r"^\ast" if match["mark"] else ""
            if match["index"]:
                token = indexed(token, re.sub(r"[_{}\s]", "", match["index"]))
        elif kind == "sign":
            token = BRACKETS.get(token, token.replace("operatorname", "mathrm"))
            if token not in SIGNS:
                hint = "" if "{" not in token else r" as a function: before (, a name needs \cdot"
                raise ValueError(f"{token} in {text} is not supported{hint}")
        if kind != "space":
            pairs.append((kind, token))
    return pairs


def write(node: Node) -> str:
    """An expression as LaTeX, with spaces around signs."""
    parts = [write(part) for part in node.parts]
    match node.kind:
        case "group":
            return f"({', '.join(parts)}){node.text}"
        case "call" if node.text == ROOT:
            return f"{ROOT}{{{parts[0]}}}"
        case "call":
            return f"{node.text}({', '.join(parts)})"
        case "fraction":
            return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
        case "power":
            return f"{parts[0]}^{parts[1]}" if len(parts[1]) == 1 else f"{parts[0]}^{{{parts[1]}}}"
        case "negative":
            return f"-{parts[0]}"
        case "operator":
            return (f" {node.text} " if node.text else " ").join(parts)
    return node.text
