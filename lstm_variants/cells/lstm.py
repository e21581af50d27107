r"""The LSTM (long short-term memory) with peepholes, coupled gates and published ablations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, NamedTuple

from torch import Tensor, cat, ones_like, sigmoid, tanh
from torch.nn.functional import linear

from lstm_variants.cells.cell import Block, Cell, Field, Gates, Parameter, State, Weights


class LSTMState(NamedTuple):
    """State of an LSTM.

    Attributes:
        h: Hidden state, the output of the step, `[B, H]`; `[B, P]` if projected.
        c: Cell state, `[B, H]`.
    """

    h: Tensor
    c: Tensor


class GateRecurrentState(NamedTuple):
    """State of an LSTM with full gate recurrence.

    Attributes:
        h: Hidden state, the output of the step, `[B, H]`; `[B, P]` if projected.
        c: Cell state, `[B, H]`.
        i: Input gate, `[B, H]`.
        f: Forget gate, `[B, H]`.
        o: Output gate, `[B, H]`.
    """

    h: Tensor
    c: Tensor
    i: Tensor
    f: Tensor
    o: Tensor


INPUT, FORGET = Block("i", "write"), Block("f", "keep")
CANDIDATE, OUTPUT = Block("g", "candidate"), Block("o", "output")
STATE = Field("h"), Field("c", float32=True)
STATE_AND_GATES = *STATE, *(Field(name, float32=True) for name in ("i", "f", "o"))


class LSTMCell(Cell):
    r"""The LSTM family as one specification: with peepholes here, without them by default.

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

    and with each setting (names of the ablations as in Greff et al.)

    | setting | instead | name |
    |---|---|---|
    | `peephole="current"` | $c^\ast = c_t$ | |
    | `peephole="previous"` | $c^\ast = c_{t-1}$ | |
    | `peephole=None` | $p = 0$ | NP |
    | `input_gate=False` | $i_t = 1$ | NIG |
    | `forget_gate=False` | $f_t = 1$ | NFG |
    | `output_gate=False` | $o_t = 1$ | NOG |
    | `input_activation=False` | $g_t = W_g x_t + U_g h_{t-1} + b_g$ | NIAF |
    | `output_activation=False` | $\tanh(c_t) \to c_t$ | NOAF |
    | `coupled=True` | $f_t = 1 - i_t$ | CIFG, with peepholes |

    With `gate_recurrence=True`, full gate recurrence (FGR), each gate also depends on the three
    gates of the previous time step:

    $$
    \begin{aligned}
    i_t &= \sigma(W_i x_t + U_i h_{t-1} + p_i \odot c_{t-1} + R_i (i, f, o)_{t-1} + b_i) \\
    f_t &= \sigma(W_f x_t + U_f h_{t-1} + p_f \odot c_{t-1} + R_f (i, f, o)_{t-1} + b_f) \\
    o_t &= \sigma(W_o x_t + U_o h_{t-1} + p_o \odot c^\ast + R_o (i, f, o)_{t-1} + b_o)
    \end{aligned}
    $$

    With a projection, `proj_size > 0`:

    $$
    \begin{aligned}
    h_t &= W_{hr} (o_t \odot \tanh(c_t))
    \end{aligned}
    $$

    Papers: Hochreiter & Schmidhuber 1997 (input and output gate), Gers, Schmidhuber & Cummins 2000
    (forget gate), Gers, Schraudolph & Schmidhuber 2002 (peepholes), Sak, Senior & Beaufays 2014
    (projection), Greff et al. 2017 (ablations).

    Not to be confused with: the peephole LSTM of teaching code, whose output gate depends on the
    *previous* cell state (`peephole="previous"`). In Gers, Schraudolph & Schmidhuber, ONNX,
    TensorFlow and oneDNN it depends on the new one (`peephole="current"`). With $p_o = 0$ the two
    are the same function. In the first two papers, 2 tanh(x/2) takes the place of tanh for the
    candidate, and tanh(x/2) for the output. The networks of Gers, Schraudolph & Schmidhuber have no
    activation function for the candidate and the output (`input_activation=False,
    output_activation=False`). Nor with the coupling $i_t = 1 - f_t$ of TensorFlow Lite, which
    computes the same functions from the weights of the forget gate.

    Attributes:
        peephole: Whether gates depend on the cell state, and whether the output gate depends on the
            current or the previous one.
        coupled: Whether input and forget gate are coupled: f = 1 - i.
        input_gate: Whether there is an input gate; if not, i = 1.
        forget_gate: Whether there is a forget gate; if not, f = 1.
        output_gate: Whether there is an output gate; if not, o = 1.
        input_activation: Whether the candidate has an activation function.
        output_activation: Whether an activation function is applied to the cell state for the
            output.
        gate_recurrence: Whether gates depend on the gates of the previous time step.

    Raises:
        TypeError: If a setting other than `peephole` is not a bool.
        ValueError: If `peephole` is not one of its values, or settings contradict each other.

    Examples:
        One step from zeros: `c = 0.5 * tanh(1)` and `h = 0.5 * tanh(c)`.

        >>> import torch
        >>> from lstm_variants.cells import LSTMCell, Weights
        >>> cell = LSTMCell()
        >>> w = Weights(weight_ih=torch.zeros(4, 1), weight_hh=torch.zeros(4, 1))
        >>> state = cell.initial_state(torch.zeros(1, 1), hidden_size=1)
        >>> state, gates = cell.step(torch.tensor([[0.0, 0.0, 1.0, 0.0]]), state, w)
        >>> state
        LSTMState(h=tensor([[0.1817]]), c=tensor([[0.3808]]))
        >>> gates["f"]
        tensor([[0.5000]])
    """

    peephole: Literal["current", "previous"] | None = None
    coupled: bool = False
    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    input_activation: bool = True
    output_activation: bool = True
    gate_recurrence: bool = False

    projects = True

    def __post_init__(self) -> None:
        if self.peephole not in ("current", "previous", None):
            raise ValueError(
                f"peephole should be 'current', 'previous' or None, got {self.peephole!r} "
                "(sizes are arguments of layers, as lstm_variants.nn.LSTM)"
            )
        for field in fields(LSTMCell):  # and not those of a subclass
            value = getattr(self, field.name)
            if field.name != "peephole" and not isinstance(value, bool):
                raise TypeError(f"{field.name} should be True or False, got {value!r}")
        if self.coupled and not (self.input_gate and self.forget_gate):
            raise ValueError("coupled gates need input_gate and forget_gate: f = 1 - i")
        if self.gate_recurrence and self.block_names != ("i", "f", "g", "o"):
            raise ValueError("gate_recurrence needs all three gates, uncoupled")

    @property
    def blocks(self) -> tuple[Block, ...]:
        # Every call reads them: constants take less time than a loop.
        has_forget_gate = self.forget_gate and not self.coupled
        return (
            *((INPUT,) if self.input_gate else ()),
            *((FORGET,) if has_forget_gate else ()),
            CANDIDATE,
            *((OUTPUT,) if self.output_gate else ()),
        )

    @property
    def state_type(self) -> Any:
        return GateRecurrentState if self.gate_recurrence else LSTMState

    @property
    def state_fields(self) -> tuple[Field, ...]:
        return STATE_AND_GATES if self.gate_recurrence else STATE

    @property
    def peepholes(self) -> tuple[str, ...]:
        return tuple(name for name in self.block_names if name != "g") if self.peephole else ()

    def kept_share(self, steps: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> Tensor:
        return steps["f"] if "f" in steps else ones_like(steps["c"])

    def parameters(
        self, D: int, H: int, *, bias: bool = True, proj_size: int = 0
    ) -> dict[str, Parameter]:
        parameters = super().parameters(D, H, bias=bias, proj_size=proj_size)
        if self.gate_recurrence:
            parameters["weight_gh"] = Parameter((3 * H, 3 * H), "R", ("i", "f", "o"))
        return parameters

    def step(
        self, wx: Tensor, state: State, w: Weights, h_recurrent: Tensor | None = None
    ) -> tuple[State, Gates]:
        h, c_old, *q = state
        h = h if h_recurrent is None else h_recurrent
        a = split(wx + linear(h, w.weight_hh, w.bias_hh), self.block_names)
        p = split(w.weight_ch, self.peepholes)
        if w.weight_gh is not None:
            r = split(linear(cat(q, dim=-1).to(wx.dtype), w.weight_gh), ("i", "f", "o"))
            a |= {k: a[k] + r[k] for k in r}

        def gate(k: str, c: Tensor) -> Tensor | float:
            if k not in a:
                return 1.0
            return sigmoid(a[k] + p[k] * c if k in p else a[k])

        i = gate("i", c_old)
        f = 1 - i if self.coupled else gate("f", c_old)
        g = tanh(a["g"]) if self.input_activation else a["g"]
        c = f * c_old + i * g
        o = gate("o", c if self.peephole == "current" else c_old)
        h = o * (tanh(c) if self.output_activation else c)

        h = h.to(wx.dtype)  # the cell state may be float32 in half precision
        if w.weight_hr is not None:
            h = linear(h, w.weight_hr)
        state_after: State = self.state_type(h, c, *((i, f, o) if self.gate_recurrence else ()))
        gates = {"i": i, "f": f, "g": g, "o": o}
        return state_after, {k: v for k, v in gates.items() if isinstance(v, Tensor)}


def split(rows: Tensor | None, names: tuple[str, ...]) -> dict[str, Tensor]:
    """The blocks of a stacked tensor by name; empty if there is no tensor."""
    return {} if rows is None else dict(zip(names, rows.chunk(len(names), dim=-1), strict=True))
