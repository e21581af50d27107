"""Simple recurrent layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from lstm_variants.cells import ElmanCell
from lstm_variants.nn.recurrent import Recurrent


class RNN(Recurrent):
    """Multi-layer simple (Elman) RNN, a drop-in replacement for [torch.nn.RNN][].

    The equations are those of [`ElmanCell`][lstm_variants.cells.elman.ElmanCell].

    See [`Recurrent`][lstm_variants.nn.Recurrent] for the other constructor arguments and `forward`.

    Paper: Elman 1990.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> output, h_n = lv.nn.RNN(8, 16)(torch.randn(10, 32, 8))
        >>> output.shape, h_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        *,
        backend: str = "auto",
        weight_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        zoneout: float | Sequence[float] = 0.0,
    ) -> None:
        """Create the layer.

        Args:
            nonlinearity: The activation function, `"tanh"` or `"relu"`.

        Raises:
            ValueError: If `nonlinearity` is neither of them.
        """
        self.nonlinearity = nonlinearity  # before reset_parameters, which may depend on it
        super().__init__(
            ElmanCell(nonlinearity),
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
