"""Streams of strings of the embedded Reber grammar."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

SYMBOLS = "BTPSXVE"
REBER = (
    (("B", 1),),
    (("T", 2), ("P", 3)),
    (("S", 2), ("X", 4)),
    (("T", 3), ("V", 5)),
    (("X", 3), ("S", 6)),
    (("P", 4), ("V", 6)),
    (("E", 7),),
)
"""The Reber grammar: for each node, the symbols that may come next and the node after them."""
Branches = tuple[tuple[str, int], ...]


def embedded() -> list[Branches]:
    """The embedded Reber grammar as one list of nodes.

    A string is B, then T or P, a string of the Reber grammar, the same T or P again, and E. After
    its end, the next string begins at node 0.
    """
    nodes: list[Branches] = [(("B", 1),)]
    inner = {"T": 2, "P": 2 + len(REBER) + 2}  # where the nodes after each of the two begin
    nodes.append(tuple(inner.items()))
    for outer, first in inner.items():
        nodes += [tuple((symbol, first + node) for symbol, node in branches) for branches in REBER]
        nodes += [((outer, first + len(REBER) + 1),), (("E", 0),)]
    return nodes


NODES = embedded()
# Where there is one branch, both draws take it.
SYMBOL = torch.tensor([[SYMBOLS.index(b[k % len(b)][0]) for k in (0, 1)] for b in NODES])
AFTER = torch.tensor([[b[k % len(b)][1] for k in (0, 1)] for b in NODES])
POSSIBLE = torch.zeros(len(NODES), len(SYMBOLS)).scatter_(1, SYMBOL, 1.0)


class Streams(NamedTuple):
    """Streams of strings, one string directly after the other.

    Attributes:
        symbols: The symbols, `[T, B]`.
        nodes: The node of the grammar after each of them, `[T, B]`.
    """

    symbols: Tensor
    nodes: Tensor

    @property
    def starts(self) -> Tensor:
        """Where a string begins, `[T, B]`."""
        first = torch.ones_like(self.nodes[:1], dtype=torch.bool)
        return torch.cat([first, self.nodes[:-1] == 0])


def streams(length: int, number: int, source: torch.Generator) -> Streams:
    """Draw streams; each begins with a new string, and each branch has a probability of 0.5."""
    nodes = torch.zeros(number, dtype=torch.long)
    symbols, after = [], []
    for draw in torch.randint(0, 2, (length, number), generator=source):
        symbols.append(SYMBOL[nodes, draw])
        nodes = AFTER[nodes, draw]
        after.append(nodes)
    return Streams(torch.stack(symbols), torch.stack(after))
