"""GRU layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstm_variants.cells import GRUCell
from lstm_variants.nn.recurrent import Recurrent


class GRU(Recurrent):
    """Multi-layer gated recurrent unit (GRU), a drop-in replacement for [torch.nn.GRU][].

    The equations are those of [`GRUCell`][lstm_variants.cells.gru.GRUCell].

    See [`Recurrent`][lstm_variants.nn.Recurrent] for the other constructor arguments and `forward`.

    Papers: Cho et al. 2014; Chung et al. 2014 (`reset_after=False`).

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> output, h_n = lv.nn.GRU(8, 16, reset_after=False)(torch.randn(10, 32, 8))
        >>> output.shape, h_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        *,
        reset_after: bool = True,
        backend: str = "auto",
        weight_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        zoneout: float | Sequence[float] = 0.0,
    ) -> None:
        """Create the layer.

        Args:
            reset_after: Whether the reset gate is applied after the recurrent product, as in
                [torch.nn.GRU][], or before it.
        """
        super().__init__(
            GRUCell(reset_after=reset_after),
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
            backend=backend,
            weight_dropout=weight_dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout=zoneout,
        )

    def extra_repr(self) -> str:
        text = super().extra_repr()
        assert isinstance(self.cell, GRUCell)
        return text if self.cell.reset_after else f"{text}, reset_after=False"
