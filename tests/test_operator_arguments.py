"""What the operators of the CPU kernels take: any strides; and errors for what does not fit."""

import pytest
import torch

from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.kernels.operators import eager
from lstm_variants.kernels.operators.schema import backward_operator, layer_operator
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import needs_kernels
from tests.layers import every_second, strided
from tests.test_cpu_exactness import call_of, some_resets

pytestmark = needs_kernels
every_variant = pytest.mark.parametrize(
    "name", [name for name in VARIANTS if kernel_of(VARIANTS[name].cell)]
)


@every_variant
@pytest.mark.parametrize("change", strided)
@pytest.mark.parametrize("has_steps", [True, False], ids=["steps", "no steps"])
def test_operators_take_any_strides(name, change, has_steps):
    """Input, weights, states, lengths, and every gradient that comes in."""
    call = call_of(VARIANTS[name].cell, T=3, B=2, D=2, H=3, dtype=torch.float32)
    plain = [t.detach() for t in call.flatten()]
    n = sum(t is not None for w in call.weights for t in w)
    lengths, cell = torch.tensor([3, 1]), repr(call.cell)

    def run(change):
        x, *rest = map(change, plain)
        steps = (every_second(lengths), some_resets(2, 3).t()) if has_steps else (None, None)
        arguments = (x, rest[:n], rest[n:], *steps, None, None, cell, "cpu")
        torch.manual_seed(1)
        results = layer_operator(*arguments, True)
        output, kept = results[0], results[1 + len(rest[n:]) :]
        gradients = [change(torch.randn_like(r)) for r in results[: 1 + len(rest[n:])]]
        found = backward_operator(
            *arguments, change(output), [change(k) for k in kept], gradients, [True] * len(plain)
        )
        return results[: len(gradients)] + found  # what is saved is padded with anything

    for a, b in zip(run(change), run(torch.clone), strict=True):
        assert torch.equal(a, b)


PEEPHOLE = repr(VARIANTS["PeepholeLSTM"].cell)


def operands():
    """A small call of the operators: x, weights, states."""
    call = call_of(VARIANTS["PeepholeLSTM"].cell, T=3, B=2, D=2, H=4, dtype=torch.float32)
    x, *rest = (tensor.detach() for tensor in call.flatten())
    n = sum(t is not None for w in call.weights for t in w)
    return x, rest[:n], rest[n:]


@pytest.mark.parametrize(("H", "P"), [(0, 0), (0, 3), (4, 0)])
def test_a_layer_without_units_is_an_error(H, P):
    """Nothing would be written to the output."""
    weights = [torch.ones(4 * H, 2), torch.ones(4 * H, P), torch.ones(P, H)]
    states = [torch.zeros(1, 2, P), torch.zeros(1, 2, H)]
    with pytest.raises(ValueError, match=f"at least one hidden unit, got H={H} and P={P}"):
        layer_operator(
            torch.ones(3, 2, 2), weights, states, None, None, None, None, "LSTMCell()", "cpu", False
        )


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_projection_is_a_matrix(shape):
    weights = [torch.ones(16, 2), torch.ones(16, 3), torch.ones(shape)]
    states = [torch.zeros(1, 2, 3), torch.zeros(1, 2, 4)]
    with pytest.raises(ValueError, match=r"weight_hr should be \[P, H\], got \["):
        layer_operator(
            torch.ones(3, 2, 2), weights, states, None, None, None, None, "LSTMCell()", "cpu", False
        )


def test_lengths_are_checked_without_time_steps():
    x, weights, states = operands()
    with pytest.raises(ValueError, match=r"from 0 to 0, .* got \[-1, 2\]"):
        layer_operator(
            x[:0], weights, states, torch.tensor([-1, 2]), None, None, None, PEEPHOLE, "cpu", False
        )


def test_tensors_on_different_devices_are_an_error():
    """torch would take the implementation for tensors without values, whose result is garbage."""
    x, weights, states = operands()
    mixed = [weights[0], weights[1].to("meta"), *weights[2:]]
    with pytest.raises(ValueError, match=r"weight_hh should be .* on cpu, got .* on meta"):
        layer_operator(x, mixed, states, None, None, None, None, PEEPHOLE, "cpu", False)
    lengths = torch.tensor([3, 2], device="meta")
    with pytest.raises(ValueError, match=r"lengths should be .* on cpu, got .* on meta"):
        layer_operator(x, weights, states, lengths, None, None, None, PEEPHOLE, "cpu", False)
    layer = VARIANTS["PeepholeLSTM"].layer(3, 4, device="meta")
    with pytest.raises(RuntimeError, match="input tensor at cpu and parameter tensor at meta"):
        layer(torch.zeros(5, 2, 3))


@pytest.mark.parametrize("freed", ["x", "weight", "before backward"])
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_a_tensor_whose_memory_was_freed_is_an_error(name, freed):
    """As FSDP frees parameters between calls."""
    layer, x = VARIANTS[name].layer(3, 4), torch.randn(5, 2, 3)
    total = layer(x)[0].sum()
    (x if freed == "x" else layer.weight_hh_l0).untyped_storage().resize_(0)
    with pytest.raises(RuntimeError, match=r"a tensor of shape \[.*\] has no memory"):
        total.backward() if freed == "before backward" else layer(x)


def test_shapes_are_checked_without_values():
    x, *groups = operands()
    weights, states = ([tensor.to("meta") for tensor in group] for group in groups)
    with pytest.raises(ValueError, match="weight_ih should be"):
        layer_operator(
            x.to("meta")[..., :1], weights, states, None, None, None, None, PEEPHOLE, "cpu", False
        )


WRONG_GRADIENTS = {
    "nothing saved": ({"saved": []}, "saved should have 4 elements, got 0"),
    "no gradients": ({"gradients": []}, "gradients should have 3 elements, got 0"),
    "a short output": ({"output": torch.zeros(1, 2, 8)}, r"output should be \[3, 2, 8\]"),
    "a small gradient": ({"gradient": torch.zeros(1, 1, 8)}, r"a gradient should be \[3, 2, 8\]"),
    "half precision": ({"gradient": torch.zeros(3, 2, 8).half()}, "got .* torch.float16"),
    "on meta": ({"gradient": torch.zeros(3, 2, 8, device="meta")}, "a gradient .* on meta"),
    "wrong lengths": ({"lengths": torch.tensor([3, 4])}, r"from 0 to 3, .* got \[4\]"),
}


@pytest.mark.parametrize(("change", "message"), WRONG_GRADIENTS.values(), ids=list(WRONG_GRADIENTS))
def test_what_does_not_fit_the_backward_pass_is_an_error(change, message):
    x, weights, states = operands()
    output, *rest = layer_operator(
        x, weights, states, None, None, None, None, PEEPHOLE, "cpu", True
    )
    saved = rest[len(states) :]
    gradients = [change.get("gradient", torch.ones_like(output)), *(None for _ in states)]
    needs_grad = [True] * (1 + len(weights) + len(states))
    with pytest.raises(ValueError, match=message):
        backward_operator(
            *(x, weights, states, change.get("lengths"), None, None, None, PEEPHOLE, "cpu"),
            *(change.get("output", output), change.get("saved", saved)),
            *(change.get("gradients", gradients), needs_grad),
        )


WRONG = {
    "a weight of another shape": (("weights", 1), torch.zeros(16, 3), r"weight_hh .* \[16, 4\]"),
    "a peephole too few": (("weights", 4), torch.zeros(8), r"weight_ch should be \[12\]"),
    "a state of another batch": (("states", 0), torch.zeros(1, 3, 4), r"h should be \[1, 2, 4\]"),
    "a state of another dtype": (
        ("states", 1),
        torch.zeros(1, 2, 4).double(),
        "torch.float32 on cpu",
    ),
    "lengths of another batch": (("lengths", None), torch.tensor([1]), r"lengths should be \[2\]"),
    "lengths out of range": (
        ("lengths", None),
        torch.tensor([4, -1]),
        r"from 0 to 3, .* got \[4, -1\]",
    ),
    "resets of another shape": (
        ("resets", None),
        torch.zeros(2, 3, dtype=torch.bool),
        r"resets should be \[3, 2\], torch.bool on cpu, got \[2, 3\]",
    ),
    "resets that are numbers": (
        ("resets", None),
        torch.zeros(3, 2),
        r"resets should be \[3, 2\], torch.bool on cpu, got .* torch.float32",
    ),
    "no states": (("states", None), [], r"states should be h, c, \[directions, B, H\] .* got \[\]"),
    "states without directions": (
        ("states", None),
        [torch.zeros(2, 4)] * 2,
        r"got \[\[2, 4\], \[2, 4\]\]",
    ),
    "states of three directions": (
        ("states", None),
        [torch.zeros(3, 2, 4)] * 2,
        "with one or two directions",
    ),
    "no weights": (("weights", None), [], r"weights should be weight_ih, .* got 0 tensors"),
    "half precision": (("x", None), torch.zeros(3, 2, 2).half(), "got torch.float16"),
    "an input alone in bfloat16": (
        ("x", None),
        torch.zeros(3, 2, 2).bfloat16(),
        "weight_ih should be .* torch.bfloat16 on cpu, got .* torch.float32",
    ),
    "one sequence": (("x", None), torch.zeros(3, 2), r"x should be \[T, B, D\]"),
    "a number": (("x", None), torch.tensor(1.0), r"x should be \[T, B, D\] .* got \[\]"),
    "no backend": (("backend", None), "gpu", "one of 'cpu', got 'gpu'"),
    "a cell without a kernel": (("cell", None), "OwnCell()", r"no kernel for 'OwnCell\(\)'"),
}


@pytest.mark.parametrize(("place", "tensor", "message"), WRONG.values(), ids=list(WRONG))
def test_tensors_that_do_not_fit_are_an_error(place, tensor, message):
    """The library would read past their ends."""
    call = call_of(
        VARIANTS["PeepholeLSTM"].cell, T=3, B=2, D=2, H=4, dtype=torch.float32, directions=1
    )
    arguments = {
        "x": call.x.detach(),
        "weights": [w.detach() for w in call.weights[0] if w is not None],
        "states": [s.detach() for s in call.states],
        "lengths": None,
        "resets": None,
        "masks": [],
        "shares": [],
        "cell": PEEPHOLE,
        "backend": "cpu",
    }
    name, index = place
    if index is None:
        arguments[name] = tensor
    else:
        arguments[name][index] = tensor
    with pytest.raises(ValueError, match=message):
        layer_operator(*arguments.values(), False)


def test_tensors_of_another_device_are_refused():
    call = call_of(VARIANTS["LSTM"].cell, T=3, B=2, D=2, H=3, dtype=torch.float32)
    x, *rest = (t.detach().to("meta") for t in call.flatten())
    n = sum(t is not None for w in call.weights for t in w)
    arguments = (x, rest[:n], rest[n:], None, None, None, None, repr(call.cell), "cpu")
    with pytest.raises(ValueError, match="backend 'cpu' is made for cpu, and the input is on meta"):
        eager.forward(*arguments, False)
