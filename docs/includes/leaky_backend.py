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

    def name_of(self, cell):
        return "LeakyCell()" if type(cell) is LeakyCell else None

    def signature(self, name):
        return signature_of(LeakyCell()) if name == "LeakyCell()" else None

    def kept_shapes(self, layer):
        T, B, _ = layer.x.shape
        return [(T, B, layer.hidden_size)] * layer.directions  # of v

    def forward(self, layer, output, last, kept):
        H, T = layer.hidden_size, len(layer.x)
        for k in range(layer.directions):  # 0: forward in time, 1: reverse
            (weight, slope, *bias), v = weights_and_v(layer, k)
            write, keep = linear(layer.x, weight, *bias).chunk(2, -1)
            h = output[..., k * H : (k + 1) * H]
            for t in range(T) if k == 0 else reversed(range(T)):
                v = keep[t].sigmoid() * v + write[t]
                h[t] = v * (slope * v).sigmoid()
                if kept:
                    kept[k][t] = v
            last[2 * k].copy_(h[t])
            last[2 * k + 1].copy_(v)

    def backward(self, layer, output, kept, d_output, d_last, d_inputs):
        # d_inputs: those of the input, of all weights, of all states, in
        # the order of the layer.
        H, T, n = layer.hidden_size, len(layer.x), len(layer.weights)
        m = n // layer.directions
        d_x = torch.zeros_like(layer.x)
        for k in range(layer.directions):
            (weight, slope, *bias), first = weights_and_v(layer, k)
            steps = range(T) if k == 0 else range(T - 1, -1, -1)
            keep = linear(layer.x, weight, *bias).chunk(2, -1)[1].sigmoid()
            # None where a result was not used:
            d_h_n, d_v = d_last[2 * k : 2 * k + 2]
            d_v = torch.zeros_like(first) if d_v is None else d_v
            d_pre = layer.x.new_zeros(T, len(first), 2 * H)
            d_slope = torch.zeros_like(slope)
            for t in reversed(steps):
                d_h = torch.zeros_like(first)
                if d_output is not None:
                    d_h = d_h + d_output[t, :, k * H : (k + 1) * H]
                if d_h_n is not None and t == steps[-1]:
                    d_h = d_h + d_h_n
                v, gate = kept[k][t], (slope * kept[k][t]).sigmoid()
                d_v = d_v + d_h * (gate + slope * v * gate * (1 - gate))
                d_slope += (d_h * v * v * gate * (1 - gate)).sum(0)
                earlier = t - 1 if k == 0 else t + 1
                before = first if t == steps[0] else kept[k][earlier]
                d_keep = d_v * before * keep[t] * (1 - keep[t])
                d_pre[t] = torch.cat([d_v, d_keep], -1)
                d_v = d_v * keep[t]
            d_x += d_pre @ weight
            d_weight = torch.einsum("tbg,tbd->gd", d_pre, layer.x)
            # The last one is that of a bias, if there is one.
            found = (d_weight, d_slope, d_pre.sum((0, 1)))[:m]
            own = d_inputs[1 + k * m : 1 + (k + 1) * m]
            for d_input, value in zip(own, found, strict=True):
                fill(d_input, value)
            # No step reads h.
            fill(d_inputs[1 + n + 2 * k], torch.zeros_like(d_v))
            fill(d_inputs[1 + n + 2 * k + 1], d_v)
        fill(d_inputs[0], d_x)


def weights_and_v(layer, k):
    """Weights and first v of a direction."""
    m = len(layer.names)
    return layer.weights[k * m : (k + 1) * m], layer.states[2 * k + 1]


def fill(d_input, value):
    """Write a gradient, where it is needed: others have no elements."""
    if d_input.numel():
        d_input.copy_(value)


# --8<-- [end:backend]
