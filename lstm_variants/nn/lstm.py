"""LSTM layers: a cell by name, and torch's arguments."""

from __future__ import annotations

from typing import Any, Literal

from lstm_variants.cells import LSTMCell
from lstm_variants.nn.recurrent import Recurrent


class LSTM(Recurrent):
    """The LSTM. Takes the place of [torch.nn.LSTM][].

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] without peepholes.

    Papers: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000.

    Examples:
        >>> import torch
        >>> from lstm_variants.nn import LSTM
        >>> layer = LSTM(8, 16, num_layers=2, bidirectional=True)
        >>> layer.load_state_dict(torch.nn.LSTM(8, 16, 2, bidirectional=True).state_dict())
        <All keys matched successfully>
        >>> output, (h_n, c_n) = layer(torch.randn(10, 32, 8), lengths=torch.randint(0, 11, (32,)))
        >>> output.shape, h_n.shape
        (torch.Size([10, 32, 32]), torch.Size([4, 32, 16]))
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
        backend: str = "auto",
    ) -> None:
        """Create the layers, with the arguments of [torch.nn.LSTM][] and a backend."""
        super().__init__(
            LSTMCell(),
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
        )


class PeepholeLSTM(Recurrent):
    """The LSTM whose gates see the cell state.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] with peepholes.
    Beside the parameters of [torch.nn.LSTM][] there is `weight_ch_l{k}[_reverse]`, `[3*H]`: the
    peepholes of the gates i, f, o.

    Paper: Gers, Schraudolph & Schmidhuber 2002.

    Not to be confused with: the notebook's model
    [`lstm_variants.PeepholeLSTM`][lstm_variants.models.PeepholeLSTM], which returns the outputs
    alone, has no biases, and whose output gate sees the previous cell state.

    Examples:
        >>> import torch
        >>> from lstm_variants.nn import PeepholeLSTM
        >>> layer = PeepholeLSTM(8, 16)
        >>> output, (h_n, c_n) = layer(torch.randn(10, 32, 8))
        >>> output.shape, layer.weight_ch_l0.shape
        (torch.Size([10, 32, 16]), torch.Size([48]))
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
        output_peephole: Literal["current", "previous"] = "current",
        backend: str = "auto",
    ) -> None:
        """Create the layers, with the arguments of [torch.nn.LSTM][] and more.

        Args:
            output_peephole: The cell state that the output gate sees: the new one, as in the
                paper, or the previous one, as in much teaching code.
        """
        if output_peephole not in ("current", "previous"):
            raise ValueError(
                f"output_peephole should be 'current' or 'previous', got {output_peephole!r}"
            )
        super().__init__(
            LSTMCell(peephole=output_peephole),
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
        )

    def extra_repr(self) -> str:
        text = super().extra_repr()
        assert isinstance(self.cell, LSTMCell)
        previous = ", output_peephole='previous'" if self.cell.peephole == "previous" else ""
        return text + previous


class CoupledLSTM(Recurrent):
    """The LSTM with coupled input and forget gate (CIFG): what is forgotten makes room.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] with `coupled=True`,
    f = 1 - i, without peepholes. The weight matrices have the blocks i, g, o.

    Paper: Greff et al. 2017, whose CIFG has peepholes too: `VARIANTS["CIFG"].layer(...)`.

    Not to be confused with: the coupling i = 1 - f of TensorFlow Lite. It gives the same functions,
    but other weights survive.

    Examples:
        >>> import torch
        >>> from lstm_variants.nn import CoupledLSTM
        >>> layer = CoupledLSTM(8, 16)
        >>> output, (h_n, c_n) = layer(torch.randn(10, 32, 8))
        >>> output.shape, layer.weight_ih_l0.shape
        (torch.Size([10, 32, 16]), torch.Size([48, 8]))
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
        backend: str = "auto",
    ) -> None:
        """Create the layers, with the arguments of [torch.nn.LSTM][] and a backend."""
        super().__init__(
            LSTMCell(coupled=True),
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
        )
