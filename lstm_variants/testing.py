"""Checks of properties that hold for every recurrence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial
from inspect import signature
from typing import Any, cast, get_args

import torch
from torch import Tensor, random
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_variants.cells import Block, Cell, Field, State
from lstm_variants.cells.cell import Role
from lstm_variants.equations import documentation
from lstm_variants.evaluate import evaluate_step
from lstm_variants.nn import Recurrent

__all__ = ["check_cell"]

T, B, D, H, P = 5, 3, 2, 4, 3
LENGTHS = (5, 0, 3)


def check_cell(cell: Cell, seed: int = 0) -> list[str]:
    """Check a cell with small random layers, in float64 on the CPU unless stated otherwise.

    Args:
        cell: The cell.
        seed: Seed of the random numbers. The state of the global generator does not change.

    Returns:
        The properties that were checked, one line each.

    Raises:
        AssertionError: If a property does not hold; the message names it.
        RuntimeError: With Python's option `-O`, which removes assertions.

    Warns:
        UserWarning: If the cell has no [documented equations][lstm_variants.equations] to check.

    Examples:
        >>> from lstm_variants.cells import GRUCell
        >>> from lstm_variants.testing import check_cell
        >>> for checked in check_cell(GRUCell()):
        ...     print(checked)
        the parts of the cell fit together
        a sequence in two parts gives the results of the whole sequence
        a sequence of a batch does not depend on the others
        steps past the end of a sequence have no influence
        a sequence without steps keeps its state
        the reverse direction is the forward one on the reversed sequence
        a reset starts a new sequence, in both directions
        first and second derivatives agree with finite differences
        half precision is close to float32
        recurrent dropout applies to the recurrent weights alone
        the documented equations agree with the step
    """
    assert isinstance(cell, Cell), (
        f"check_cell should get an instance of a Cell, as in check_cell(MyCell()), got {cell!r}"
    )
    checks: dict[str, Callable[[Cell], None]] = {
        "the parts of the cell fit together": check_parts,
        "a sequence in two parts gives the results of the whole sequence": check_split,
        "a sequence of a batch does not depend on the others": check_batch,
        "steps past the end of a sequence have no influence": check_padding,
        "a sequence without steps keeps its state": check_no_steps,
        "the reverse direction is the forward one on the reversed sequence": check_reversal,
        "a reset starts a new sequence, in both directions": check_restart,
        "first and second derivatives agree with finite differences": check_derivatives,
        "half precision is close to float32": check_half_precision,
    }
    if "seen" in signature(cell.step).parameters:
        checks["recurrent dropout applies to the recurrent weights alone"] = check_seen
    if documentation(cell) is not None:
        checks["the documented equations agree with the step"] = check_equations
    else:
        text = f"{type(cell).__name__} has no documented equations to check its step against: "
        text += r"there is no \begin{aligned} in its docstring"
        if set("\a\b\f\v") & set("".join(kind.__doc__ or "" for kind in type(cell).__mro__)):
            text += r', where Python read \b as a backspace: one with backslashes needs r"""'
        warnings.warn(text, stacklevel=2)
    if not __debug__:
        raise RuntimeError("check_cell needs assertions: run Python without -O")
    # The caller's no_grad or inference_mode would make the check of derivatives fail.
    with random.fork_rng([]), torch.device("cpu"), torch.inference_mode(False), torch.enable_grad():
        for statement, check in checks.items():
            torch.manual_seed(seed)
            try:
                check(cell)
            except Exception as error:
                name = repr(cell) if is_dataclass(cell) else type(cell).__name__
                raise AssertionError(f"{name}: {statement}, but {error}") from error
    return list(checks)


def new_layer(cell: Cell, dtype: torch.dtype = torch.float64, **keywords: bool) -> Recurrent:
    """A layer of the cell on the reference backend."""
    return Recurrent(cell, D, H, dtype=dtype, backend="reference", **keywords)


def run(layer: Recurrent, x: Any, hx: Any = None, **keywords: Any) -> tuple[Any, State]:
    """The output, and the last state as a tuple."""
    output, last = layer(x, hx, **keywords)
    return output, (last,) if isinstance(last, Tensor) else tuple(last)


def random_input() -> Tensor:
    return torch.randn(T, B, D, dtype=torch.float64)


def assert_same(got: Any, expected: Any, what: str) -> None:
    torch.testing.assert_close(got, expected, msg=lambda text: f"{what} differs: {text}")


def check_parts(cell: Cell) -> None:
    assert is_dataclass(cell), "it is not a dataclass: @dataclass(frozen=True, repr=False)"
    try:
        hash(cell)
    except TypeError as error:
        raise AssertionError(
            f"{error}: a cell is a frozen dataclass with settings that can be hashed"
        ) from error
    kinds = {"blocks": Block, "peepholes": str, "state_fields": Field, "zoneout_fields": str}
    for name, kind in kinds.items():
        found = getattr(cell, name)
        fits = isinstance(found, tuple) and all(isinstance(item, kind) for item in found)
        assert fits, (
            f"{name} should be a tuple, each element a {kind.__name__}, not {found!r}: with one "
            "element, it ends in a comma, (element,)"
        )
    for block in cell.blocks:
        assert block.role in (*get_args(Role), None), (
            f"the role of {block} should be None or one of {', '.join(get_args(Role))}"
        )
    fields = tuple(field.name for field in cell.state_fields)
    assert fields == tuple(cell.state_type._fields), (
        f"state_fields are {fields}, state_type has {cell.state_type._fields}"
    )
    assert set(cell.zoneout_fields) <= set(fields), (
        f"zoneout_fields should be some of the state's fields {fields}, not {cell.zoneout_fields}"
    )
    parameters = cell.parameters(D, H)
    unknown = set(parameters) - set(cell.weights_type._fields)
    assert not unknown, f"weights_type has no {', '.join(sorted(unknown))}"
    assert "weight_ih" in parameters, "there is no weight_ih, which every cell has"
    rows = len(cell.blocks) * H
    shape = parameters["weight_ih"].shape
    assert shape == (rows, D), (
        f"weight_ih should be {(rows, D)}, one block of H rows each, not {shape}"
    )
    for name, parameter in parameters.items():
        tensor = torch.full(parameter.shape, torch.nan)
        (parameter.init or torch.nn.init.zeros_)(tensor)
        assert not tensor.isnan().any(), (
            f"the init of {name} should fill all of a tensor in place, as torch.nn.init.ones_ does"
        )
    biases = [name for name in cell.parameters(D, H, bias=False) if name.startswith("bias")]
    assert not biases, f"with bias=False, parameters should not return {', '.join(biases)}"
    layer = new_layer(cell)
    [names] = layer._weight_names
    state = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H)
    weights = layer._weights(names)
    after, gates = cell.step(cell.project(random_input()[0], weights), state, weights)
    assert type(after) is cell.state_type, f"step returns a {type(after).__name__}"
    for name, tensor in {**after._asdict(), **gates}.items():
        assert tensor.shape == (B, H), f"{name} is {list(tensor.shape)} after a step, not [B, H]"
    missing = {block.name for block in cell.blocks if block.role in ("keep", "write")} - set(gates)
    assert not missing, f"step does not return {', '.join(sorted(missing))}, for trace"
    try:
        run(new_layer(cell, bias=False), random_input())
    except Exception as error:
        raise AssertionError(f"a layer with bias=False fails: {error}") from error


def check_split(cell: Cell) -> None:
    layer, x = new_layer(cell), random_input()
    whole, last = run(layer, x)
    first, state = run(layer, x[:2])
    second, again = run(layer, x[2:], state if len(state) > 1 else state[0])
    assert_same(torch.cat([first, second]), whole, "the output")
    assert_same(again, last, "the last state")


def check_batch(cell: Cell) -> None:
    layer, x = new_layer(cell), random_input()
    together, _ = run(layer, x)
    for b in range(B):
        assert_same(run(layer, x[:, b])[0], together[:, b], f"sequence {b} alone")


def check_padding(cell: Cell) -> None:
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
    layer = new_layer(cell)
    start = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H)
    nothing = torch.zeros(B, dtype=torch.int64)
    for x, lengths in ((random_input(), nothing), (random_input()[:0], None)):
        _, last = run(layer, x, lengths=lengths)
        assert_same(tuple(s[0] for s in last), tuple(start), "the state")


def check_reversal(cell: Cell) -> None:
    layer, one, x = new_layer(cell, bidirectional=True), new_layer(cell), random_input()
    values = {f"{name}_reverse": p for name, p in one.named_parameters()}
    layer.load_state_dict(layer.state_dict() | values)
    backward = run(layer, x)[0][..., H:]
    assert_same(backward, run(one, x.flip(0))[0].flip(0), "the output")


def check_restart(cell: Cell) -> None:
    layer, x = new_layer(cell, bidirectional=True), random_input()
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[2] = True
    whole, _ = run(layer, x, resets=resets)
    assert_same(whole, torch.cat([run(layer, x[:2])[0], run(layer, x[2:])[0]]), "the output")


def check_derivatives(cell: Cell) -> None:
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


def check_seen(cell: Cell) -> None:
    w = cell.weights_type(**random_weights(cell, 0))
    first, wx = cell.project(random_input()[:2], w)
    state, _ = cell.step(first, cell.initial_state(first, H), w)
    step, other = partial(cast(Any, cell).step, wx, state), torch.randn_like(state[0])
    expected = step(w)
    assert_same(step(w, seen=state[0]), expected, "the step with seen=h")
    if "weight_hh" in cell.parameters(D, H):
        same = map(torch.equal, step(w, seen=other)[0], expected[0])
        assert not all(same), "step ignores `seen`: multiply the recurrent weights by it, not by h"
        w = w._replace(weight_hh=torch.zeros_like(w.weight_hh))
        assert_same(step(w, seen=other), step(w), "with weight_hh = 0, the step with `seen`")


def check_equations(cell: Cell) -> None:
    for proj_size in (0, P) if cell.projects else (0,):
        w = cell.weights_type(**random_weights(cell, proj_size))
        state = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H, proj_size)
        for x in random_input():
            expected = evaluate_step(cell, x, state, w, proj_size=proj_size)
            state, gates = cell.step(cell.project(x, w), state, w)
            got = gates | dict(zip(cell.state_type._fields, state, strict=True))
            for name in got:
                assert name in expected, f"there is no equation for {name}_t"
            # In the order of computation: the first difference is where the error is.
            for name in (name for name in expected if name in got):
                what = f"{name}_t with a projection" if proj_size else f"{name}_t"
                assert_same(got[name], expected[name], what)


def random_weights(cell: Cell, proj_size: int) -> dict[str, Tensor]:
    """A value for each parameter; one that starts positive stays positive."""
    weights = {}
    for name, parameter in cell.parameters(D, H, proj_size=proj_size).items():
        weights[name] = torch.randn(parameter.shape, dtype=torch.float64)
        if parameter.init is not None:
            parameter.init(weights[name])
            weights[name] += torch.rand(parameter.shape, dtype=torch.float64)
    return weights
