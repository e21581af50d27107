r"""The gated recurrent unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, sigmoid, tanh
from torch.nn.functional import linear

from lstm_variants.cells.cell import Cell, State, Weights


class GRUState(NamedTuple):
    """State of a GRU.

    Attributes:
        h: Hidden state, memory and output at once, `[B, H]`.
    """

    h: Tensor


@dataclass(frozen=True)
class GRUCell(Cell):
    r"""The gated recurrent unit, with the reset gate after the recurrent product.

    $$
    \begin{aligned}
    r_t &= \sigma(W_r x_t + b_r + U_r h_{t-1} + d_r) \\
    z_t &= \sigma(W_z x_t + b_z + U_z h_{t-1} + d_z) \\
    n_t &= \tanh(W_n x_t + b_n + r_t \odot (U_n h_{t-1} + d_n)) \\
    h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}
    \end{aligned}
    $$

    Paper: Cho et al. 2014, version 1 of the preprint; cuDNN and [torch.nn.GRU][] compute the same.

    Not to be confused with: the GRU of Chung et al. 2014 and of the later versions of Cho et al.,
    which resets *before* the product, $U_n (r_t \odot h_{t-1})$; and the convention of Chung et
    al. in which $z_t$ weighs the candidate instead of the old state.

    Examples:
        A closed update gate (`z = 1`) keeps the old state whatever the input says:

        >>> import torch
        >>> from lstm_variants.cells import GRUCell, GRUState, Weights
        >>> w = Weights(weight_ih=torch.zeros(3, 1), weight_hh=torch.zeros(3, 1))
        >>> GRUCell().step(torch.tensor([[0.0, 100.0, 5.0]]), GRUState(torch.tensor([[0.3]])), w)
        GRUState(h=tensor([[0.3000]]))
    """

    gates = ("r", "z", "n")
    state_type = GRUState

    def step(self, wx: Tensor, state: State, w: Weights) -> GRUState:
        (h,) = state
        wx_r, wx_z, wx_n = wx.chunk(3, dim=-1)
        uh_r, uh_z, uh_n = linear(h, w.weight_hh, w.bias_hh).chunk(3, dim=-1)

        r = sigmoid(wx_r + uh_r)
        z = sigmoid(wx_z + uh_z)
        n = tanh(wx_n + r * uh_n)
        return GRUState((1 - z) * n + z * h)
