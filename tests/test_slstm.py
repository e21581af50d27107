"""The sLSTM where its gates would overflow without a stabiliser."""

import pytest
import torch

from experiments import oracles
from experiments.oracles.extended import slstm
from lstm_variants.cells import SLSTMCell
from lstm_variants.nn import SLSTM, Recurrent
from tests.cpu_kernels import needs_kernels
from tests.tolerances import TOLERANCES, assert_exact

D, H, T, B = 3, 6, 12, 4
every_backend = pytest.mark.parametrize(
    "backend", [pytest.param("cpu", marks=needs_kernels), "reference"]
)
every_activation = pytest.mark.parametrize("activation", ["sigmoid", "exp"])


def layer_with_biases(scale, activation, dtype, backend):
    """A layer whose gates' pre-activations reach plus and minus `scale`."""
    layer = SLSTM(D, H, forget_activation=activation, dtype=dtype, backend=backend)
    with torch.no_grad():
        layer.bias_ih_l0[: 2 * H] = (
            scale * torch.linspace(-1, 1, 2 * H, dtype=dtype)[torch.randperm(2 * H)]
        )
    return layer


@every_backend
@every_activation
@pytest.mark.parametrize("scale", [0, 50, 200, 1000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_outputs_are_those_without_a_stabiliser(backend, activation, scale, dtype):
    layer = layer_with_biases(scale, activation, dtype, backend)
    x = torch.randn(T, B, D, dtype=dtype)
    lengths = torch.tensor([T, 5, 0, 1])
    output, state = layer(x, lengths=lengths)
    p = {name.removesuffix("_l0"): oracles.float64(q) for name, q in layer.named_parameters()}
    for b, length in enumerate(lengths.tolist()):
        expected = slstm(oracles.float64(x[:length, b]), p, activation)
        # The stabiliser is a sum of pre-activations, and rounded.
        rounding = torch.finfo(dtype).eps * scale * T
        torch.testing.assert_close(
            output[:length, b].double(),
            torch.from_numpy(expected),
            rtol=0,
            atol=TOLERANCES[dtype] + rounding,
        )
    assert all(field.isfinite().all() for field in state[:3])
    # A sequence without time steps keeps the start value.
    assert (state[3][0, 2] == -torch.inf).all()


@needs_kernels
@every_activation
def test_gradients_at_large_pre_activations(activation):
    """Of all four states, by the kernels and by the reference."""
    found = []
    for backend in ("cpu", "reference"):
        torch.manual_seed(0)
        layer = layer_with_biases(200, activation, torch.float64, backend)
        x = torch.randn(T, B, D, dtype=torch.float64, requires_grad=True)
        output, (h, c, n, m) = layer(x)
        total = output.square().sum() + (h + c.sin() + n.log() + m / 100).sum()
        found.append(torch.autograd.grad(total, [x, *layer.parameters()]))
        assert all(gradient.isfinite().all() for gradient in found[-1])
    for a, b in zip(*found, strict=True):
        assert_exact(a, b)


def test_the_stabiliser_has_no_influence():
    """c, n and m stand for c exp(m) and n exp(m)."""
    layer = Recurrent(SLSTMCell(), D, H, dtype=torch.float64)
    x = torch.randn(T, B, D, dtype=torch.float64)
    _, (h, c, n, m) = layer(x[:5])
    output, _ = layer(x[5:], (h, c, n, m))
    shift = torch.randn_like(m)
    shifted, _ = layer(x[5:], (h, c * shift.exp(), n * shift.exp(), m - shift))
    assert_exact(shifted, output)
