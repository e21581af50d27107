r"""The gated recurrent unit."""

from __future__ import annotations

from torch import Tensor, sigmoid, tanh
from torch.nn.functional import linear

from lstm_variants.cells.cell import (
    Block,
    Cell,
    Field,
    Gates,
    HiddenState,
    Parameter,
    State,
    Weights,
)


class GRUCell(Cell):
    r"""The gated recurrent unit, with the reset gate after or before the recurrent product.

    $$
    \begin{aligned}
    r_t &= \sigma(W_r x_t + b_r + U_r h_{t-1} + d_r) \\
    z_t &= \sigma(W_z x_t + b_z + U_z h_{t-1} + d_z) \\
    n_t &= \tanh(W_n x_t + b_n + r_t \odot (U_n h_{t-1} + d_n)) \\
    h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}
    \end{aligned}
    $$

    and with the setting

    | setting | instead |
    |---|---|
    | `reset_after=False` | $n_t = \tanh(W_n x_t + b_n + U_n (r_t \odot h_{t-1}) + d_n)$ |

    Papers: Cho et al. 2014, in whose first version, by the documentation of Keras, the reset gate
    is applied after the product, as in cuDNN and [torch.nn.GRU][]; Chung et al. 2014, where it is
    applied before.

    Not to be confused with: the GRU of the other setting. `reset_after=True` is the default here,
    in Keras and in Flax; `reset_after=False` is the default of ONNX (`linear_before_reset=0`). In
    the convention of Chung et al., $z_t$ multiplies the candidate instead of the old state.

    Attributes:
        reset_after: Whether the reset gate is applied to the recurrent product, or else to the
            hidden state before the product.

    Raises:
        TypeError: If `reset_after` is not a bool.

    Examples:
        An update gate of `z = 1` keeps the old state for any input:

        >>> import torch
        >>> from lstm_variants.cells import GRUCell, HiddenState, Weights
        >>> w = Weights(weight_ih=torch.zeros(3, 1), weight_hh=torch.zeros(3, 1))
        >>> state = HiddenState(torch.tensor([[0.3]]))
        >>> state, gates = GRUCell().step(torch.tensor([[0.0, 100.0, 5.0]]), state, w)
        >>> state
        HiddenState(h=tensor([[0.3000]]))
    """

    reset_after: bool = True

    blocks = (Block("r", "reset"), Block("z", "keep"), Block("n", "candidate"))
    state_type = HiddenState
    state_fields = (Field("h"),)

    def __post_init__(self) -> None:
        if not isinstance(self.reset_after, bool):
            raise TypeError(f"reset_after should be True or False, got {self.reset_after!r}")

    def parameters(
        self, D: int, H: int, *, bias: bool = True, proj_size: int = 0
    ) -> dict[str, Parameter]:
        parameters = super().parameters(D, H, bias=bias, proj_size=proj_size)
        if bias:  # the reset gate is applied to this bias only
            parameters["bias_hh"] = parameters["bias_hh"]._replace(letter="d")
        return parameters

    def step(
        self, wx: Tensor, state: State, w: Weights, h_recurrent: Tensor | None = None
    ) -> tuple[HiddenState, Gates]:
        (h,) = state
        h_recurrent = h if h_recurrent is None else h_recurrent
        wx_r, wx_z, wx_n = wx.chunk(3, dim=-1)
        u_r, u_z, u_n = w.weight_hh.chunk(3)
        d_r, d_z, d_n = w.bias_hh.chunk(3) if w.bias_hh is not None else (None, None, None)

        r = sigmoid(wx_r + linear(h_recurrent, u_r, d_r))
        z = sigmoid(wx_z + linear(h_recurrent, u_z, d_z))
        if self.reset_after:
            n = tanh(wx_n + r * linear(h_recurrent, u_n, d_n))
        else:
            n = tanh(wx_n + linear(r * h_recurrent, u_n, d_n))
        h = (1 - z) * n + z * h
        return HiddenState(h), {"r": r, "z": z, "n": n}
