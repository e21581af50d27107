"""A cell outside the package: a leaky integrator; v starts at 1."""

# --8<-- [start:cell]
from collections import namedtuple

import torch

from lstm_variants.cells import Block, Cell, Field, Parameter

LeakyState = namedtuple("LeakyState", "h v")
Weights = namedtuple("Weights", "weight_ih slope bias_ih", defaults=[None])


class LeakyCell(Cell):
    r"""A leaky integrator:

    $$ \begin{aligned}
    w_t &= W_w x_t + b_w \\
    k_t &= \sigma(W_k x_t + b_k) \\
    v_t &= k_t \odot v_{t-1} + w_t \\
    h_t &= v_t \odot \sigma(s \odot v_t)
    \end{aligned} $$"""

    blocks = (Block("w", "candidate"), Block("k", "keep"))
    state_type, weights_type = LeakyState, Weights
    state_fields = (Field("h"), Field("v", start=1.0, float32=True))

    def parameters(self, D, H, *, bias=True, proj_size=0):
        rows, names = 2 * H, self.block_names
        s = {"slope": Parameter((H,), "s", init=torch.nn.init.ones_)}
        b = {"bias_ih": Parameter((rows,), "b", names)} if bias else {}
        return {"weight_ih": Parameter((rows, D), "W", names)} | s | b

    def step(self, wx, state, w):
        write, keep = wx.chunk(2, dim=-1)
        v = torch.sigmoid(keep) * state.v + write
        h = (v * torch.sigmoid(w.slope * v)).to(wx.dtype)
        return LeakyState(h, v), {"w": write, "k": torch.sigmoid(keep)}


# --8<-- [end:cell]
