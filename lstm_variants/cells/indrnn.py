r"""IndRNN: units that are independent of one another."""

from __future__ import annotations

from functools import partial
from typing import Literal

from torch import Tensor, nn, relu, tanh

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


class IndRNNCell(Cell):
    r"""The independently recurrent network: units of a layer are not connected with one another.

    $$
    \begin{aligned}
    h_t &= \mathrm{relu}(W_h x_t + u \odot h_{t-1} + b_h)
    \end{aligned}
    $$

    and with the setting

    | setting | instead |
    |---|---|
    | `nonlinearity="tanh"` | $h_t = \tanh(W_h x_t + u \odot h_{t-1} + b_h)$ |

    `weight_hh` is the vector $u$, `[H]`. It starts uniform in (0, 1); there is one bias, `bias_ih`.

    Paper: Li et al. 2018. It limits $|u|$ to $\sqrt[T]{2}$ for sequences of $T$ time steps, so that
    the influence of an old state and its gradient at most double; to do the same, clip the
    parameter after each update.

    Not to be confused with: [`ElmanCell`][lstm_variants.cells.elman.ElmanCell], whose units all
    depend on one another. The default of torchrecurrent is tanh.

    Attributes:
        nonlinearity: The activation function.

    Raises:
        ValueError: If `nonlinearity` is neither `"relu"` nor `"tanh"`.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import HiddenState, IndRNNCell, Weights
        >>> w = Weights(weight_ih=torch.zeros(2, 1), weight_hh=torch.tensor([1.0, 0.5]))
        >>> state = HiddenState(torch.tensor([[3.0, 4.0]]))
        >>> state, _ = IndRNNCell().step(torch.zeros(1, 2), state, w)
        >>> state
        HiddenState(h=tensor([[3., 2.]]))
    """

    nonlinearity: Literal["relu", "tanh"] = "relu"

    blocks = (Block("h", "candidate"),)
    state_type = HiddenState
    state_fields = (Field("h", float32=True),)

    def __post_init__(self) -> None:
        if self.nonlinearity not in ("relu", "tanh"):
            raise ValueError(f"nonlinearity should be 'relu' or 'tanh', got {self.nonlinearity!r}")

    def parameters(
        self, D: int, H: int, *, bias: bool = True, proj_size: int = 0
    ) -> dict[str, Parameter]:
        parameters = super().parameters(D, H, bias=bias, proj_size=proj_size)
        parameters["weight_hh"] = Parameter((H,), "u", init=partial(nn.init.uniform_, a=0.0, b=1.0))
        parameters.pop("bias_hh", None)
        return parameters

    def step(
        self, wx: Tensor, state: State, w: Weights, h_recurrent: Tensor | None = None
    ) -> tuple[HiddenState, Gates]:
        (h,) = state
        h_recurrent = h if h_recurrent is None else h_recurrent
        activation = {"relu": relu, "tanh": tanh}[self.nonlinearity]
        return HiddenState(activation(wx + w.weight_hh * h_recurrent)), {}
