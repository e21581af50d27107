"""Laws of layers, whatever their cell is, and the small layers on which cells are checked."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_variants.cells import Cell, State
from lstm_variants.nn import Recurrent

T, B, D, H, P = 5, 3, 2, 4, 3
LENGTHS = (5, 0, 3)


def new_layer(cell: Cell, dtype: torch.dtype = torch.float64, **keywords: bool) -> Recurrent:
    """A layer of the cell on the reference backend."""
    return Recurrent(cell, D, H, dtype=dtype, backend="reference", **keywords)


def run(layer: Recurrent, x: Any, hx: Any = None, **keywords: Any) -> tuple[Any, State]:
    """The output, and the last state as a tuple."""
    output, last = layer(x, hx, **keywords)
    return output, (last,) if isinstance(last, Tensor) else tuple(last)


def random_input() -> Tensor:
    """Random input, `[T, B, D]`."""
    return torch.randn(T, B, D, dtype=torch.float64)


def assert_same(got: Any, expected: Any, what: str, *, equal_nan: bool = False) -> None:
    """Compare tensors, or tuples of them."""
    torch.testing.assert_close(
        got, expected, equal_nan=equal_nan, msg=lambda text: f"{what} differs: {text}"
    )


def random_weights(cell: Cell, proj_size: int, *, with_init: bool = True) -> dict[str, Tensor]:
    """A value for each parameter; `with_init`, one that starts positive stays positive."""
    weights = {}
    for name, parameter in cell.parameters(D, H, proj_size=proj_size).items():
        weights[name] = torch.randn(parameter.shape, dtype=torch.float64)
        if with_init and parameter.init is not None:
            parameter.init(weights[name])
            weights[name] += torch.rand(parameter.shape, dtype=torch.float64)
    return weights


def check_split(cell: Cell) -> None:
    """A sequence in two parts gives the results of the whole sequence."""
    layer, x = new_layer(cell), random_input()
    whole, last = run(layer, x)
    first, state = run(layer, x[:2])
    second, again = run(layer, x[2:], state if len(state) > 1 else state[0])
    assert_same(torch.cat([first, second]), whole, "the output")
    assert_same(again, last, "the last state")


def check_batch(cell: Cell) -> None:
    """A sequence of a batch does not depend on the others."""
    layer, x = new_layer(cell), random_input()
    together, _ = run(layer, x)
    for b in range(B):
        assert_same(run(layer, x[:, b])[0], together[:, b], f"sequence {b} alone")


def check_padding(cell: Cell) -> None:
    """Steps past the end of a sequence have no influence."""
    layer, x = new_layer(cell, bidirectional=True), random_input()
    lengths = torch.tensor(LENGTHS)
    past = torch.arange(T)[:, None] >= lengths
    noise = x.masked_fill(past.unsqueeze(-1), torch.nan)
    output, last = run(layer, x, lengths=lengths)
    assert_same(run(layer, noise, lengths=lengths), (output, last), "the result with NaN there")
    assert not output[past].any(), "outputs there are not zero"
    some = lengths > 0
    packed = pack_padded_sequence(x[:, some], lengths[some], enforce_sorted=False)
    assert_same(pad_packed_sequence(run(layer, packed)[0])[0], output[:, some], "the packed result")


def check_no_steps(cell: Cell) -> None:
    """A sequence without steps keeps its state."""
    layer = new_layer(cell)
    start = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H)
    nothing = torch.zeros(B, dtype=torch.int64)
    for x, lengths in ((random_input(), nothing), (random_input()[:0], None)):
        _, last = run(layer, x, lengths=lengths)
        assert_same(tuple(s[0] for s in last), tuple(start), "the state")


def check_reversal(cell: Cell) -> None:
    """The reverse direction is the forward one on the reversed sequence."""
    layer, one, x = new_layer(cell, bidirectional=True), new_layer(cell), random_input()
    values = {f"{name}_reverse": p for name, p in one.named_parameters()}
    layer.load_state_dict(layer.state_dict() | values)
    backward = run(layer, x)[0][..., H:]
    assert_same(backward, run(one, x.flip(0))[0].flip(0), "the output")


def check_resets(cell: Cell) -> None:
    """A reset starts a new sequence, in both directions."""
    layer, x = new_layer(cell, bidirectional=True), random_input()
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[2] = True
    whole, _ = run(layer, x, resets=resets)
    assert_same(whole, torch.cat([run(layer, x[:2])[0], run(layer, x[2:])[0]]), "the output")


def check_derivatives(cell: Cell) -> None:
    """First and second derivatives agree with finite differences."""
    layer = Recurrent(cell, 2, 2, backend="reference", dtype=torch.float64)
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def results(x: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(names, values, strict=True))
        output, last = functional_call(layer, given, (x,), {"lengths": torch.tensor([3, 2])})
        return output, *((last,) if isinstance(last, Tensor) else last)

    x = torch.randn(3, 2, 2, dtype=torch.float64)
    inputs = [tensor.detach().requires_grad_() for tensor in (x, *parameters)]
    torch.autograd.gradcheck(results, inputs)
    torch.autograd.gradgradcheck(results, inputs)


def check_half_precision(cell: Cell) -> None:
    """Half precision is close to float32."""
    exact = new_layer(cell, dtype=torch.float32)
    x = random_input().float()
    expected, _ = run(exact, x)
    for dtype in (torch.bfloat16, torch.float16):
        layer = new_layer(cell, dtype=dtype)
        layer.load_state_dict(exact.state_dict())
        output, last = run(layer, x.to(dtype))
        for tensor in (output, *last):
            assert tensor.dtype == dtype, f"a result is {tensor.dtype} where the input is {dtype}"
        torch.testing.assert_close(output.float(), expected, rtol=0.05, atol=0.05)


def check_recurrent_dropout(cell: Cell) -> None:
    """Recurrent dropout applies to the recurrent weights alone."""
    w = cell.weights_type(**random_weights(cell, 0))
    first, wx = cell.project(random_input()[:2], w)
    state, _ = cell.step(first, cell.initial_state(first, H), w)
    step, other = partial(cast(Any, cell).step, wx, state), torch.randn_like(state[0])
    expected = step(w)
    assert_same(step(w, h_recurrent=state[0]), expected, "the step with h_recurrent=h")
    same = map(torch.equal, step(w, h_recurrent=other)[0], expected[0])
    assert not all(same), (
        "step ignores `h_recurrent`: multiply the recurrent weights by it, not by h"
    )
    # A recurrent weight may have any name.
    others = ("weight_ih", "weight_hr", *(name for name in w._fields if name.startswith("bias")))
    given = {k: v for k, v in w._asdict().items() if v is not None and k not in others}
    w = w._replace(**{name: torch.zeros_like(value) for name, value in given.items()})
    assert_same(
        step(w, h_recurrent=other),
        step(w),
        "with recurrent weights of zero, the step with `h_recurrent`",
    )
