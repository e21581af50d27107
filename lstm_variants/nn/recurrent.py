"""Multi-layer recurrent module for any cell, with the API of torch.nn.LSTM."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstm_variants.cells import Cell, Parameter, State, Weights
from lstm_variants.kernels import Call
from lstm_variants.kernels.dispatch import check_name, run
from lstm_variants.kernels.torch_kernels import FUNCTIONS
from lstm_variants.nn.arguments import (
    check_constructor,
    check_names,
    check_reserved_attributes,
    label_of,
    shown_arguments,
)
from lstm_variants.nn.inputs import (
    Batch,
    as_batch,
    check_step_input,
    first_states,
    in_layout_of,
    last_states,
)
from lstm_variants.nn.regularisation import check_rates, regularised
from lstm_variants.nn.spec import Configured, LayerSpec
from lstm_variants.steps import check_resets
from lstm_variants.torch_internals import (
    is_direct,
    members_of_torch,
    plain_parameters,
)

TORCH_PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
"""Names of the parameters that torch.nn.LSTM has, without `_l{k}` and `_reverse`."""


class Recurrent(Configured):
    """Multi-layer RNN over any cell, with the API of [torch.nn.LSTM][].

    Parameters have torch's names and layout: `weight_ih_l{k}`, `weight_hh_l{k}`, `bias_ih_l{k}`,
    `bias_hh_l{k}` and `weight_hr_l{k}`, with the suffix `_reverse` for the reverse direction. Where
    torch has the same cell, a `state_dict` is interchangeable with torch's. Parameters that torch
    does not have come last in each layer and direction, such as the peephole weights
    `weight_ch_l{k}`, `[K*H]` for `K` gates with peepholes. A cell without recurrent weights or with
    one bias has fewer: each cell lists its own in `parameters`. With the same seed, the parameters
    of a cell that torch has are initialised to the same values as in torch.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import LSTMCell
        >>> import lstm_variants as lv
        >>> layer = lv.nn.Recurrent(LSTMCell(coupled=True), 8, 16, num_layers=2, bidirectional=True)
        >>> output, (h_n, c_n) = layer(torch.randn(10, 32, 8))
        >>> output.shape, c_n.shape
        (torch.Size([10, 32, 32]), torch.Size([4, 32, 16]))
    """

    def __init__(
        self,
        cell: Cell,
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
        """Create the module and initialise its parameters.

        Args:
            cell: The cell, which defines the equations.
            input_size: Number of features of one time step, `D`.
            hidden_size: Hidden size of each direction, `H`.
            num_layers: Number of stacked layers.
            bias: Whether the layers have biases.
            batch_first: Whether batched input and output are `[B, T, ...]`, not `[T, B, ...]`.
            dropout: Dropout probability on the outputs of each layer except the last.
            bidirectional: Whether each layer also has a reverse direction.
            proj_size: Size `P` of the output projection, 0 for none. Only for cells that have one.
            device: Device of the parameters.
            dtype: Data type of the parameters.
            backend: A key of [`BACKENDS`][lstm_variants.kernels.BACKENDS], or `"auto"` to
                [choose][lstm_variants.kernels.choose] one for each call.
            weight_dropout: Dropout probability on the recurrent weights, one mask per call (Merity,
                Keskar & Socher 2018). Supported by every backend.
            recurrent_dropout: Dropout probability on $h_{t-1}$ where the recurrent weights multiply
                it, one mask for all time steps of a sequence (Gal & Ghahramani 2016). In training,
                torch's kernels do not support it.
            zoneout: Probability that a unit keeps its old value in a time step (Krueger et al.
                2017): one for all of the cell's `zoneout_fields`, usually $h$ and $c$, or one for
                each. In evaluation, the expected value is used. Torch's kernels do not support it.

        Raises:
            TypeError: If an argument has a wrong type (`bidirectional` accepts any), or a subclass
                has set an attribute with the name of one of this class.
            ValueError: If a size or a probability is out of range or has no meaning for the cell,
                `dropout` is not a number, or there is no such backend.
        """
        super().__init__()
        check_reserved_attributes(self)
        check_constructor(
            cell, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size
        )
        check_name(backend)
        self.cell = cell
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = int(num_layers)  # torch's layers take NumPy's integers here
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bool(bidirectional)
        self.proj_size = int(proj_size)
        self.backend = backend
        self.weight_dropout = weight_dropout
        self.recurrent_dropout = recurrent_dropout
        self.zoneout = zoneout

        kinds = tuple(self.parameters_of_cell())
        check_rates(cell, kinds, weight_dropout, recurrent_dropout, zoneout)
        groups: list[tuple[str, ...]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                own = self.parameters_of_cell(layer)
                check_names(cell, kinds, tuple(own))
                names = tuple(f"{kind}_l{layer}{suffix}" for kind in own)
                for name, parameter in zip(names, own.values(), strict=True):
                    tensor = torch.empty(parameter.shape, device=device, dtype=dtype)
                    self.register_parameter(name, nn.Parameter(tensor))
                groups.append(names)
        self.spec = LayerSpec(cell, kinds, tuple(groups), self.num_layers, bias, self.bidirectional)
        if cell in FUNCTIONS:  # with these names, other libraries compute torch's equations
            vars(self).update(members_of_torch(self.spec.names, FUNCTIONS[cell]))
        self.reset_parameters()

    _label_of_weights = property(lambda self: label_of(self.cell))  # the cell may be replaced

    def parameters_of_cell(self, layer: int = 0) -> dict[str, Parameter]:
        """The cell's description of its parameters in one of the stacked layers, by name."""
        output_size = (self.proj_size or self.hidden_size) * (1 + self.bidirectional)
        size = output_size if layer else self.input_size
        return self.cell.parameters(
            size, self.hidden_size, bias=self.bias, proj_size=self.proj_size
        )

    def weights_of_cell(self, index: int = 0) -> Weights:
        """The parameters of one layer and direction, as the cell takes them.

        Args:
            index: The layer and direction, in the order of `h_n`.
        """
        # At every call: hooks and functional_call replace attributes. A dictionary is faster.
        plain, names = plain_parameters(self), self.spec.names[index]
        tensors = [plain[name] if name in plain else getattr(self, name) for name in names]
        weights: Weights = self.cell.weights_type(**dict(zip(self.spec.kinds, tensors)))  # noqa: B905
        return weights

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self.spec.names]

    def reset_parameters(self) -> None:
        """Initialise parameters: as the cell defines, or uniform within 1 / sqrt(H) of zero."""
        bound = self.hidden_size**-0.5
        own: dict[str, tuple[str, Parameter]] = {}
        for k, names in enumerate(self.spec.names):
            parameters = self.parameters_of_cell(k // self.spec.directions)
            own |= dict(zip(names, parameters.items(), strict=True))
        extra = {name for name, (kind, _) in own.items() if kind not in TORCH_PARAMETERS}
        # torch's parameters first: with the same seed, they get the same values as in torch.
        for name, parameter in sorted(self.named_parameters(), key=lambda item: item[0] in extra):
            # Not of the cell are those of a parametrisation. Pruning appends _orig.
            kind = name.removesuffix("_orig")
            init = own[kind][1].init if kind in own else None
            with torch.no_grad():
                (init or partial(nn.init.uniform_, a=-bound, b=bound))(parameter)

    def flatten_parameters(self) -> None:
        """Do nothing. Exists for compatibility with [torch.nn.LSTM][]."""

    def extra_repr(self) -> str:
        return shown_arguments(self, Recurrent)

    def forward(
        self,
        input: Tensor | PackedSequence,  # noqa: A002 - torch's name for it
        hx: Any = None,
        *,
        lengths: Tensor | Sequence[int] | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Any, Any]:
        """Apply the layers to a batch of sequences.

        Args:
            input: `[T, B, D]`; `[B, T, D]` if `batch_first`; `[T, D]` for an unbatched sequence; or
                a packed sequence.
            hx: The initial state, `h_0` or a tuple of all fields, as `(h_0, c_0)`, each
                `[num_layers * directions, B, H]` (`h_0` `[..., P]` if projected), without `B` for
                an unbatched sequence. Defaults to the initial state of the cell: zero, except for
                the stabiliser of an sLSTM.
            lengths: Number of valid time steps of each padded sequence, `[B]` (unbatched: `[1]`),
                from 0 to `T`. The output at padded time steps is zero, and their input has no
                effect. The reverse direction starts at the last valid step of each sequence.
            resets: Where the state is reset to the cell's start value before a time step, bool, in
                the layout of the input: `[T, B]`, `[B, T]` or `[T]`. These are the first steps of
                episodes that follow one another in a sequence; results are those of each episode on
                its own, in both directions. `hx` is the state before the first (in reverse: after
                the last), and has no influence where the first step is a reset.

        Returns:
            `(output, h_n)` or `(output, (h_n, c_n))`: the hidden states of the last layer at all
            time steps, in the layout of the input, with the directions concatenated; and the final
            state of each layer and direction, in the layout of `hx`.

        Raises:
            TypeError: If an argument has a wrong type.
            ValueError: If input and weights have different dtypes, the input is not 2-D or 3-D,
                `lengths` or `resets` do not fit (values are not checked under `torch.func.vmap` on
                the reference), or a packed sequence has them.
            RuntimeError: If the shape or the device of the input is wrong, `hx` does not fit, a
                fixed setting was changed, or the selected backend does not support the call.
        """
        batch = as_batch(self, input, lengths, resets)
        first = first_states(self, batch, hx)
        output, last = self._run_layers(batch, first)
        output = in_layout_of(input, output, batch, batch_first=self.batch_first)
        return output, last_states(last, batch)

    def step(
        self,
        input: Tensor,  # noqa: A002 - as forward
        hx: Any = None,
        *,
        resets: Tensor | None = None,
    ) -> tuple[Tensor, Any]:
        """Apply the layers to one time step, for a stream of inputs or an agent that acts.

        Step by step, results and gradients are those of one call with the whole sequence, except
        for masks of dropout and zoneout, and in half precision, where each step rounds the state.

        Args:
            input: `[B, D]`, or `[D]` for an unbatched sequence, whatever `batch_first` is.
            hx: The state after the previous time step, as `step` or a call of the layer returned
                it; `None` for the initial state of the cell.
            resets: Where the state is reset to its start value before this step, `[B]` or `[]`.

        Returns:
            The output of the last layer, `[B, H]` or `[H]` (`P` if projected), and the state after
            this time step, in the layout of `hx`.

        Raises:
            TypeError: If an argument has a wrong type.
            ValueError: If dtype or dimensions of the input are wrong, or `resets` do not fit.
            RuntimeError: If the layer is bidirectional, or a shape or `hx` is wrong.

        Examples:
            >>> import torch
            >>> import lstm_variants as lv
            >>> layer, x = lv.nn.PeepholeLSTM(8, 16), torch.randn(10, 32, 8)
            >>> hx, outputs = None, []
            >>> with torch.no_grad():  # with gradients, every step is kept
            ...     for x_t in x:
            ...         output, hx = layer.step(x_t, hx)
            ...         outputs.append(output)
            >>> torch.allclose(torch.stack(outputs), layer(x)[0], atol=1e-6)
            True
        """
        check_step_input(self, input)
        time = 1 if self.batch_first and input.dim() == 2 else 0
        more = {}  # a subclass may have the arguments of torch alone
        if resets is not None:
            more["resets"] = check_resets(resets, input.shape[:-1]).unsqueeze(time)
        output, hx = self(input.unsqueeze(time), hx, **more)
        return output.squeeze(time), hx

    def _run_layers(self, batch: Batch, states: State) -> tuple[Tensor, list[State]]:
        """Apply all layers; return the output and the last state of each layer."""
        x, lengths, resets, _, packed = batch
        batch_sizes = None if packed is None else packed.batch_sizes
        n, last = 1 + self.bidirectional, []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = nn.functional.dropout(x, self.dropout, self.training)
            weights = tuple([self.weights_of_cell(layer * n + k) for k in range(n)])
            masks = None
            if self.weight_dropout or self.recurrent_dropout or self.zoneout:
                weights, masks = regularised(self, x, weights)
            first = states
            if self.num_layers > 1:
                part = slice(layer * n, (layer + 1) * n)
                first = self.cell.state_type(*(field[part] for field in states))
            tensors = (
                x,
                *[t for group in weights for t in group],
                *first,
                lengths,
                resets,
                batch_sizes,
            )
            direct = is_direct([t for t in tensors if t is not None])
            call = Call(self.cell, x, weights, first, lengths, resets, masks, batch_sizes, direct)
            x, state = run(call, self.backend)
            last.append(state)
        return x, last
