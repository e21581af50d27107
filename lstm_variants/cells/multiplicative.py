r"""The multiplicative LSTM."""

from __future__ import annotations

from torch import Tensor, sigmoid, tanh
from torch.nn.functional import linear

from lstm_variants.cells.cell import Block, Cell, Field, Gates, Parameter, State, Weights
from lstm_variants.cells.lstm import LSTMState


class MultiplicativeLSTMCell(Cell):
    r"""The multiplicative LSTM: the recurrent transition depends on the input.

    $$
    \begin{aligned}
    m_t &= (W_m x_t + b_m) \odot (U_m h_{t-1} + d_m) \\
    i_t &= \sigma(W_i x_t + b_i + U_i m_t + d_i) \\
    f_t &= \sigma(W_f x_t + b_f + U_f m_t + d_f) \\
    g_t &= \tanh(W_g x_t + b_g + U_g m_t + d_g) \\
    o_t &= \sigma(W_o x_t + b_o + U_o m_t + d_o) \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
    h_t &= o_t \odot \tanh(c_t)
    \end{aligned}
    $$

    Gates and candidate depend on the intermediate state $m_t$ instead of $h_{t-1}$.

    Paper: Krause et al. 2016, with $g_t$ for $\tanh(\hat{h}_t)$. The paper's equations have no
    biases: `bias=False`. The Chainer code that its authors released has biases of gates and
    candidate, and none in $m_t$.

    Not to be confused with: the mLSTM of Beck et al. 2024, whose cell state is a matrix; and the
    MATLAB code of the authors' first experiments, where the candidate has no activation function
    and $h_t = \tanh(o_t \odot c_t + b)$.

    Examples:
        If a factor of $m_t$ is zero, the old hidden state has no influence:

        >>> import torch
        >>> from lstm_variants.cells import LSTMState, MultiplicativeLSTMCell, Weights
        >>> w = Weights(weight_ih=torch.zeros(5, 1), weight_hh=torch.ones(5, 1))
        >>> state = LSTMState(torch.tensor([[0.7]]), torch.zeros(1, 1))
        >>> cell = MultiplicativeLSTMCell()
        >>> state, gates = cell.step(torch.tensor([[0.0, 0.0, 0.0, 1.0, 0.0]]), state, w)
        >>> state
        LSTMState(h=tensor([[0.1817]]), c=tensor([[0.3808]]))
    """

    blocks = (
        Block("m", None),
        Block("i", "write"),
        Block("f", "keep"),
        Block("g", "candidate"),
        Block("o", "output"),
    )
    state_type = LSTMState
    state_fields = (Field("h"), Field("c", float32=True))

    def parameters(
        self, D: int, H: int, *, bias: bool = True, proj_size: int = 0
    ) -> dict[str, Parameter]:
        parameters = super().parameters(D, H, bias=bias, proj_size=proj_size)
        if bias:  # a factor of m has this bias only
            parameters["bias_hh"] = parameters["bias_hh"]._replace(letter="d")
        return parameters

    def step(
        self, wx: Tensor, state: State, w: Weights, h_recurrent: Tensor | None = None
    ) -> tuple[LSTMState, Gates]:
        h, c = state
        h = h if h_recurrent is None else h_recurrent
        H = h.shape[-1]
        u_m, u = w.weight_hh.split([H, 4 * H])
        d_m, d = w.bias_hh.split([H, 4 * H]) if w.bias_hh is not None else (None, None)
        wx_m, wx = wx.split([H, 4 * H], dim=-1)

        m = wx_m * linear(h, u_m, d_m)
        a_i, a_f, a_g, a_o = (wx + linear(m, u, d)).chunk(4, dim=-1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), tanh(a_g), sigmoid(a_o)
        c = f * c + i * g
        h = (o * tanh(c)).to(wx.dtype)  # the cell state may be float32 in half precision
        return LSTMState(h, c), {"m": m, "i": i, "f": f, "g": g, "o": o}
