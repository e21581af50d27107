r"""The sLSTM: an exponential input gate, with a normaliser and a stabiliser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from torch import Tensor, exp, maximum, sigmoid, tanh
from torch.nn.functional import linear, logsigmoid

from lstm_variants.cells.cell import Block, Cell, Field, Gates, State, Weights


class SLSTMState(NamedTuple):
    """State of an sLSTM.

    Attributes:
        h: Hidden state, the output of the step, `[B, H]`.
        c: Cell state, `[B, H]`, divided by exp(m).
        n: Normaliser, the sum of the weights of all candidates in c, `[B, H]`, divided by exp(m).
        m: Stabiliser, the logarithm of what c and n are divided by, `[B, H]`.
    """

    h: Tensor
    c: Tensor
    n: Tensor
    m: Tensor


class SLSTMCell(Cell):
    r"""The sLSTM of xLSTM: an LSTM with an exponential input gate and a normalised cell state.

    $$
    \begin{aligned}
    \tilde{i}_t &= W_i x_t + U_i h_{t-1} + b_i \\
    \tilde{f}_t &= \log \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
    z_t &= \tanh(W_z x_t + U_z h_{t-1} + b_z) \\
    o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) \\
    m_t &= \max(\tilde{f}_t + m_{t-1}, \tilde{i}_t) \\
    i_t &= \exp(\tilde{i}_t - m_t) \\
    f_t &= \exp(\tilde{f}_t + m_{t-1} - m_t) \\
    c_t &= f_t \odot c_{t-1} + i_t \odot z_t \\
    n_t &= f_t \odot n_{t-1} + i_t \\
    h_t &= o_t \odot \frac{c_t}{n_t}
    \end{aligned}
    $$

    and with the setting

    | setting | instead |
    |---|---|
    | `forget_activation="exp"` | $\tilde{f}_t = W_f x_t + U_f h_{t-1} + b_f$ |

    The output is the output gate times a weighted mean of all candidates. The stabiliser $m$ starts
    at minus infinity, and $c$ and $n$ start at zero. A state of zeros is not the initial state:
    after it, the output is NaN if the first input gate underflows to zero. The stabiliser does not
    affect $h$; without it, the gates would be $\exp(\tilde{i}_t)$ and $\exp(\tilde{f}_t)$, which
    overflow.

    Paper: Beck et al. 2024, section 2.2, where $i_t$ and $f_t$ are called $i'_t$ and $f'_t$, and
    $\tilde{f}_t$ is the pre-activation itself. The
    recurrent matrices of the paper are block-diagonal, a block for each head; here there is one
    head, with a full matrix.

    Not to be confused with: the mLSTM of the same paper, whose cell state is a matrix; nor with the
    multiplicative LSTM of Krause et al. 2016, also called mLSTM.

    Attributes:
        forget_activation: The activation function of the forget gate. With `"exp"`, neither gate
            has a role, and [`chrono_`][lstm_variants.nn.init.chrono_] does not apply.

    Raises:
        ValueError: If it is neither `"sigmoid"` nor `"exp"`.

    Examples:
        After the first step, the output is the gated candidate, however small the input gate is:

        >>> import torch
        >>> from lstm_variants.cells import SLSTMCell, Weights
        >>> cell = SLSTMCell()
        >>> w = Weights(weight_ih=torch.zeros(4, 1), weight_hh=torch.zeros(4, 1))
        >>> state = cell.initial_state(torch.zeros(1, 1), hidden_size=1)
        >>> state, gates = cell.step(torch.tensor([[-200.0, 0.0, 1.0, 0.0]]), state, w)
        >>> state.h, state.m  # 0.5 * tanh(1)
        (tensor([[0.3808]]), tensor([[-200.]]))
    """

    forget_activation: Literal["sigmoid", "exp"] = "sigmoid"

    state_type = SLSTMState
    state_fields = (
        Field("h"),
        Field("c", float32=True),
        Field("n", float32=True),
        Field("m", start=-math.inf, float32=True),
    )

    def __post_init__(self) -> None:
        if self.forget_activation not in ("sigmoid", "exp"):
            raise ValueError(
                f"forget_activation should be 'sigmoid' or 'exp', got {self.forget_activation!r}"
            )

    @property
    def blocks(self) -> tuple[Block, ...]:
        # An exponential forget gate has no value that keeps the state: what counts is its ratio to
        # the others.
        is_sigmoid = self.forget_activation == "sigmoid"
        return (
            Block("i", "write" if is_sigmoid else None),
            Block("f", "keep" if is_sigmoid else None),
            Block("z", "candidate"),
            Block("o", "output"),
        )

    @property
    def zoneout_fields(self) -> tuple[str, ...]:
        return ("h",)  # c, n and m have a meaning together only

    def kept_share(self, steps: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> Tensor:
        return steps["f"] * before["n"] / steps["n"]  # of c / n

    def step(
        self, wx: Tensor, state: State, w: Weights, h_recurrent: Tensor | None = None
    ) -> tuple[SLSTMState, Gates]:
        h, c, n, m_old = state
        h = h if h_recurrent is None else h_recurrent
        a_i, a_f, a_z, a_o = (wx + linear(h, w.weight_hh, w.bias_hh)).chunk(4, dim=-1)
        a_i = a_i.to(m_old.dtype)  # the stabiliser may be float32 in half precision
        log_f = logsigmoid(a_f) if self.forget_activation == "sigmoid" else a_f

        m = maximum(log_f + m_old, a_i)
        i, f = exp(a_i - m), exp(log_f + m_old - m)
        z, o = tanh(a_z), sigmoid(a_o)
        c = f * c + i * z
        n = f * n + i
        h = (o * (c / n)).to(wx.dtype)
        return SLSTMState(h, c, n, m), {"i": i, "f": f, "z": z, "o": o}
