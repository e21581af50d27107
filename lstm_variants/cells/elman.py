r"""The simple recurrent network, without gates."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, relu, tanh
from torch.nn.functional import linear

from lstm_variants.cells.cell import Block, Cell, Field, Gates, HiddenState, State, Weights


class ElmanCell(Cell):
    r"""The simple recurrent network: no gates.

    $$
    \begin{aligned}
    h_t &= \tanh(W_h x_t + U_h h_{t-1} + b_h)
    \end{aligned}
    $$

    and with the setting

    | setting | instead |
    |---|---|
    | `nonlinearity="relu"` | $h_t = \mathrm{relu}(W_h x_t + U_h h_{t-1} + b_h)$ |

    Paper: Elman 1990, with the hyperbolic tangent instead of the logistic function, as in
    [torch.nn.RNN][].

    Not to be confused with: the network of Jordan 1986, whose recurrent connections start at its
    output layer.

    Attributes:
        nonlinearity: The activation function.

    Raises:
        ValueError: If `nonlinearity` is not one of its values.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import ElmanCell, HiddenState, Weights
        >>> w = Weights(weight_ih=torch.zeros(1, 1), weight_hh=torch.ones(1, 1))
        >>> state = HiddenState(torch.tensor([[0.5]]))
        >>> state, _ = ElmanCell().step(torch.tensor([[0.5]]), state, w)  # tanh(1)
        >>> state
        HiddenState(h=tensor([[0.7616]]))
    """

    nonlinearity: Literal["tanh", "relu"] = "tanh"

    blocks = (Block("h", "candidate"),)
    state_type = HiddenState
    state_fields = (Field("h"),)

    def __post_init__(self) -> None:
        if self.nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity {self.nonlinearity!r}. Select from 'tanh' or 'relu'."
            )

    def step(
        self, wx: Tensor, state: State, w: Weights, h_recurrent: Tensor | None = None
    ) -> tuple[HiddenState, Gates]:
        (h,) = state
        h_recurrent = h if h_recurrent is None else h_recurrent
        activation = {"tanh": tanh, "relu": relu}[self.nonlinearity]
        return HiddenState(activation(wx + linear(h_recurrent, w.weight_hh, w.bias_hh))), {}
