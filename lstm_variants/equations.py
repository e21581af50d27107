r"""The documented equations of a cell, with its settings applied.

They stand once, in the cell's docstring: the general form, and a table of what each setting puts
instead. This reads them from there, so that what a page shows for a variant and what a test
evaluates are the same lines.
"""

from __future__ import annotations

import re
from ast import literal_eval

from lstm_variants.cells import Cell

__all__ = ["equations"]


def equations(cell: Cell) -> dict[str, str]:
    r"""Each quantity of a step and the LaTeX that defines it, in the order of computation.

    Args:
        cell: The recurrence.

    Raises:
        ValueError: If there are no docstrings (`python -OO`).

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
    text = type(cell).__doc__
    if text is None:
        raise ValueError("equations are read from docstrings, which python -OO leaves out")
    lines = dict(re.findall(r"(\w_t) &= (.*?)(?: \\\\)?$", text, re.MULTILINE))
    for setting, value, instead in re.findall(r"\| `(\w+)=(\S+)` \| (.*?) \|", text):
        if getattr(cell, setting) == literal_eval(value):
            lines = changed(lines, instead)
    seen = "c_t" if getattr(cell, "peephole", None) == "current" else "c_{t-1}"
    return {left: right.replace(r"c^\ast", seen) for left, right in lines.items()}


def changed(lines: dict[str, str], instead: str) -> dict[str, str]:
    """The equations with the change that the table states for a setting."""
    if instead == "$p = 0$":
        return {k: re.sub(r" \+ p_\w \\odot \S+", "", line) for k, line in lines.items()}
    if term := re.match(r"\$(R_k .*?)\$ is added inside each gate", instead):
        return {k: with_term(line, term[1]) for k, line in lines.items()}
    left, _, right = instead.strip("$").partition(" = ")
    return lines | {left: right}


def with_term(line: str, term: str) -> str:
    """A gate's equation with one more term before its bias; other equations as they are."""
    gate = re.match(r"\\sigma\(.* \+ b_(\w)\)", line)
    if gate is None:
        return line
    bias = f" + b_{gate[1]}"
    return line.replace(bias, f" + {term.replace('R_k', f'R_{gate[1]}')}{bias}")
