"""The one layer: torch.nn's contract around any cell."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as drop_out
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_variants.cells import Cell, State, Weights
from lstm_variants.kernels import Call
from lstm_variants.kernels.dispatch import check_name, run
from lstm_variants.nn.arguments import (
    check_constructor,
    check_dtype,
    check_input_size,
    check_state,
)
from lstm_variants.scan import check_lengths

IN_TORCH = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
"""Kinds of parameters that torch.nn.LSTM has."""


class Recurrent(nn.Module):
    """A stack of recurrent layers over one cell, with the contract of [torch.nn.LSTM][].

    Parameters have torch's names and layout, `weight_ih_l{k}`, `weight_hh_l{k}`, `bias_ih_l{k}`,
    `bias_hh_l{k}`, `weight_hr_l{k}` with `_reverse` for the second direction, so a `state_dict`
    goes both ways wherever torch has the same cell. What torch does not have comes last:
    `weight_ch_l{k}` `[K*H]`, the peepholes of the gates i, f, o, and `weight_gh_l{k}`
    `[3*H, 3*H]`. With the same seed, the parameters that torch has are drawn with the same values.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import LSTMCell
        >>> from lstm_variants.nn import Recurrent
        >>> layer = Recurrent(LSTMCell(coupled=True), 8, 16, num_layers=2, bidirectional=True)
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
    ) -> None:
        """Create the layers with fresh parameters.

        Args:
            cell: The recurrence.
            input_size: Features of one time step, `D`.
            hidden_size: Hidden size of each direction, `H`.
            num_layers: Layers on top of one another.
            bias: Whether there are biases.
            batch_first: Whether batched input and output are `[B, T, ...]`, not `[T, B, ...]`.
            dropout: Probability with which an output of any layer but the last is zeroed in
                training.
            bidirectional: Whether a second direction runs from the end to the start.
            proj_size: Size `P` of the projected output; 0 for none. LSTM cells only.
            device: Where the parameters live.
            dtype: Their precision.
            backend: `"auto"`, or a name in [`BACKENDS`][lstm_variants.kernels.BACKENDS]; one that
                is named and cannot run raises its reason.

        Raises:
            TypeError: If an argument is of a wrong type.
            ValueError: If a size, probability or backend is out of its range.
        """
        super().__init__()
        check_constructor(
            cell, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size
        )
        check_name(backend)
        self.cell = cell
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self.backend = backend

        self._all_weights: list[list[str]] = []
        self._kinds = tuple(cell.parameter_shapes(1, 1, bias=bias, proj_size=proj_size))
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                shapes = cell.parameter_shapes(
                    self._width * (1 + bidirectional) if layer else input_size,
                    hidden_size,
                    bias=bias,
                    proj_size=proj_size,
                )
                names = {f"{kind}_l{layer}{suffix}": shape for kind, shape in shapes.items()}
                for name, shape in names.items():
                    parameter = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
                    self.register_parameter(name, parameter)
                self._all_weights.append(list(names))
        self.reset_parameters()

    @property
    def _width(self) -> int:
        """Features that one direction gives: `P`, or `H` without a projection."""
        return self.proj_size or self.hidden_size

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def reset_parameters(self) -> None:
        """Draw all parameters anew: uniform within 1 / sqrt(H) of zero, or as the cell states."""
        bound = 1 / math.sqrt(self.hidden_size)
        described = self.cell.parameters(1, 1, bias=self.bias, proj_size=self.proj_size)
        kinds = {
            name: kind
            for names in self._all_weights
            for kind, name in zip(described, names, strict=True)
        }
        ours = {name for name, kind in kinds.items() if kind not in IN_TORCH}
        # Those that torch has first, so that the same seed gives the same values there and here.
        for name, parameter in sorted(self.named_parameters(), key=lambda item: item[0] in ours):
            # A parametrisation has parameters of its own, which no cell describes.
            init = described[kinds[name]].init if name in kinds else None
            with torch.no_grad():
                (init or partial(nn.init.uniform_, a=-bound, b=bound))(parameter)

    def flatten_parameters(self) -> None:
        """Do nothing; models written for [torch.nn.LSTM][] call it."""

    def extra_repr(self) -> str:
        defaults = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0.0,
            "bidirectional": False,
            "backend": "auto",
        }
        changed = [
            f"{name}={getattr(self, name)!r}"
            for name, default in defaults.items()
            if getattr(self, name) != default
        ]
        # The class says which cell it is, unless it is this one.
        cell = [repr(self.cell)] if type(self) is Recurrent else []
        return ", ".join([*cell, str(self.input_size), str(self.hidden_size), *changed])

    def forward(
        self,
        input: Tensor | PackedSequence,  # noqa: A002 - torch's name for it
        hx: Any = None,
        *,
        lengths: Tensor | None = None,
    ) -> tuple[Any, Any]:
        """Run the layers over sequences.

        Args:
            input: `[T, B, D]`; `[B, T, D]` if `batch_first`; `[T, D]` for a single sequence; or a
                packed sequence.
            hx: The initial state, `h_0` or `(h_0, c_0)`, each
                `[num_layers * directions, B, H]` (`h_0` `[..., P]` if projected), without `B` for
                a single sequence. The cell's start values if not given, which are zeros for
                every cell of this package.
            lengths: Valid steps of each sequence of a padded batch, `[B]`, integers from 0 to
                `T`. Steps past the end give zeros and have no influence; the reverse direction
                starts at each sequence's own end.

        Returns:
            `(output, h_n)` or `(output, (h_n, c_n))`: the hidden states of the last layer, shaped
            and packed as the input, directions side by side; and the state of each layer and
            direction after its last valid step, shaped as `hx`.

        Raises:
            TypeError: If an argument is of the wrong kind.
            ValueError: If dtypes do not agree, or `input` or `lengths` are out of range.
            RuntimeError: If a shape is wrong, or a backend that was named cannot run.
        """
        name = type(self).__name__
        if isinstance(input, PackedSequence):
            if lengths is not None:
                raise ValueError("a packed sequence has its lengths: leave out lengths=")
            if input.data.dim() != 2:
                raise RuntimeError(f"input must have 2 dimensions, got {input.data.dim()}")
            check_dtype(input.data, self._parameter)
            check_input_size(input.data, self.input_size)
            x, lengths = unpack(input)
            output, states = self._run(x, self._states(x, hx, batched=True), lengths)
            return repack(output, input), self._hidden(states, batched=True)

        if not isinstance(input, Tensor):
            raise TypeError(f"{name} expects a tensor or a packed sequence, got {type(input)}")
        if input.dim() not in (2, 3):
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        check_dtype(input, self._parameter)
        check_input_size(input, self.input_size)
        batched = input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        if lengths is not None:
            lengths = check_lengths(lengths, x.shape[0], x.shape[1])
        output, states = self._run(x, self._states(x, hx, batched=batched), lengths)
        if not batched:
            output = output.squeeze(1)
        elif self.batch_first:
            output = output.transpose(0, 1)
        return output, self._hidden(states, batched=batched)

    @property
    def _parameter(self) -> Tensor:
        """Some parameter, to ask for its dtype."""
        parameter: Tensor = getattr(self, self._all_weights[0][0])
        return parameter

    def _states(self, x: Tensor, hx: Any, *, batched: bool) -> list[State]:
        """The initial state of each layer and direction, for an input `[T, B, D]`."""
        B, count = x.shape[1], len(self._all_weights)
        names = self.cell.state_type._fields
        if hx is None:
            like = x.new_empty(B, 0)
            zeros = self.cell.initial_state(like, self.hidden_size, self.proj_size)
            return [zeros] * count
        batch = (B,) if batched else ()
        sizes = dict.fromkeys(names, (count, *batch, self.hidden_size))
        sizes[names[0]] = (count, *batch, self._width)
        given = check_state(type(self).__name__, hx, names, sizes, x)
        if not batched:
            given = tuple(tensor.unsqueeze(1) for tensor in given)
        return [self.cell.state_type(*parts) for parts in zip(*given, strict=True)]

    def _hidden(self, states: list[State], *, batched: bool) -> Any:
        """The states of all layers and directions, as `hx` has them."""
        if len(states) == 1:
            hidden = tuple(field.unsqueeze(0) for field in states[0])
        else:
            hidden = tuple(torch.stack(field) for field in zip(*states, strict=True))
        if not batched:
            hidden = tuple(tensor.squeeze(1) for tensor in hidden)
        return hidden if len(hidden) > 1 else hidden[0]

    def _run(
        self, x: Tensor, states: list[State], lengths: Tensor | None
    ) -> tuple[Tensor, list[State]]:
        """All layers over `[T, B, D]`."""
        n = 1 + self.bidirectional
        last: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = drop_out(x, self.dropout, self.training)
            mine = slice(layer * n, (layer + 1) * n)
            weights = tuple(self._weights(names) for names in self._all_weights[mine])
            call = Call(self.cell, x, weights, tuple(states[mine]), lengths)
            x, after = run(call, self.backend)
            last += after
        return x, last

    def _weights(self, names: list[str]) -> Weights:
        # By name at every call: hooks, parametrisations and functional calls replace attributes.
        # Most are plain parameters, found here faster than by the module's own __getattr__.
        plain: dict[str, Any] = self._parameters
        found = (plain[name] if name in plain else getattr(self, name) for name in names)
        weights: Weights = self.cell.weights_type(**dict(zip(self._kinds, found, strict=True)))
        return weights


def unpack(packed: PackedSequence) -> tuple[Tensor, Tensor | None]:
    """A padded batch in the caller's order, and lengths unless all sequences are as long."""
    x, lengths = pad_packed_sequence(packed)
    if packed.batch_sizes[0] == packed.batch_sizes[-1]:
        return x, None
    return x, lengths


def repack(output: Tensor, like: PackedSequence) -> PackedSequence:
    """A padded batch packed as another one was."""
    lengths = (torch.arange(int(like.batch_sizes[0]))[:, None] < like.batch_sizes).sum(1)
    if like.sorted_indices is not None:
        output = output.index_select(1, like.sorted_indices)
    data = pack_padded_sequence(output, lengths).data
    return PackedSequence(data, like.batch_sizes, like.sorted_indices, like.unsorted_indices)
