"""What the tests of traced layers share: their lengths, and what stands in a graph."""

import torch

from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.variants import VARIANTS
from tests.layers import states_of

OPERATOR = "lstm_variants.layer.default"
LENGTHS = torch.tensor([7, 0, 3, 1])
OUT_OF_RANGE = ([8, 1, 1, 1], [3, 3, -1, 3])
"""Lengths of sequences that are not in seven time steps."""


def operators_in(graph):
    """How many layers stand in a graph as one operator, and how many nodes there are."""
    targets = [str(node.target) for node in graph.nodes]
    return targets.count(OPERATOR), len(targets)


def layers_in(name, num_layers):
    """As many operators as layers, and none for a cell that has no kernel."""
    return num_layers if kernel_of(VARIANTS[name].cell) else 0


def flat(results):
    output, hx = results
    return output, *states_of(hx)


def assert_same(got, expected):
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b)
