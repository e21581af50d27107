r"""Minimal recurrences, whose gates depend on the input alone.

Given the inputs, they are linear in the state. The paper trains them with a parallel scan over
time; here they are computed one time step after the other, as all cells are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor, sigmoid
from torch.nn.functional import logsigmoid

from lstm_variants.cells.cell import Block, Cell, Field, Gates, HiddenState, Parameter, State


class InputWeights(NamedTuple):
    """The parameters of a layer without recurrent weights, in one direction.

    Attributes:
        weight_ih: Input weights, `[G*H, D]`.
        bias_ih: Input bias, `[G*H]`, or `None`.
    """

    weight_ih: Tensor
    bias_ih: Tensor | None = None


class MinimalCell(Cell):
    """A cell without recurrent weights and with one bias; its output is its state."""

    weights_type = InputWeights
    state_type = HiddenState
    state_fields = (Field("h", float32=True),)

    def parameters(
        self, D: int, H: int, *, bias: bool = True, proj_size: int = 0
    ) -> dict[str, Parameter]:
        parameters = super().parameters(D, H, bias=bias, proj_size=proj_size)
        return {name: parameters[name] for name in InputWeights._fields if name in parameters}


class MinGRUCell(MinimalCell):
    r"""The minGRU: a GRU whose gate and candidate depend on the input alone.

    $$
    \begin{aligned}
    z_t &= \sigma(W_z x_t + b_z) \\
    n_t &= W_n x_t + b_n \\
    h_t &= (1 - z_t) \odot h_{t-1} + z_t \odot n_t
    \end{aligned}
    $$

    Paper: Feng et al. 2024, section 3.1, with $n_t$ for the candidate $\tilde{h}_t$.

    Not to be confused with: the form in log space of the paper's appendix, whose candidate is
    always positive; and a GRU, where $z = 1$ keeps the old state and does not replace it.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import HiddenState, InputWeights, MinGRUCell
        >>> state = HiddenState(torch.tensor([[1.0]]))
        >>> w = InputWeights(weight_ih=torch.zeros(2, 1))
        >>> state, gates = MinGRUCell().step(torch.tensor([[0.0, 3.0]]), state, w)
        >>> state  # the mean of 1 and 3
        HiddenState(h=tensor([[2.]]))
    """

    blocks = (Block("z", "write"), Block("n", "candidate"))

    def step(self, wx: Tensor, state: State, w: Any) -> tuple[HiddenState, Gates]:
        (h,) = state
        a_z, n = wx.chunk(2, dim=-1)
        z = sigmoid(a_z)
        return HiddenState((1 - z) * h + z * n), {"z": z, "n": n}


class MinLSTMCell(MinimalCell):
    r"""The minLSTM: an LSTM whose gates and candidate depend on the input alone.

    $$
    \begin{aligned}
    f_t &= \sigma(W_f x_t + b_f) \\
    i_t &= \sigma(W_i x_t + b_i) \\
    n_t &= W_n x_t + b_n \\
    h_t &= \frac{f_t}{f_t + i_t} \odot h_{t-1} + \frac{i_t}{f_t + i_t} \odot n_t
    \end{aligned}
    $$

    The two gates are divided by their sum, so that the new state is a weighted mean of the
    old state and the candidate.

    In a [trace][lstm_variants.traces.trace], time constants are NaN where both gates underflow to
    zero.

    Paper: Feng et al. 2024, section 3.2, with $n_t$ for the candidate $\tilde{h}_t$.

    Not to be confused with: the form in log space of the paper's appendix, whose candidate is
    always positive; and an LSTM, which has an output gate and an output apart from its cell state.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import HiddenState, InputWeights, MinLSTMCell
        >>> state = HiddenState(torch.tensor([[1.0]]))
        >>> w = InputWeights(weight_ih=torch.zeros(3, 1))
        >>> state, gates = MinLSTMCell().step(torch.tensor([[-9.0, -9.0, 3.0]]), state, w)
        >>> state  # gates are small, but equal
        HiddenState(h=tensor([[2.]]))
    """

    blocks = (Block("f", "keep"), Block("i", "write"), Block("n", "candidate"))

    def kept_share(self, steps: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> Tensor:
        return steps["f"] / (steps["f"] + steps["i"])

    def step(self, wx: Tensor, state: State, w: Any) -> tuple[HiddenState, Gates]:
        (h,) = state
        a_f, a_i, n = wx.chunk(3, dim=-1)
        # f / (f + i) by the logarithms of the gates: both may be too small for a number.
        keep = sigmoid(logsigmoid(a_f) - logsigmoid(a_i))
        return HiddenState(keep * h + (1 - keep) * n), {
            "f": sigmoid(a_f),
            "i": sigmoid(a_i),
            "n": n,
        }
