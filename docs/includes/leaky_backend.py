"""A backend outside the package: both passes of the leaky integrator."""

# --8<-- [start:backend]
import torch
from leaky_cell import LeakyCell
from torch.nn.functional import linear

from lstm_variants.kernels import FusedBackend, signature_of


class LeakyBackend(FusedBackend):
    """The passes of a leaky integrator, without lengths and resets."""

    name, device, dtypes = "leaky", "cpu", (torch.float64,)

    def unsupported_reason(self, call):
        if call.lengths is not None or call.resets is not None:
            return "written without lengths and resets"
        return super().unsupported_reason(call)

    def kernel_name(self, cell):
        return "LeakyCell()" if type(cell) is LeakyCell else None

    def signature(self, name):
        known = name == "LeakyCell()"
        return signature_of(LeakyCell()) if known else None

    def saved_shapes(self, call):
        T, B, _ = call.x.shape
        return [(T, B, call.hidden_size)] * call.directions  # of v

    def forward(self, call, output, last, saved):
        H, T = call.hidden_size, len(call.x)
        for k, w in enumerate(call.weights):  # k = 0: forward in time
            wx = linear(call.x, w.weight_ih, w.bias_ih)
            write, keep = wx.chunk(2, -1)
            h, v = output[..., k * H : (k + 1) * H], call.states.v[k]
            for t in range(T) if k == 0 else reversed(range(T)):
                v = keep[t].sigmoid() * v + write[t]
                h[t] = v * (w.slope * v).sigmoid()
                if saved:
                    saved[k][t] = v
            last.h[k] = h[t]
            last.v[k] = v

    def backward(self, call, output, saved, d_output, d_last, d_inputs):
        H, T = call.hidden_size, len(call.x)
        d_x = torch.zeros_like(call.x)
        for k, w in enumerate(call.weights):
            first, slope = call.states.v[k], w.slope
            steps = range(T) if k == 0 else range(T - 1, -1, -1)
            wx = linear(call.x, w.weight_ih, w.bias_ih)
            keep = wx.chunk(2, -1)[1].sigmoid()
            d_h_n, d_v = d_last  # None where a result was not used
            d_v = torch.zeros_like(first) if d_v is None else d_v[k]
            d_pre = call.x.new_zeros(T, len(first), 2 * H)
            d_slope = torch.zeros_like(slope)
            for t in reversed(steps):
                d_h = torch.zeros_like(first)
                if d_output is not None:
                    d_h = d_h + d_output[t, :, k * H : (k + 1) * H]
                if d_h_n is not None and t == steps[-1]:
                    d_h = d_h + d_h_n[k]
                v = saved[k][t]
                gate = (slope * v).sigmoid()
                d_gate = d_h * v * gate * (1 - gate)
                d_v = d_v + d_h * gate + slope * d_gate
                d_slope += (v * d_gate).sum(0)
                is_first = t == steps[0]
                before = t - 1 if k == 0 else t + 1
                v = first if is_first else saved[k][before]
                d_keep = d_v * v * keep[t] * (1 - keep[t])
                d_pre[t] = torch.cat([d_v, d_keep], -1)
                d_v = d_v * keep[t]
            d_x += d_pre @ w.weight_ih
            d_weight = torch.einsum("tbg,tbd->gd", d_pre, call.x)
            gradients = d_inputs.weights[k]
            fill(gradients.weight_ih, d_weight)
            fill(gradients.slope, d_slope)
            fill(gradients.bias_ih, d_pre.sum((0, 1)))
            # No step reads h.
            fill(d_inputs.states.h, torch.zeros_like(d_v), k)
            fill(d_inputs.states.v, d_v, k)
        fill(d_inputs.x, d_x)


def fill(memory, gradient, k=...):
    """Write a gradient, or that of one direction, if it is needed."""
    if memory is not None:
        memory[k] = gradient


# --8<-- [end:backend]
