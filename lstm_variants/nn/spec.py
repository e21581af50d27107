"""What a layer was created for, which its forward pass, initialisers and conversions read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lstm_variants.cells import Cell
from lstm_variants.torch_internals import Labelled


@dataclass(frozen=True)
class LayerSpec:
    """The parameters of a layer, and the settings that they were created for.

    Attributes:
        cell: The cell.
        kinds: The names of the parameters of one layer in one direction, as the cell has them.
        names: Their names in the module, of each layer and direction, in the order of `h_n`.
        num_layers: Number of stacked layers.
        bias: Whether there are biases.
        bidirectional: Whether there is a reverse direction.
    """

    cell: Cell
    kinds: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    num_layers: int
    bias: bool
    bidirectional: bool

    @property
    def settings(self) -> dict[str, Any]:
        """The settings."""
        return {name: getattr(self, name) for name in ("num_layers", "bias", "bidirectional")}

    @property
    def directions(self) -> int:
        """1, or 2 if the layer is bidirectional."""
        return 1 + self.bidirectional


class Configured(Labelled):
    """A layer with its settings, which are arguments of the constructor of `Recurrent`."""

    cell: Cell
    spec: LayerSpec
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    bidirectional: bool
    proj_size: int
    weight_dropout: float
    recurrent_dropout: float
    zoneout: float | Sequence[float]
