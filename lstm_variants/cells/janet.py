r"""JANET: an LSTM with nothing but the forget gate."""

from __future__ import annotations

import math
from numbers import Real

from torch import Tensor, sigmoid, tanh
from torch.nn.functional import linear

from lstm_variants.cells.cell import Block, Cell, Field, Gates, HiddenState, State, Weights


class JANETCell(Cell):
    r"""JANET, "just another network": an LSTM with the forget gate alone.

    $$
    \begin{aligned}
    s_t &= W_f x_t + U_f h_{t-1} + b_f \\
    f_t &= \sigma(s_t) \\
    g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
    h_t &= f_t \odot h_{t-1} + (1 - \sigma(s_t - \beta)) \odot g_t
    \end{aligned}
    $$

    The cell state is the output and has no name of its own.

    Paper: van der Westhuizen & Lasenby 2018, with $g_t$ for the candidate $\tilde{c}_t$, and the
    value $\beta = 1$ of the paper: more is added to the state than is forgotten.

    Not to be confused with: `LSTMCell(coupled=True, output_gate=False, output_activation=False)`,
    which computes the same functions as $\beta = 0$ from the parameters of an input gate, $-W_f$,
    $-U_f$ and $-b_f$; nor with implementations that learn $\beta$, as torchrecurrent does.

    Attributes:
        beta: The shift $\beta$ of the gate that multiplies the candidate.

    Raises:
        ValueError: If `beta` is not a finite number.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import HiddenState, JANETCell, Weights
        >>> w = Weights(weight_ih=torch.zeros(2, 1), weight_hh=torch.zeros(2, 1))
        >>> state = HiddenState(torch.tensor([[0.4]]))
        >>> state, gates = JANETCell(beta=0.0).step(torch.tensor([[0.0, 1.0]]), state, w)
        >>> state  # the mean of 0.4 and tanh(1)
        HiddenState(h=tensor([[0.5808]]))
    """

    beta: float = 1.0

    blocks = (Block("f", "keep"), Block("g", "candidate"))
    state_type = HiddenState
    state_fields = (Field("h", float32=True),)

    def __post_init__(self) -> None:
        if not (isinstance(self.beta, Real) and math.isfinite(self.beta)):
            raise ValueError(f"beta should be a finite number, got {self.beta!r}")
        object.__setattr__(self, "beta", float(self.beta))

    def step(
        self, wx: Tensor, state: State, w: Weights, h_recurrent: Tensor | None = None
    ) -> tuple[HiddenState, Gates]:
        (h,) = state
        h_recurrent = h if h_recurrent is None else h_recurrent
        s, a = (wx + linear(h_recurrent.to(wx.dtype), w.weight_hh, w.bias_hh)).chunk(2, dim=-1)
        f, g = sigmoid(s), tanh(a)
        h = f * h + sigmoid(self.beta - s) * g  # 1 - sigmoid(x) is sigmoid(-x), and exact
        return HiddenState(h), {"f": f, "g": g}
