"""The other layers, each named after its cell, which has the equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from lstm_variants.cells import (
    Cell,
    IndRNNCell,
    JANETCell,
    LayerNormLSTMCell,
    MGUCell,
    MinGRUCell,
    MinLSTMCell,
    MultiplicativeLSTMCell,
    SLSTMCell,
)
from lstm_variants.nn.recurrent import Recurrent


class OneCell(Recurrent):
    """Base class of layers whose class determines their cell.

    Attributes:
        cell_type: Creates the cell.
        settings: Names of its settings that the constructor takes.
    """

    cell_type: ClassVar[Callable[..., Cell]]
    settings: ClassVar[tuple[str, ...]] = ()

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
        **settings: Any,
    ) -> None:
        """Create the layer.

        Args:
            **settings: Settings of the cell, as the class describes them.

        Raises:
            TypeError: If there is no such setting.
        """
        for name in settings:
            if name not in type(self).settings:
                names = ", ".join(type(self).settings) or "none"
                raise TypeError(
                    f"{type(self).__name__} has no argument {name!r}; settings of its cell: {names}"
                )
        super().__init__(
            type(self).cell_type(**settings),
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
        default = type(self).cell_type()
        changed = (
            f"{name}={getattr(self.cell, name)!r}"
            for name in type(self).settings  # an instance may have an attribute of this name
            if getattr(self.cell, name) != getattr(default, name)
        )
        return ", ".join([super().extra_repr(), *changed])


class LayerNormLSTM(OneCell):
    """Multi-layer LSTM with layer normalisation inside the recurrence.

    The equations are those of
    [`LayerNormLSTMCell`][lstm_variants.cells.layer_norm.LayerNormLSTMCell]. In addition to the
    parameters of [torch.nn.LSTM][], each layer and direction has the gains `gain_ih`, `gain_hh`,
    `[4*H]`, and `gain_c`, `[H]`, and the bias `bias_c`, `[H]`. See
    [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and `forward`.

    Paper: Ba, Kiros & Hinton 2016.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> output, (h_n, c_n) = lv.nn.LayerNormLSTM(8, 16)(torch.randn(10, 32, 8))
        >>> output.shape, c_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    cell_type = LayerNormLSTMCell


class SLSTM(OneCell):
    """Multi-layer sLSTM: an exponential input gate, with a normaliser and a stabiliser.

    The equations are those of
    [`SLSTMCell`][lstm_variants.cells.slstm.SLSTMCell]. The state is `(h_n, c_n, n_n, m_n)`. See
    [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and `forward`.

    Keyword argument of its own: `forget_activation`, `"sigmoid"` (default) or `"exp"`.

    Paper: Beck et al. 2024.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> output, (h_n, c_n, n_n, m_n) = lv.nn.SLSTM(8, 16)(torch.randn(10, 32, 8))
        >>> output.shape, m_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    cell_type = SLSTMCell
    settings = ("forget_activation",)


class MultiplicativeLSTM(OneCell):
    """Multi-layer multiplicative LSTM: the recurrent transition depends on the input.

    The equations are those of
    [`MultiplicativeLSTMCell`][lstm_variants.cells.multiplicative.MultiplicativeLSTMCell]. Weights
    have five blocks, m, i, f, g and o. See [`Recurrent`][lstm_variants.nn.Recurrent] for the
    constructor arguments and `forward`.

    Paper: Krause et al. 2016.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.MultiplicativeLSTM(8, 16)
        >>> output, (h_n, c_n) = layer(torch.randn(10, 32, 8))
        >>> output.shape, layer.weight_ih_l0.shape
        (torch.Size([10, 32, 16]), torch.Size([80, 8]))
    """

    cell_type = MultiplicativeLSTMCell


class MGU(OneCell):
    """Multi-layer minimal gated unit: a GRU with one gate.

    The equations are those of [`MGUCell`][lstm_variants.cells.mgu.MGUCell]. See
    [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and `forward`.

    Paper: Zhou et al. 2016.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> output, h_n = lv.nn.MGU(8, 16)(torch.randn(10, 32, 8))
        >>> output.shape, h_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    cell_type = MGUCell


class JANET(OneCell):
    """Multi-layer JANET: an LSTM with the forget gate alone.

    The equations are those of
    [`JANETCell`][lstm_variants.cells.janet.JANETCell]. The paper initialises it with
    [`chrono_`][lstm_variants.nn.init.chrono_]. See [`Recurrent`][lstm_variants.nn.Recurrent] for
    the constructor arguments and `forward`.

    Keyword argument of its own: `beta`, the shift of the gate that multiplies the candidate, a
    float; 1 by default.

    Paper: van der Westhuizen & Lasenby 2018.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.init.chrono_(lv.nn.JANET(8, 16), t_max=784)
        >>> output, h_n = layer(torch.randn(10, 32, 8))
        >>> output.shape, h_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    cell_type = JANETCell
    settings = ("beta",)


class IndRNN(OneCell):
    """Multi-layer IndRNN: units of a layer are not connected with one another.

    The equation is that of
    [`IndRNNCell`][lstm_variants.cells.indrnn.IndRNNCell]. `weight_hh` is a vector, `[H]`, and there
    is one bias. See [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and
    `forward`.

    Keyword argument of its own: `nonlinearity`, `"relu"` (default) or `"tanh"`.

    Paper: Li et al. 2018.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.IndRNN(8, 16, num_layers=2, nonlinearity="tanh")
        >>> output, h_n = layer(torch.randn(10, 32, 8))
        >>> output.shape, layer.weight_hh_l0.shape
        (torch.Size([10, 32, 16]), torch.Size([16]))
    """

    cell_type = IndRNNCell
    settings = ("nonlinearity",)


class MinGRU(OneCell):
    """Multi-layer minGRU: gate and candidate depend on the input alone.

    The equations are those of [`MinGRUCell`][lstm_variants.cells.minimal.MinGRUCell]. There are no
    recurrent weights, and there is one bias. A `proj_size`, `weight_dropout` or `recurrent_dropout`
    other than 0 raises an error. See [`Recurrent`][lstm_variants.nn.Recurrent] for the other
    constructor arguments and `forward`.

    Paper: Feng et al. 2024.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.MinGRU(8, 16)
        >>> output, h_n = layer(torch.randn(10, 32, 8))
        >>> list(layer.state_dict())
        ['weight_ih_l0', 'bias_ih_l0']
    """

    cell_type = MinGRUCell


class MinLSTM(OneCell):
    """Multi-layer minLSTM: gates and candidate depend on the input alone.

    The equations are those of [`MinLSTMCell`][lstm_variants.cells.minimal.MinLSTMCell]. There are
    no recurrent weights, there is one bias, and the state is the output. A `proj_size`,
    `weight_dropout` or `recurrent_dropout` other than 0 raises an error. See
    [`Recurrent`][lstm_variants.nn.Recurrent] for the other constructor arguments and `forward`.

    Paper: Feng et al. 2024.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.MinLSTM(8, 16)
        >>> output, h_n = layer(torch.randn(10, 32, 8))
        >>> output.shape, h_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    cell_type = MinLSTMCell
