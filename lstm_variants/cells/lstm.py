r"""The long short-term memory, with and without peepholes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor, sigmoid, tanh
from torch.nn.functional import linear

from lstm_variants.cells.cell import Cell, State, Weights


class LSTMState(NamedTuple):
    """State of an LSTM.

    Attributes:
        h: Hidden state, the output of the step, `[B, H]`.
        c: Cell state, the memory, `[B, H]`.
    """

    h: Tensor
    c: Tensor


@dataclass(frozen=True)
class LSTMCell(Cell):
    r"""The LSTM family as one specification.

    With $c^\ast = c_t$ for `peephole="current"`, $c^\ast = c_{t-1}$ for `"previous"`, and all
    $p = 0$ for `None`:

    $$
    \begin{aligned}
    i_t &= \sigma(W_i x_t + U_i h_{t-1} + p_i \odot c_{t-1} + b_i) \\
    f_t &= \sigma(W_f x_t + U_f h_{t-1} + p_f \odot c_{t-1} + b_f) \\
    g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
    o_t &= \sigma(W_o x_t + U_o h_{t-1} + p_o \odot c^\ast + b_o) \\
    h_t &= o_t \odot \tanh(c_t)
    \end{aligned}
    $$

    Papers: Hochreiter & Schmidhuber 1997 (input and output gate), Gers, Schmidhuber & Cummins 2000
    (forget gate), Gers, Schraudolph & Schmidhuber 2002 (peepholes).

    Not to be confused with: the peephole LSTM of teaching code, whose output gate looks at the
    *previous* cell state (`peephole="previous"`). Gers et al., ONNX, TensorFlow and oneDNN let it
    look at the new one (`peephole="current"`). With $p_o = 0$ the two are the same function.

    Attributes:
        peephole: Whether gates see the cell state, and which one the output gate sees.

    Examples:
        One step from zeros, where only the input gate, the candidate and the output gate count:

        >>> import torch
        >>> from lstm_variants.cells import LSTMCell, Weights
        >>> cell = LSTMCell()
        >>> w = Weights(weight_ih=torch.zeros(4, 1), weight_hh=torch.zeros(4, 1))
        >>> state = cell.initial_state(torch.zeros(1, 1), hidden_size=1)
        >>> cell.step(torch.tensor([[0.0, 0.0, 1.0, 0.0]]), state, w)  # 0.5 * tanh(1)
        LSTMState(h=tensor([[0.1817]]), c=tensor([[0.3808]]))
    """

    peephole: Literal["current", "previous"] | None = None

    gates = ("i", "f", "g", "o")
    state_type = LSTMState

    @property
    def peepholes(self) -> tuple[str, ...]:
        return ("i", "f", "o") if self.peephole else ()

    def step(self, wx: Tensor, state: State, w: Weights) -> LSTMState:
        h, c_old = state
        i, f, g, o = (wx + linear(h, w.weight_hh, w.bias_hh)).chunk(4, dim=-1)
        p_i, p_f, p_o = w.weight_ch.chunk(3) if w.weight_ch is not None else (None, None, None)

        i = sigmoid(peep(i, p_i, c_old))
        f = sigmoid(peep(f, p_f, c_old))
        c = f * c_old + i * tanh(g)
        o = sigmoid(peep(o, p_o, c if self.peephole == "current" else c_old))
        return LSTMState(o * tanh(c), c)


def peep(gate: Tensor, p: Tensor | None, c: Tensor) -> Tensor:
    """A gate's pre-activation with its peephole, if it has one, at the cell state `c`."""
    return gate if p is None else gate + p * c
