"""The layers, each named after its cell, which has the equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from inspect import Parameter, Signature, signature
from typing import Any, ClassVar, Literal, TypedDict, TypeVar, Unpack

from lstm_variants.cells import (
    Cell,
    ElmanCell,
    GRUCell,
    IndRNNCell,
    JANETCell,
    LayerNormLSTMCell,
    LSTMCell,
    MGUCell,
    MinGRUCell,
    MinLSTMCell,
    MultiplicativeLSTMCell,
    SLSTMCell,
)
from lstm_variants.names import suggestion
from lstm_variants.nn.recurrent import Recurrent

Constructor = TypeVar("Constructor", bound=Callable[..., None])


class Options(TypedDict, total=False):
    """Arguments that all layers have: those of `Recurrent`, which describes them."""

    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    device: Any
    dtype: Any
    backend: str
    weight_dropout: float
    recurrent_dropout: float
    zoneout: float | Sequence[float]


class ProjectionOptions(Options, total=False):
    """Those of layers whose output can be projected, and of all layers that torch has."""

    proj_size: int


@cache
def arguments(options: type) -> list[Parameter]:
    """The arguments in `Options` or `ProjectionOptions` in torch's order, each with its default."""
    of_all = signature(Recurrent).parameters
    return [argument for name, argument in of_all.items() if name in options.__annotations__]


def constructor(options: type) -> Callable[[Constructor], Constructor]:
    """Show what `*others` and `**options` stand for in the signature of a constructor."""

    def complete(init: Constructor) -> Constructor:
        own = [*signature(init).parameters.values(), *arguments(options)]
        kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
        shown = [argument for kind in kinds for argument in own if argument.kind is kind]
        init.__signature__ = Signature(shown, return_annotation="None")  # type: ignore[attr-defined]
        return init

    return complete


def by_name(
    layer: Recurrent, options: type, others: Sequence[Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments in `*others` and `**options` of a constructor, by their names.

    Raises:
        TypeError: If there are too many, one is given twice, or there is no such argument.
    """
    kinds = {argument.name: argument.kind for argument in arguments(options)}
    names = [name for name, kind in kinds.items() if kind is Parameter.POSITIONAL_OR_KEYWORD]
    layer_name, by_position = type(layer).__name__, dict(zip(names, others, strict=False))
    if len(others) > len(names):
        raise TypeError(f"{layer_name} has no positional arguments after {names[-1]}")
    for name in given:
        if name in by_position:
            raise TypeError(f"{layer_name} got {name} twice: by position and by name")
        if name not in kinds:
            known = signature(type(layer)).parameters
            raise TypeError(
                f"{layer_name} has no argument {name!r}{suggestion(name, known)}, but "
                f"{', '.join(known)}"
            )
    return by_position | {**given}


class Layer(Recurrent):
    """A layer whose class determines its cell.

    Attributes:
        cell_type: Creates the cell of a class whose constructor has no settings of the cell.
        settings: Names of those settings.
    """

    cell_type: ClassVar[Callable[[], Cell]]
    settings: ClassVar[tuple[str, ...]] = ()

    @constructor(Options)
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *others: Any,
        **options: Unpack[Options],
    ) -> None:
        """Create the layer."""
        more = by_name(self, Options, others, options)
        cell = type(self).cell_type()
        super().__init__(cell, input_size, hidden_size, num_layers, **more)

    def extra_repr(self) -> str:
        values = {name: getattr(self.cell, name) for name in type(self).settings}
        changed = [
            f"{name}={value!r}"
            for name, value in values.items()
            if value != getattr(type(self.cell), name)
        ]
        return ", ".join([super().extra_repr(), *changed])


class ProjectingLayer(Layer):
    """A layer whose class determines its cell, and whose output can be projected."""

    @constructor(ProjectionOptions)
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *others: Any,
        **options: Unpack[ProjectionOptions],
    ) -> None:
        """Create the layer."""
        more = by_name(self, ProjectionOptions, others, options)
        cell = type(self).cell_type()
        Recurrent.__init__(self, cell, input_size, hidden_size, num_layers, **more)


class LSTM(ProjectingLayer):
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

    cell_type = LSTMCell


class PeepholeLSTM(Layer):
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

    @constructor(ProjectionOptions)
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *others: Any,
        output_peephole: Literal["current", "previous"] = "current",
        **options: Unpack[ProjectionOptions],
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
        more = by_name(self, ProjectionOptions, others, options)
        cell = LSTMCell(peephole=output_peephole)
        Recurrent.__init__(self, cell, input_size, hidden_size, num_layers, **more)

    def extra_repr(self) -> str:
        assert isinstance(self.cell, LSTMCell)
        previous = ", output_peephole='previous'" if self.cell.peephole == "previous" else ""
        return super().extra_repr() + previous


class CoupledLSTM(ProjectingLayer):
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


class LSTM1997(ProjectingLayer):
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


class GRU(Layer):
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

    settings = ("reset_after",)

    @constructor(ProjectionOptions)
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *others: Any,
        reset_after: bool = True,
        **options: Unpack[ProjectionOptions],
    ) -> None:
        """Create the layer.

        Args:
            reset_after: Whether the reset gate is applied after the recurrent product, as in
                [torch.nn.GRU][], or before it.
        """
        more = by_name(self, ProjectionOptions, others, options)
        cell = GRUCell(reset_after=reset_after)
        Recurrent.__init__(self, cell, input_size, hidden_size, num_layers, **more)


class RNN(Layer):
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

    @constructor(ProjectionOptions)
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        *others: Any,
        **options: Unpack[ProjectionOptions],
    ) -> None:
        """Create the layer.

        Args:
            nonlinearity: The activation function, `"tanh"` or `"relu"`.

        Raises:
            ValueError: If `nonlinearity` is neither of them.
        """
        self.nonlinearity = nonlinearity  # before reset_parameters, which may depend on it
        more = by_name(self, ProjectionOptions, others, options)
        cell = ElmanCell(nonlinearity)
        Recurrent.__init__(self, cell, input_size, hidden_size, num_layers, **more)


class LayerNormLSTM(Layer):
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


class SLSTM(Layer):
    """Multi-layer sLSTM: an exponential input gate, with a normaliser and a stabiliser.

    The equations are those of
    [`SLSTMCell`][lstm_variants.cells.slstm.SLSTMCell]. The state is `(h_n, c_n, n_n, m_n)`. See
    [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and `forward`.

    Paper: Beck et al. 2024.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> output, (h_n, c_n, n_n, m_n) = lv.nn.SLSTM(8, 16)(torch.randn(10, 32, 8))
        >>> output.shape, m_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    settings = ("forget_activation",)

    @constructor(Options)
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *others: Any,
        forget_activation: Literal["sigmoid", "exp"] = "sigmoid",
        **options: Unpack[Options],
    ) -> None:
        """Create the layer.

        Args:
            forget_activation: The activation function of the forget gate, `"sigmoid"` or `"exp"`.

        Raises:
            ValueError: If `forget_activation` is neither of them.
        """
        more = by_name(self, Options, others, options)
        cell = SLSTMCell(forget_activation)
        Recurrent.__init__(self, cell, input_size, hidden_size, num_layers, **more)


class MultiplicativeLSTM(Layer):
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


class MGU(Layer):
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


class JANET(Layer):
    """Multi-layer JANET: an LSTM with the forget gate alone.

    The equations are those of
    [`JANETCell`][lstm_variants.cells.janet.JANETCell]. The paper initialises it with
    [`chrono_`][lstm_variants.nn.init.chrono_]. See [`Recurrent`][lstm_variants.nn.Recurrent] for
    the constructor arguments and `forward`.

    Paper: van der Westhuizen & Lasenby 2018.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.init.chrono_(lv.nn.JANET(8, 16), t_max=784)
        >>> output, h_n = layer(torch.randn(10, 32, 8))
        >>> output.shape, h_n.shape
        (torch.Size([10, 32, 16]), torch.Size([1, 32, 16]))
    """

    settings = ("beta",)

    @constructor(Options)
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *others: Any,
        beta: float = 1.0,
        **options: Unpack[Options],
    ) -> None:
        """Create the layer.

        Args:
            beta: The shift of the gate that multiplies the candidate.
        """
        more = by_name(self, Options, others, options)
        cell = JANETCell(beta)
        Recurrent.__init__(self, cell, input_size, hidden_size, num_layers, **more)


class IndRNN(Layer):
    """Multi-layer IndRNN: units of a layer are not connected with one another.

    The equation is that of
    [`IndRNNCell`][lstm_variants.cells.indrnn.IndRNNCell]. `weight_hh` is a vector, `[H]`, and there
    is one bias. See [`Recurrent`][lstm_variants.nn.Recurrent] for the constructor arguments and
    `forward`.

    Paper: Li et al. 2018.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.IndRNN(8, 16, num_layers=2, nonlinearity="tanh")
        >>> output, h_n = layer(torch.randn(10, 32, 8))
        >>> output.shape, layer.weight_hh_l0.shape
        (torch.Size([10, 32, 16]), torch.Size([16]))
    """

    settings = ("nonlinearity",)

    @constructor(Options)
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *others: Any,
        nonlinearity: Literal["relu", "tanh"] = "relu",
        **options: Unpack[Options],
    ) -> None:
        """Create the layer.

        Args:
            nonlinearity: The activation function, `"relu"` or `"tanh"`.

        Raises:
            ValueError: If `nonlinearity` is neither of them.
        """
        more = by_name(self, Options, others, options)
        cell = IndRNNCell(nonlinearity)
        Recurrent.__init__(self, cell, input_size, hidden_size, num_layers, **more)


class MinGRU(Layer):
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


class MinLSTM(Layer):
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
