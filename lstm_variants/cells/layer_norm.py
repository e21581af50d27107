r"""The LSTM with layer normalisation."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn, sigmoid, tanh
from torch.nn.functional import layer_norm, linear

from lstm_variants.cells.cell import Block, Cell, Field, Gates, Parameter, State
from lstm_variants.cells.lstm import LSTMState


class LayerNormWeights(NamedTuple):
    """The parameters of a layer-normalised LSTM, in one direction.

    Attributes:
        weight_ih: Input weights, `[4*H, D]`: blocks i, f, g, o as in [torch.nn.LSTM][].
        weight_hh: Recurrent weights, `[4*H, H]`.
        gain_ih: Gain of the normalised input projection, `[4*H]`.
        gain_hh: Gain of the normalised recurrent product, `[4*H]`.
        gain_c: Gain of the normalised cell state, `[H]`.
        bias_ih: Bias of the normalised input projection, `[4*H]`, or `None`.
        bias_hh: Bias of the normalised recurrent product, `[4*H]`, or `None`.
        bias_c: Bias of the normalised cell state, `[H]`, or `None`.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    gain_ih: Tensor
    gain_hh: Tensor
    gain_c: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    bias_c: Tensor | None = None


class LayerNormLSTMCell(Cell):
    r"""The LSTM with layer normalisation of its matrix products and of the cell state's output.

    $$
    \begin{aligned}
    a_t &= \gamma \odot \mathrm{LN}(W x_t) + \alpha \odot \mathrm{LN}(U h_{t-1}) + b \\
    i_t &= \sigma(a_{i,t}) \\
    f_t &= \sigma(a_{f,t}) \\
    g_t &= \tanh(a_{g,t}) \\
    o_t &= \sigma(a_{o,t}) \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
    h_t &= o_t \odot \tanh(\eta \odot \mathrm{LN}(c_t) + \beta)
    \end{aligned}
    $$

    $\mathrm{LN}(v)$ is $v$ minus its mean, divided by its standard deviation, as
    `torch.nn.LayerNorm` computes it, with $10^{-5}$ added to the variance. $W x_t$ and
    $U h_{t-1}$ are normalised as a whole, all four blocks together; $a_{i,t}$ is a block of $a_t$.
    Gains start at 1, biases at 0. In a large layer (H of several hundred) with random weights,
    rounding errors can then grow from step to step; gains of 0.1 prevent that. With `H = 1`,
    $\mathrm{LN}(c)$ is zero.

    Paper: Ba, Kiros & Hinton 2016, where the gains $\alpha, \gamma, \eta$ are
    $\alpha_1, \alpha_2, \alpha_3$, and $b$ is $\beta_1 + \beta_2 + b$. One of these three biases is
    left out here, since their sum is all that matters.

    Not to be confused with: layer normalisation of each block by itself, as in TensorFlow's
    `LayerNormBasicLSTMCell`; nor with a `torch.nn.LayerNorm` between layers, which normalises the
    output and not what is inside the recurrence.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> layer = lv.nn.LayerNormLSTM(8, 16)
        >>> x = 100 * torch.randn(10, 32, 8)  # products are large, compared with the root of 1e-5
        >>> output, _ = layer(x)
        >>> torch.allclose(layer(10 * x)[0], output, atol=1e-3)  # the scale has no influence
        True
    """

    blocks = (
        Block("i", "write"),
        Block("f", "keep"),
        Block("g", "candidate"),
        Block("o", "output"),
    )
    state_type = LSTMState
    state_fields = (Field("h"), Field("c", float32=True))
    weights_type = LayerNormWeights

    def parameters(
        self, D: int, H: int, *, bias: bool = True, proj_size: int = 0
    ) -> dict[str, Parameter]:
        parameters = super().parameters(D, H, bias=bias, proj_size=proj_size)
        rows, names = 4 * H, self.block_names
        parameters |= {
            "gain_ih": Parameter((rows,), r"\gamma", names, init=nn.init.ones_),
            "gain_hh": Parameter((rows,), r"\alpha", names, init=nn.init.ones_),
            "gain_c": Parameter((H,), r"\eta", init=nn.init.ones_),
        }
        if bias:
            for name in ("bias_ih", "bias_hh"):
                parameters[name] = parameters[name]._replace(init=nn.init.zeros_)
            parameters["bias_c"] = Parameter((H,), r"\beta", init=nn.init.zeros_)
        return parameters

    def project(self, x: Tensor, w: Any) -> Tensor:
        return normalised(linear(x, w.weight_ih), w.gain_ih, w.bias_ih)

    def step(
        self, wx: Tensor, state: State, w: Any, h_recurrent: Tensor | None = None
    ) -> tuple[LSTMState, Gates]:
        h, c = state
        h = h if h_recurrent is None else h_recurrent
        a = wx + normalised(linear(h, w.weight_hh), w.gain_hh, w.bias_hh)
        a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), tanh(a_g), sigmoid(a_o)
        c = f * c + i * g
        # The cell state may be float32 in half precision.
        h = o * tanh(normalised(c.to(wx.dtype), w.gain_c, w.bias_c))
        return LSTMState(h, c), {"i": i, "f": f, "g": g, "o": o}


def normalised(v: Tensor, gain: Tensor, bias: Tensor | None) -> Tensor:
    """Layer normalisation of the last dimension."""
    return layer_norm(v, v.shape[-1:], gain, bias)
