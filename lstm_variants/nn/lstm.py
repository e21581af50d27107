"""LSTM layers: standard, with peepholes, with coupled gates, and without a forget gate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from lstm_variants.cells import LSTMCell
from lstm_variants.nn.one_cell import OneCell
from lstm_variants.nn.recurrent import Recurrent


class LSTM(Recurrent):
    """Multi-layer LSTM, a drop-in replacement for [torch.nn.LSTM][].

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] without peepholes.

    See [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and `forward`.

    Papers: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.LSTM(8, 16, num_layers=2, bidirectional=True)
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
        weight_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        zoneout: float | Sequence[float] = 0.0,
    ) -> None:
        """Create the layer."""
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
            weight_dropout=weight_dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout=zoneout,
        )


class PeepholeLSTM(Recurrent):
    """Multi-layer LSTM with peephole connections from the cell state to the gates.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] with peepholes. In
    addition to the parameters of [torch.nn.LSTM][], each layer and direction has
    `weight_ch_l{k}[_reverse]`, `[3*H]`: the peephole weights of the gates i, f, o.

    See [`Recurrent`][lstm_variants.nn.Recurrent] for the other constructor arguments and `forward`.

    Paper: Gers, Schraudolph & Schmidhuber 2002.

    Not to be confused with: the notebook's model
    [`models.PeepholeLSTM`][lstm_variants.models.PeepholeLSTM], which returns only the outputs, has
    no biases, and whose output gate depends on the previous cell state; its peephole weights start
    at zero, those of this class at random values.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.PeepholeLSTM(8, 16)
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
        weight_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        zoneout: float | Sequence[float] = 0.0,
    ) -> None:
        """Create the layer.

        Args:
            output_peephole: The cell state that the output gate depends on: `"current"`, $c_t$, as
                in the paper, or `"previous"`, $c_{t-1}$, as in much teaching code.

        Raises:
            ValueError: If `output_peephole` is neither of them.
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
            weight_dropout=weight_dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout=zoneout,
        )

    def extra_repr(self) -> str:
        text = super().extra_repr()
        assert isinstance(self.cell, LSTMCell)
        previous = ", output_peephole='previous'" if self.cell.peephole == "previous" else ""
        return text + previous


class CoupledLSTM(OneCell):
    """Multi-layer LSTM with coupled input and forget gates (CIFG): f = 1 - i.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] with `coupled=True`
    and without peepholes. The weight matrices have the blocks i, g, o.

    See [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and `forward`.

    Paper: Greff et al. 2017, whose CIFG has peepholes too: `VARIANTS["CIFG"].layer(...)`.

    Not to be confused with: the coupling i = 1 - f of TensorFlow Lite. It represents the same
    functions, but has the weights of the forget gate in place of the input gate's.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.CoupledLSTM(8, 16)
        >>> output, (h_n, c_n) = layer(torch.randn(10, 32, 8))
        >>> output.shape, layer.weight_ih_l0.shape
        (torch.Size([10, 32, 16]), torch.Size([48, 8]))
    """

    cell_type = partial(LSTMCell, coupled=True)


class LSTM1997(OneCell):
    """Multi-layer LSTM as first published, without a forget gate.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] with
    `forget_gate=False`: the cell state is a sum of all gated candidates. See
    [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and `forward`.

    Paper: Hochreiter & Schmidhuber 1997, whose activation functions are 2 tanh(x / 2) for the
    candidate and tanh(x / 2) for the output, instead of tanh(x). There, gates can also depend on
    one another, several cells can share their gates, and gradients are truncated.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> output, (h_n, c_n) = lv.nn.LSTM1997(8, 16)(torch.randn(10, 32, 8))
        >>> output.shape, c_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    cell_type = partial(LSTMCell, forget_gate=False)
