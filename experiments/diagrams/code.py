"""The documented equations of a cell as lines of Python."""

from __future__ import annotations

import re

from lstm_variants.cells import Cell
from lstm_variants.equations import equations_of
from lstm_variants.equations.latex import FUNCTIONS, REDUCTIONS, Node, parse


def lines(cell: Cell) -> list[str]:
    """One line of PyTorch for each equation of a time step.

    A letter with the index t-1 is written with `_old`, one with the index t alone; `@` is the
    product of a matrix and a vector.
    """
    found, everything = [], " ".join(equations_of(cell).values())
    for left, right in equations_of(cell).items():
        found.append(f"{name_of(left)} = {code(parse(right))}")
        letter, names = left.removesuffix("_t"), cell.block_names
        if f"{letter}_{{{names[0]},t}}" in everything:  # its blocks have letters of their own
            blocks = ", ".join(f"{letter}_{name}" for name in names)
            found.append(f"{blocks} = {letter}.chunk({len(names)})")
    return found


def name_of(symbol: str) -> str:
    """The Python name of a symbol: `c_old` for `c_{t-1}`, `W_i` for `W_i`, `f_tilde`, `beta`."""
    letter, _, index = symbol.partition("_")
    letter = re.sub(r"\\(tilde|hat|bar)\{(\w)\}", r"\2_\1", letter).removeprefix("\\")
    index = index.strip("{}").removesuffix(",t")
    return letter + {"t": "", "t-1": "_old", "": ""}.get(index, f"_{index}")


def code(node: Node) -> str:
    """An expression in Python, with the names of PyTorch's functions."""
    parts = [code(part) for part in node.parts]
    match node.kind:
        case "number":
            return node.text
        case "symbol":
            return name_of(node.text)
        case "call":
            function = (FUNCTIONS | REDUCTIONS)[node.text]
            return f"{function.__name__}({', '.join(parts)})"
        case "fraction":
            above, below = (
                f"({text})" if part.kind == "operator" else text
                for text, part in zip(parts, node.parts, strict=True)
            )
            return f"({above} / {below})"
        case "power":
            return f"{parts[0]} ** {parts[1]}"
        case "negative":
            return f"-{parts[0]}"
        case "group" if node.text or len(parts) > 1:
            names = [name_of(part.text + node.text) for part in node.parts]
            return f"cat([{', '.join(names)}])"
        case "group":
            return f"({parts[0]})"
    if node.text not in ("", "+", "-") and node.parts[1].kind == "operator":
        # A product without a sign binds more tightly; in Python all products bind alike.
        parts[1] = f"({parts[1]})"
    return f" {sign_of(node)} ".join(parts)


def sign_of(node: Node) -> str:
    """The operator of a node in Python."""
    if node.text in ("+", "-", "/"):
        return node.text
    is_matrix = re.fullmatch(r"[A-Z](_.*)?", node.parts[0].text) is not None
    return "@" if not node.text and is_matrix else "*"
