r"""The minimal gated unit: a GRU with one gate."""

from __future__ import annotations

from torch import Tensor, sigmoid, tanh
from torch.nn.functional import linear

from lstm_variants.cells.cell import Block, Cell, Field, Gates, HiddenState, State, Weights


class MGUCell(Cell):
    r"""The minimal gated unit: one gate, both reset gate and update gate.

    $$
    \begin{aligned}
    f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
    n_t &= \tanh(W_n x_t + U_n (f_t \odot h_{t-1}) + b_n) \\
    h_t &= (1 - f_t) \odot h_{t-1} + f_t \odot n_t
    \end{aligned}
    $$

    Paper: Zhou et al. 2016, with $n_t$ for the candidate $\tilde{h}_t$.

    Not to be confused with: a GRU. Its corresponding gate, $z_t$, keeps the old state where it is
    1; the paper's $f_t$, called forget gate, replaces the old state where it is 1.

    Examples:
        A gate of `f = 1` replaces the old state by the candidate, here tanh(1):

        >>> import torch
        >>> from lstm_variants.cells import HiddenState, MGUCell, Weights
        >>> w = Weights(weight_ih=torch.zeros(2, 1), weight_hh=torch.zeros(2, 1))
        >>> state = HiddenState(torch.tensor([[0.3]]))
        >>> state, gates = MGUCell().step(torch.tensor([[100.0, 1.0]]), state, w)
        >>> state
        HiddenState(h=tensor([[0.7616]]))
    """

    blocks = (Block("f", "write"), Block("n", "candidate"))
    state_type = HiddenState
    state_fields = (Field("h"),)

    def step(
        self, wx: Tensor, state: State, w: Weights, h_recurrent: Tensor | None = None
    ) -> tuple[HiddenState, Gates]:
        (h,) = state
        h_recurrent = h if h_recurrent is None else h_recurrent
        wx_f, wx_n = wx.chunk(2, dim=-1)
        u_f, u_n = w.weight_hh.chunk(2)
        b_f, b_n = w.bias_hh.chunk(2) if w.bias_hh is not None else (None, None)

        f = sigmoid(wx_f + linear(h_recurrent, u_f, b_f))
        n = tanh(wx_n + linear(f * h_recurrent, u_n, b_n))
        h = (1 - f) * h + f * n
        return HiddenState(h), {"f": f, "n": n}
