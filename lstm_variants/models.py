r"""The notebook's four sequence models.

Each has the constructor `(input_dim, hidden_dim)`, takes a batch of sequences `[B, T, input_dim]`
and returns only the hidden states of all time steps. Parameter names, shapes, initialisation and
equations are those of the teaching notebook, so a `state_dict` saved there can be loaded here and
gives the same outputs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from lstm_variants import nn as layers
from lstm_variants.cells import LSTMCell, Weights
from lstm_variants.kernels import Call, initial_states, run
from lstm_variants.nn.arguments import check_dtype, check_layout

__all__ = ["GRU", "BiLSTM", "PeepholeLSTM", "SequenceModel", "StandardLSTM"]


class SequenceModel(nn.Module, ABC):
    """Base class of the four models: constructor, argument checks and `forward`."""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        """Create the model and initialise its parameters.

        Args:
            input_dim: Number of features of one time step, `D`.
            hidden_dim: Hidden size of each direction, `H`.

        Raises:
            TypeError: If a size is not an integer.
            ValueError: If a size is not positive.
        """
        super().__init__()
        for name, size in (("input_dim", input_dim), ("hidden_dim", hidden_dim)):
            if isinstance(size, bool) or not isinstance(size, int):
                raise TypeError(
                    f"{name} should be of type int and positive, "
                    f"got {size!r} of type {type(size).__name__}"
                )
            if size <= 0:
                raise ValueError(f"{name} should be a positive integer, got {size}")
        self.input_dim = input_dim
        self.hidden_dim = hidden_dim

    @abstractmethod
    def _outputs(self, x: Tensor) -> Tensor:
        """Compute the hidden states of all time steps for a checked input."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply the model to a batch of sequences.

        Args:
            x: Input, `[B, T, D]`.

        Returns:
            The hidden states of all time steps, `[B, T, H]`; `[B, T, 2*H]` for two directions,
            forward first.

        Raises:
            TypeError: If `x` is not a floating-point tensor.
            ValueError: If the shape of `x` is not `[B, T, D]`, or its dtype differs from that of
                the parameters.
        """
        self._check(x)
        return self._outputs(x)

    def _check(self, x: Tensor) -> None:
        model = type(self).__name__
        if not isinstance(x, Tensor):
            raise TypeError(f"{model} expects a torch.Tensor, got {type(x).__name__}")
        check_layout(f"the input of {model}", x)
        shape = list(x.shape)
        if x.dim() != 3:
            hint = "; for a single sequence, use x.unsqueeze(0)" if x.dim() == 2 else ""
            raise ValueError(
                f"{model} expects a 3-D input [batch, time, {self.input_dim}], "
                f"got a {x.dim()}-D input of shape {shape}{hint}"
            )
        if x.shape[2] != self.input_dim:
            raise ValueError(
                f"{model} expects {self.input_dim} features in the last dimension, "
                f"got {x.shape[2]} in an input of shape {shape}"
            )
        if not x.is_floating_point():
            raise TypeError(
                f"{model} expects a floating-point input, got {x.dtype}: convert it with x.float()"
            )


class StandardLSTM(SequenceModel):
    """Standard LSTM with input, forget and output gates.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] without peepholes.
    Parameters are those of [torch.nn.LSTM][], with the prefix `lstm.`.

    Papers: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> lv.models.StandardLSTM(8, 16)(torch.randn(32, 10, 8)).shape
        torch.Size([32, 10, 16])
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__(input_dim, hidden_dim)
        self.lstm = layers.LSTM(input_dim, hidden_dim, batch_first=True)

    def _outputs(self, x: Tensor) -> Tensor:
        output: Tensor = self.lstm(x)[0]
        return output


class PeepholeLSTM(SequenceModel):
    r"""The notebook's LSTM with peephole connections from the cell state to the gates.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] with
    `peephole="previous"`: all three gates, including the output gate, depend on $c_{t-1}$. There
    are no biases. The parameters of each gate `i`, `f`, `o` and of the candidate `c` are `W_*`,
    `[D, H]`, and `U_*`, `[H, H]`, initialised Xavier-uniform. The peephole weights `C_i`, `C_f` and
    `C_o`, `[H]`, are initialised to zero.

    Paper: Gers, Schraudolph & Schmidhuber 2002.

    Not to be confused with: the equations of the paper, in which the output gate depends on the
    *new* cell state $c_t$, and its networks, whose candidate and cell output have no activation
    function. With zero peephole weights, as at initialisation, both output gates are the same.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> model = lv.models.PeepholeLSTM(8, 16)
        >>> model(torch.randn(32, 10, 8)).shape
        torch.Size([32, 10, 16])
        >>> [name for name, _ in model.named_parameters()][:3]
        ['W_i', 'U_i', 'C_i']
    """

    cell = LSTMCell(peephole="previous")

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__(input_dim, hidden_dim)
        shapes = {
            "W": (input_dim, hidden_dim),
            "U": (hidden_dim, hidden_dim),
            "C": (hidden_dim,),
        }
        for name in ["W_i", "U_i", "C_i", "W_f", "U_f", "C_f", "W_o", "U_o", "C_o", "W_c", "U_c"]:
            self.register_parameter(name, nn.Parameter(torch.empty(shapes[name[0]])))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise the matrices (Xavier-uniform) and set the peephole weights to zero."""
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)

    def weights(self) -> Weights:
        """Convert the parameters to the layout of the cell: row blocks i, f, g, o.

        The notebook's matrices are the transposes of the cell's, and its candidate `c` is the
        cell's `g`.
        """

        def stack(kind: str, blocks: str) -> Tensor:
            return torch.cat([getattr(self, f"{kind}_{block}").T for block in blocks])

        return Weights(
            weight_ih=stack("W", "ifco"),
            weight_hh=stack("U", "ifco"),
            weight_ch=torch.cat([getattr(self, f"C_{gate}") for gate in "ifo"]),
        )

    def extra_repr(self) -> str:
        return f"{self.input_dim}, {self.hidden_dim}"

    def _outputs(self, x: Tensor) -> Tensor:
        weights = self.weights()
        check_dtype(x, weights.weight_ih)
        x = x.transpose(0, 1)
        states = initial_states(self.cell, x, 1, self.hidden_dim)
        output, _ = run(Call(self.cell, x, (weights,), states))
        return output.transpose(0, 1).contiguous()  # as in the notebook: view works


class GRU(SequenceModel):
    """Gated recurrent unit (GRU): two gates, no cell state.

    The equations are those of [`GRUCell`][lstm_variants.cells.gru.GRUCell]. Parameters are those
    of [torch.nn.GRU][], with the prefix `gru.`.

    Not to be confused with [`nn.GRU`][lstm_variants.nn.GRU], the drop-in replacement for torch's,
    which takes all of its arguments and returns the final state too. This one is batch first.

    Paper: Cho et al. 2014.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> lv.models.GRU(8, 16)(torch.randn(32, 10, 8)).shape
        torch.Size([32, 10, 16])
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__(input_dim, hidden_dim)
        self.gru = layers.GRU(input_dim, hidden_dim, batch_first=True)

    def _outputs(self, x: Tensor) -> Tensor:
        output: Tensor = self.gru(x)[0]
        return output


class BiLSTM(SequenceModel):
    """Bidirectional LSTM: two LSTMs over the same input, one in each direction.

    The equations are those of [`LSTMCell`][lstm_variants.cells.lstm.LSTMCell] without peepholes,
    with separate parameters for each direction. Parameters are those of [torch.nn.LSTM][] with
    `bidirectional=True`, with the prefix `bilstm.`.

    Papers: Schuster & Paliwal 1997; Graves & Schmidhuber 2005.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> lv.models.BiLSTM(8, 16)(torch.randn(32, 10, 8)).shape
        torch.Size([32, 10, 32])
    """

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__(input_dim, hidden_dim)
        self.bilstm = layers.LSTM(input_dim, hidden_dim, batch_first=True, bidirectional=True)

    def _outputs(self, x: Tensor) -> Tensor:
        output: Tensor = self.bilstm(x)[0]
        return output
