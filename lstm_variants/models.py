r"""The notebook's four sequence models.

Each takes `(input_dim, hidden_dim)`, reads a batch of sequences `[B, T, input_dim]` and returns the
hidden state of every step, and only that. Parameter names, shapes, initialisation and equations are
the teaching notebook's, so a `state_dict` saved there loads here and gives the same outputs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from lstm_variants import nn as layers
from lstm_variants.cells import LSTMCell, Weights
from lstm_variants.kernels import Call, run
from lstm_variants.nn.arguments import check_dtype

__all__ = ["GRU", "BiLSTM", "PeepholeLSTM", "SequenceModel", "StandardLSTM"]


class SequenceModel(nn.Module, ABC):
    """What the four models share: two sizes, one input, one output."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        """Create the model with fresh parameters.

        Args:
            input_dim: Features of one time step, `D`.
            hidden_dim: Hidden size (of each direction), `H`.

        Raises:
            TypeError: If a size is not an integer.
            ValueError: If a size is not positive.
        """
        super().__init__()
        for name, size in (("input_dim", input_dim), ("hidden_dim", hidden_dim)):
            if isinstance(size, bool) or not isinstance(size, int):
                raise TypeError(
                    f"{name} should be a positive integer, "
                    f"got {size!r} of type {type(size).__name__}"
                )
            if size <= 0:
                raise ValueError(f"{name} should be a positive integer, got {size}")
        self.input_dim = input_dim
        self.hidden_dim = hidden_dim

    @abstractmethod
    def _outputs(self, x: Tensor) -> Tensor:
        """The hidden states of all steps for an input that has been checked."""

    def forward(self, x: Tensor) -> Tensor:
        """Run the model over a batch of sequences.

        Args:
            x: Input, `[B, T, D]`.

        Returns:
            The hidden state of every step, `[B, T, H]`; `[B, T, 2H]` for two directions, forward
            before backward.

        Raises:
            TypeError: If `x` is not a floating-point tensor.
            ValueError: If `x` is not of shape `[B, T, D]`, or its dtype is not that of the
                parameters.
        """
        self._check(x)
        return self._outputs(x)

    def _check(self, x: Tensor) -> None:
        model = type(self).__name__
        if not isinstance(x, Tensor):
            raise TypeError(f"{model} expects a torch.Tensor, got {type(x).__name__}")
        shape = list(x.shape)
        if x.dim() != 3:
            hint = "; for a single sequence, x.unsqueeze(0)" if x.dim() == 2 else ""
            raise ValueError(
                f"{model} expects a 3-D input [batch, time, {self.input_dim}], "
                f"got a {x.dim()}-D one of shape {shape}{hint}"
            )
        if x.shape[2] != self.input_dim:
            raise ValueError(
                f"{model} expects {self.input_dim} features in the last dimension, "
                f"got {x.shape[2]} in an input of shape {shape}"
            )
        if not x.is_floating_point():
            raise TypeError(f"{model} expects a floating-point input, got {x.dtype}: x.float()")
        check_dtype(x, next(self.parameters()))


class StandardLSTM(SequenceModel):
    """The LSTM with input, forget and output gate.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] without peepholes.
    Parameters are those of [torch.nn.LSTM][], under `lstm.`.

    Papers: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000.

    Examples:
        >>> import torch
        >>> from lstm_variants import StandardLSTM
        >>> StandardLSTM(8, 16)(torch.randn(32, 10, 8)).shape
        torch.Size([32, 10, 16])
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__(input_dim, hidden_dim)
        self.lstm = layers.LSTM(input_dim, hidden_dim, batch_first=True)

    def _outputs(self, x: Tensor) -> Tensor:
        output: Tensor = self.lstm(x)[0]
        return output


class PeepholeLSTM(SequenceModel):
    r"""The notebook's peephole LSTM: the gates also see the cell state.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] with
    `peephole="previous"`: all three gates, the output gate too, look at $c_{t-1}$. There are no
    biases. Parameters, for each gate `i`, `f`, `o` and the candidate `c`: `W_* [D, H]` and
    `U_* [H, H]`, drawn Xavier-uniform, and the peepholes `C_i`, `C_f`, `C_o` `[H]`, zero.

    Paper: Gers, Schraudolph & Schmidhuber 2002.

    Not to be confused with: the paper's own equations, whose output gate looks at the *new* cell
    state $c_t$. With zero peepholes, as at initialisation, the two are the same function.

    Examples:
        >>> import torch
        >>> from lstm_variants import PeepholeLSTM
        >>> model = PeepholeLSTM(8, 16)
        >>> model(torch.randn(32, 10, 8)).shape
        torch.Size([32, 10, 16])
        >>> [name for name, _ in model.named_parameters()][:3]
        ['W_i', 'U_i', 'C_i']
    """

    cell = LSTMCell(peephole="previous")

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__(input_dim, hidden_dim)
        for gate in "ifoc":
            self.register_parameter(f"W_{gate}", nn.Parameter(torch.empty(input_dim, hidden_dim)))
            self.register_parameter(f"U_{gate}", nn.Parameter(torch.empty(hidden_dim, hidden_dim)))
            if gate != "c":
                self.register_parameter(f"C_{gate}", nn.Parameter(torch.empty(hidden_dim)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the matrices anew (Xavier-uniform) and set the peepholes to zero."""
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)

    def weights(self) -> Weights:
        """The parameters as the cell takes them: gates i, f, g, o below one another.

        The notebook multiplies from the right and calls the candidate `c`; the cells multiply from
        the left and call it `g`.
        """

        def stack(kind: str, gates: str) -> Tensor:
            return torch.cat([getattr(self, f"{kind}_{gate}").T for gate in gates])

        return Weights(
            weight_ih=stack("W", "ifco"),
            weight_hh=stack("U", "ifco"),
            weight_ch=torch.cat([getattr(self, f"C_{gate}") for gate in "ifo"]),
        )

    def extra_repr(self) -> str:
        return f"{self.input_dim}, {self.hidden_dim}"

    def _outputs(self, x: Tensor) -> Tensor:
        state = self.cell.initial_state(x, self.hidden_dim)
        output, _ = run(Call(self.cell, x.transpose(0, 1), (self.weights(),), (state,)))
        return output.transpose(0, 1).contiguous()  # as the notebook's, so that view works


class GRU(SequenceModel):
    """The gated recurrent unit: one state, two gates.

    The equations are those of [`GRUCell`][lstm_variants.cells.gru.GRUCell]. Parameters are those
    of [torch.nn.GRU][], under `gru.`.

    Paper: Cho et al. 2014.

    Examples:
        >>> import torch
        >>> from lstm_variants import GRU
        >>> GRU(8, 16)(torch.randn(32, 10, 8)).shape
        torch.Size([32, 10, 16])
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__(input_dim, hidden_dim)
        self.gru = layers.GRU(input_dim, hidden_dim, batch_first=True)

    def _outputs(self, x: Tensor) -> Tensor:
        output: Tensor = self.gru(x)[0]
        return output


class BiLSTM(SequenceModel):
    """Two LSTMs over the same input, one from each end.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] without peepholes,
    with parameters of its own for each direction. Parameters are those of [torch.nn.LSTM][] with
    `bidirectional=True`, under `bilstm.`.

    Papers: Schuster & Paliwal 1997; Graves & Schmidhuber 2005.

    Examples:
        >>> import torch
        >>> from lstm_variants import BiLSTM
        >>> BiLSTM(8, 16)(torch.randn(32, 10, 8)).shape
        torch.Size([32, 10, 32])
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__(input_dim, hidden_dim)
        self.bilstm = layers.LSTM(input_dim, hidden_dim, batch_first=True, bidirectional=True)

    def _outputs(self, x: Tensor) -> Tensor:
        output: Tensor = self.bilstm(x)[0]
        return output
