"""Every cell under `scan`: against its oracle, against torch.nn, and the laws of a recurrence."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from experiments import oracles
from lstm_variants import VARIANTS
from lstm_variants.cells import (
    GRUCell,
    InputWeights,
    JANETCell,
    LayerNormLSTMCell,
    LSTMCell,
    LSTMState,
    Weights,
)
from lstm_variants.nn import LSTM
from lstm_variants.time_loop import scan
from tests.layers import as_state
from tests.tolerances import assert_exact

DTYPES = (torch.float32, torch.float64)
SIZES = (dict(B=1, T=1, D=1, H=1), dict(B=2, T=63, D=5, H=37), dict(B=17, T=2, D=3, H=8))

every_variant = pytest.mark.parametrize("name", VARIANTS)


def random_weights(cell, D, H, dtype=torch.float64, *, bias=True, grad=False):
    shapes = cell.parameter_shapes(D, H, bias=bias)
    # Larger ones make a chaotic recurrence, in which rounding grows without bound.
    bound = 1.5 / max(H, 4) ** 0.5
    return cell.weights_type(
        **{
            name: torch.empty(shape, dtype=dtype).uniform_(-bound, bound).requires_grad_(grad)
            for name, shape in shapes.items()
        }
    )


def random_state(cell, B, H, dtype=torch.float64):
    fields = cell.state_type._fields
    return cell.state_type(*(as_state(name, torch.randn(B, H, dtype=dtype)) for name in fields))


def setting(name, B=3, T=7, D=4, H=5):
    """A cell with weights, an input and a state."""
    cell = VARIANTS[name].cell
    x = torch.randn(T, B, D, dtype=torch.float64)
    return cell, random_weights(cell, D, H), x, random_state(cell, B, H)


def assert_same(got, expected):
    """Outputs and every tensor of the state."""
    assert_exact(got[0], expected[0])
    assert type(got[1]) is type(expected[1])
    for a, b in zip(got[1], expected[1], strict=True):
        assert_exact(a, b)


def test_every_variant_has_an_oracle():
    assert set(oracles.LAYERS) == set(VARIANTS)


@every_variant
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "nobias"])
@pytest.mark.parametrize("size", SIZES)
def test_outputs_are_the_oracles(name, dtype, bias, size):
    cell = VARIANTS[name].cell
    w = random_weights(cell, size["D"], size["H"], dtype, bias=bias)
    x = torch.randn(size["T"], size["B"], size["D"], dtype=dtype)
    output, last = scan(cell, x, w)
    p = {k: oracles.float64(v) for k, v in w._asdict().items() if v is not None}
    for b in range(size["B"]):
        expected = torch.from_numpy(oracles.LAYERS[name](oracles.float64(x[:, b]), p))
        assert_exact(output[:, b], expected, dtype, memory=last[-1])


@pytest.mark.parametrize(
    ("cell", "layer_type"), [(LSTMCell(), nn.LSTM), (GRUCell(), nn.GRU)], ids=["LSTM", "GRU"]
)
@pytest.mark.parametrize("size", SIZES)
def test_outputs_states_and_gradients_are_torchs(cell, layer_type, size):
    layer = layer_type(size["D"], size["H"]).double()
    w = Weights(*layer.parameters())
    x = torch.randn(size["T"], size["B"], size["D"], dtype=torch.float64, requires_grad=True)
    state = cell.state_type(*(s.requires_grad_() for s in random_state(cell, size["B"], size["H"])))
    inputs = [x, *state, *layer.parameters()]

    output, last = scan(cell, x, w, state)
    hx = tuple(s[None] for s in state)
    expected, expected_last = layer(x, hx if len(hx) > 1 else hx[0])
    expected_last = expected_last if len(hx) > 1 else (expected_last,)
    assert_exact(output, expected)
    for a, b in zip(last, expected_last, strict=True):
        assert_exact(a, b[0])

    seeds = [torch.randn_like(t) for t in (output, *last)]
    ours = torch.autograd.grad((output, *last), inputs, seeds)
    theirs = torch.autograd.grad(
        (expected, *expected_last), inputs, [seeds[0], *(s[None] for s in seeds[1:])]
    )
    for a, b in zip(ours, theirs, strict=True):
        assert_exact(a, b)


@every_variant
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.costly
def test_first_and_second_gradients(name, reverse):
    cell, w, x, state = setting(name, B=2, T=3, D=2, H=2)
    lengths = torch.tensor([3, 2])
    given_weights = [k for k, v in w._asdict().items() if v is not None]
    leaves = [x, *state, *(getattr(w, k) for k in given_weights)]
    n = len(state)

    def run(x, *rest):
        weights = cell.weights_type(**dict(zip(given_weights, rest[n:], strict=True)))
        output, last = scan(
            cell, x, weights, cell.state_type(*rest[:n]), lengths=lengths, reverse=reverse
        )
        return output, *last

    inputs = tuple(leaf.detach().requires_grad_() for leaf in leaves)
    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)


@every_variant
def test_split_in_time_is_the_whole(name):
    cell, w, x, state = setting(name)
    first, middle = scan(cell, x[:3], w, state)
    second, last = scan(cell, x[3:], w, middle)
    assert_same((torch.cat([first, second]), last), scan(cell, x, w, state))


@every_variant
def test_a_batch_is_its_sequences(name):
    cell, w, x, state = setting(name)
    output, last = scan(cell, x, w, state)
    for b in range(x.shape[1]):
        one = cell.state_type(*(s[b : b + 1] for s in state))
        alone = scan(cell, x[:, b : b + 1], w, one)
        part = output[:, b : b + 1], cell.state_type(*(s[b : b + 1] for s in last))
        assert_same(part, alone)


@every_variant
def test_reverse_is_forward_on_the_flipped_sequence(name):
    cell, w, x, state = setting(name)
    output, last = scan(cell, x.flip(0), w, state)
    assert_same(scan(cell, x, w, state, reverse=True), (output.flip(0), last))


@every_variant
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(lengths=st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_padding_changes_nothing(name, reverse, lengths):
    cell, w, x, state = setting(name, B=len(lengths), T=6)
    for b, length in enumerate(lengths):
        x[length:, b] = torch.nan
    x.requires_grad_()
    output, last = scan(cell, x, w, state, lengths=torch.tensor(lengths), reverse=reverse)
    for b, length in enumerate(lengths):
        one = cell.state_type(*(s[b : b + 1] for s in state))
        alone = scan(cell, x[:length, b : b + 1], w, one, reverse=reverse)
        part = output[:length, b : b + 1], cell.state_type(*(s[b : b + 1] for s in last))
        assert_same(part, alone)
        assert not output[length:, b].any()
    (grad,) = torch.autograd.grad(output.sum() + sum(s.sum() for s in last), x)
    assert grad.isfinite().all()


@every_variant
@pytest.mark.parametrize("size", [dict(B=2, T=0), dict(B=0, T=3), dict(B=0, T=0)])
def test_nothing_to_do_gives_the_initial_state(name, size):
    cell, w, x, state = setting(name, **size)
    output, last = scan(cell, x, w, state)
    assert output.shape == (size["T"], size["B"], 5)
    assert all(torch.equal(a, b) for a, b in zip(last, state, strict=True))


@every_variant
def test_no_steps_have_gradients_and_the_dtype_of_others(name):
    cell, w, x, state = setting(name, B=2, T=0)
    x.requires_grad_()
    output, _ = scan(cell, x, w, state)
    (grad,) = torch.autograd.grad(output.sum(), x)
    assert grad.shape == x.shape
    single = type(w)(*(tensor if tensor is None else tensor.float() for tensor in w))
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = scan(cell, x.float(), single)
    assert output.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        ([2.0, 1.0], TypeError, "integers, got torch.float32"),
        ([True, True], TypeError, "integers, got torch.bool"),
        ([1], ValueError, r"shape \[2\], got \[1\]"),
        ([2, 4], ValueError, r"from 0 to 3, .* got \[4\]"),
        ([-1, 2], ValueError, r"from 0 to 3, .* got \[-1\]"),
    ],
)
def test_lengths_that_make_no_sense(lengths, error, message):
    cell, w, x, state = setting("LSTM", B=2, T=3)
    with pytest.raises(error, match=message):
        scan(cell, x, w, state, lengths=torch.tensor(lengths))


def test_weights_that_do_not_belong_to_the_cell():
    cell, w, x, _ = setting("PeepholeLSTM")
    with pytest.raises(ValueError, match=r"LSTMCell\(\) has no parameter weight_ch"):
        scan(LSTMCell(), x, w)
    with pytest.raises(ValueError, match=r"LSTMCell\(peephole='current'\) requires weight_ch"):
        scan(cell, x, w._replace(weight_ch=None))


@pytest.mark.parametrize(
    "settings",
    [
        {"peephole": "curent"},
        {"coupled": True, "input_gate": False},
        {"coupled": True, "forget_gate": False},
        {"gate_recurrence": True, "output_gate": False},
        {"gate_recurrence": True, "coupled": True},
    ],
    ids=str,
)
def test_settings_that_contradict_each_other(settings):
    with pytest.raises(ValueError, match=r"should be|need"):
        LSTMCell(**settings)


@pytest.mark.parametrize(
    ("kind", "name"), [(LSTMCell, "coupled"), (LSTMCell, "output_gate"), (GRUCell, "reset_after")]
)
@pytest.mark.parametrize("value", ["False", 0, None], ids=repr)
def test_settings_that_are_neither_true_nor_false(kind, name, value):
    with pytest.raises(TypeError, match=f"{name} should be True or False, got {value!r}"):
        kind(**{name: value})


@pytest.mark.parametrize("beta", [math.nan, math.inf, "1", None], ids=repr)
def test_a_shift_that_is_no_number(beta):
    with pytest.raises(ValueError, match=f"beta should be a finite number, got {beta!r}"):
        JANETCell(beta)


def test_an_input_without_a_batch():
    cell, w, x, _ = setting("LSTM", B=2, T=3)
    with pytest.raises(ValueError, match=r"should have shape \[T, B, D\], got \[3, \d+\]"):
        scan(cell, x[:, 0], w)


@pytest.mark.parametrize("peephole", ["current", "previous"])
def test_zero_peepholes_are_a_plain_lstm(peephole):
    _, w, x, state = setting("PeepholeLSTM")
    plain = scan(LSTMCell(), x, w._replace(weight_ch=None), state)
    zero = w._replace(weight_ch=torch.zeros_like(w.weight_ch))
    assert_same(scan(LSTMCell(peephole=peephole), x, zero, state), plain)


def test_the_output_gate_looks_where_it_should():
    """One step from c = 2 with only the output peephole on: the two readings differ by hand."""
    w = Weights(
        weight_ih=torch.zeros(4, 1),
        weight_hh=torch.zeros(4, 1),
        weight_ch=torch.tensor([0.0, 0.0, 3.0]),
    )
    state = LSTMState(torch.zeros(1, 1), torch.full((1, 1), 2.0))
    h = {
        peephole: LSTMCell(peephole=peephole).step(torch.zeros(1, 4), state, w)[0].h.item()
        for peephole in ("current", "previous")
    }
    new = torch.tensor(1.0)  # c = f * 2 + i * 0 with f = 1/2
    assert h["current"] == pytest.approx((torch.sigmoid(3 * new) * new.tanh()).item())
    assert h["previous"] == pytest.approx((torch.sigmoid(6 * new) * new.tanh()).item())


@every_variant
def test_torch_func_transforms(name):
    """A directional derivative by jvp is the one by finite differences; vmap is a loop."""
    cell, w, x, state = setting(name)
    direction = torch.randn_like(x)

    def run(x):
        return scan(cell, x, w, state)[0]

    _, tangent = torch.func.jvp(run, (x,), (direction,))
    step = 1e-6
    numeric = (run(x + step * direction) - run(x - step * direction)) / (2 * step)
    torch.testing.assert_close(tangent, numeric, rtol=1e-7, atol=1e-8)

    many = torch.stack([x, direction])
    assert_exact(torch.func.vmap(run)(many), torch.stack([run(one) for one in many]))


def test_weights_of_another_cell_are_named():
    x, w = torch.randn(5, 2, 3), InputWeights(torch.zeros(16, 3))
    with pytest.raises(ValueError, match=r"LSTMCell\(\) requires weight_hh: w should be a Weights"):
        scan(LSTMCell(), x, w)
    with pytest.raises(
        ValueError, match=r"requires gain_c, gain_hh, gain_ih: w should be a LayerNorm"
    ):
        scan(LayerNormLSTMCell(), x, Weights(torch.ones(16, 3), torch.ones(16, 4)))


def test_without_steps_the_last_state_is_a_copy():
    w = Weights(weight_ih=torch.randn(20, 4), weight_hh=torch.randn(20, 5))
    state = LSTMState(torch.zeros(3, 5), torch.zeros(3, 5))
    _, last = scan(LSTMCell(), torch.randn(0, 3, 4), w, state)
    last.c.add_(1)
    assert not state.c.any()


def test_lengths_that_are_no_numbers():
    assert LSTM(2, 3)(torch.zeros(4, 0, 2), lengths=[])[0].shape == (4, 0, 3)
    with pytest.raises(TypeError, match="lengths should be integers, got str"):
        LSTM(3, 4)(torch.zeros(5, 2, 3), lengths="ab")
    with pytest.raises(TypeError, match="lengths should be integers, got object"):
        LSTM(3, 4)(torch.randn(5, 2, 3), lengths=object())
    with pytest.raises(ValueError, match=r"backend should be one of .* got \['cpu'\]"):
        LSTM(3, 4, backend=["cpu"])


@every_variant
def test_weights_of_another_shape_are_named(name):
    """Some would be broadcast, and the result would be that of other weights."""
    cell, x = VARIANTS[name].cell, torch.randn(4, 2, 3)
    shapes = cell.parameter_shapes(3, 2)
    weights = {key: torch.randn(shape) for key, shape in shapes.items()}
    wrong = {key: torch.randn(1, *shape[1:]) for key, shape in shapes.items()}
    wrong["weight_ih"] = torch.randn(2 * len(cell.blocks) + 1, 3)
    for key, tensor in wrong.items():
        if tensor.shape[0] % len(cell.blocks) or key != "weight_ih":  # else, H is another one
            with pytest.raises(ValueError, match=rf"{key} should be \[.* with D=3 and H=2, got \["):
                scan(cell, x, cell.weights_type(**weights | {key: tensor}))
