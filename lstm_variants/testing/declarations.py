"""Checks of what a cell declares: its parts, the roles of its blocks, its equations."""

from __future__ import annotations

from itertools import permutations, product
from typing import get_args

import torch
from torch import Tensor

from lstm_variants.cells import Block, Cell, Field, State
from lstm_variants.cells.cell import Role
from lstm_variants.equations.evaluation import evaluate_step, symbol_of
from lstm_variants.equations.latex import indexed
from lstm_variants.nn import Recurrent, init
from lstm_variants.steps import validate_step_result
from lstm_variants.testing.laws import (
    B,
    D,
    H,
    P,
    assert_same,
    new_layer,
    random_input,
    random_weights,
    run,
)


def check_parts(cell: Cell) -> None:
    """The parts of the cell fit together."""
    try:
        hash(cell)
    except TypeError as error:
        raise AssertionError(
            f"{error}: the settings of a cell should be values that can be hashed"
        ) from error
    kinds = {"blocks": Block, "peepholes": str, "state_fields": Field, "zoneout_fields": str}
    for name, kind in kinds.items():
        value = getattr(cell, name)
        fits = isinstance(value, tuple) and all(isinstance(item, kind) for item in value)
        assert fits, (
            f"{name} should be a tuple, each element a {kind.__name__}, not {value!r}: with one "
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
    of_biases = {name: spec for name, spec in parameters.items() if name.startswith("bias")}
    if not any(spec.blocks for spec in of_biases.values()):
        rowed = [name for name, spec in of_biases.items() if spec.shape == (rows,)]
        assert not rowed, (
            f"{' and '.join(rowed)} should state the blocks of the rows, Parameter(shape, letter, "
            "blocks): initialisers find the bias of a gate by them"
        )
    biases = [name for name in cell.parameters(D, H, bias=False) if name.startswith("bias")]
    assert not biases, f"with bias=False, parameters should not return {', '.join(biases)}"
    layer = new_layer(cell)
    state = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H)
    weights = layer.weights_of_cell()
    wx = cell.project(random_input()[0], weights)
    after, gates = validate_step_result(cell, cell.step(wx, state, weights))
    assert type(after) is cell.state_type, (
        f"step returns a {type(after).__name__} that is not cell.state_type: a property should "
        "return the same type each time, as with functools.cache"
    )
    for name, tensor in {**dict(zip(fields, after, strict=True)), **gates}.items():
        assert tensor.shape == (B, H), f"{name} is {list(tensor.shape)} after a step, not [B, H]"
    for name in gates.keys() & {*fields}:
        assert torch.equal(gates[name], getattr(after, name)), (
            f"step returns a gate {name}, which is not the field {name} of the state: trace shows "
            "one of them only"
        )
    for block in cell.blocks:
        # One that keeps or writes may be returned as its logarithm.
        is_gate = block.role in ("output", "reset") and block.name in gates
        assert not (is_gate and (gates[block.name] < 0).any()), (
            f"{block.name} has the role {block.role}, and negative values: it is not a gate"
        )
    missing = {block.name for block in cell.blocks if block.role in ("keep", "write")} - set(gates)
    assert not missing, f"step does not return {', '.join(sorted(missing))}, for trace"
    check_use(cell)
    if cell.projects:
        layer, x = Recurrent(cell, D, H, proj_size=P, dtype=torch.float64), random_input()
        output, (h, *_) = run(layer, x)
        assert output.shape[-1] == h.shape[-1] == P, (
            f"with proj_size={P}, the output is {list(output.shape)} and h is {list(h.shape)}"
        )


def check_use(cell: Cell) -> None:
    """Raise AssertionError if the result does not depend on a parameter at all."""
    layer = new_layer(cell)
    output, last = run(layer, random_input())
    names, parameters = zip(*layer.named_parameters(), strict=True)
    total = torch.stack([tensor.sum() for tensor in (output, *last)]).sum()
    gradients = torch.autograd.grad(total, parameters, allow_unused=True)
    pairs = zip(names, gradients, strict=True)
    unused = [name.removesuffix("_l0") for name, gradient in pairs if gradient is None]
    assert not unused, (
        f"no result has a derivative by {', '.join(unused)}: parameters() should return what the "
        "step uses; without a definition, it returns the parameters of an RNN"
    )


def check_biases(cell: Cell) -> None:
    """Without biases, a layer computes what it computes with biases of zero."""
    plain, zero, x = new_layer(cell, bias=False), new_layer(cell), random_input()
    values = plain.state_dict()
    zeros = {n: torch.zeros_like(p) for n, p in zero.state_dict().items() if n not in values}
    zero.load_state_dict(zeros | values)
    try:
        output, _ = run(plain, x)
    except Exception as error:
        raise AssertionError(f"a layer with bias=False fails: {error}") from error
    assert_same(output, run(zero, x)[0], "the output")


def check_roles(cell: Cell) -> None:
    """A keep gate keeps more of the state at 1, a write gate adds more."""
    layer = new_layer(cell)
    specs = cell.parameters(D, H).items()
    biased = {block for name, spec in specs if name.startswith("bias") for block in spec.blocks}
    start = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H)
    state = cell.state_type(*map(torch.randn_like, start))
    is_written = any(block.role == "candidate" for block in cell.blocks)
    # The candidate is not zero, where a relu would have no derivative, nor is what it may be
    # multiplied by.
    rows = [
        torch.randn(B, H, dtype=torch.float64) * (b.role in ("candidate", None))
        for b in cell.blocks
    ]
    candidate = torch.cat(rows, dim=-1)
    if cell.project(random_input()[0], layer.weights_of_cell()).shape != (candidate.shape):
        return  # what project returns has no blocks, and weight_ih acts in the step
    for block in cell.blocks:
        is_measured = block.role == "keep" or (block.role == "write" and is_written)
        if not is_measured or block.name not in biased:
            continue
        open_, closed = (
            slope(cell, layer, block, bias, state, candidate) for bias in (40.0, -40.0)
        )
        what = "is kept" if block.role == "keep" else "depends on the candidate"
        assert open_ > closed + 1e-6, (
            f"{block.name} has the role {block.role}, and no more of the state {what} where it is "
            "1 than where it is 0: a gate that keeps the state at 0 has the role write, one that "
            "does not write the candidate at 1 has another role or none"
        )


def slope(
    cell: Cell, layer: Recurrent, block: Block, bias: float, state: State, candidate: Tensor
) -> float:
    """How much a step's state depends on itself, or on the candidate for a block that writes.

    Args:
        cell: The cell.
        layer: A layer of it, whose weights and biases are set.
        block: The block.
        bias: Its bias; other biases, and weights, are zero.
        state: The state before the step.
        candidate: What is added to the projected input, the input of the candidate.
    """
    zero(layer, "weight", "bias")
    init.gate_bias_(layer, block.name, bias)
    weights = layer.weights_of_cell()
    nothing = torch.zeros(B, D, dtype=torch.float64)
    wx = (cell.project(nothing, weights) + candidate).detach().requires_grad_()
    fields = [field.clone().requires_grad_() for field in state]
    after, _ = cell.step(wx, cell.state_type(*fields), weights)
    total = 0.0
    for old, new in zip(fields, after, strict=True):
        leaf = old if block.role == "keep" else wx
        # Weighted by some numbers: the sum of a normalised vector has no derivative.
        derivative = elementwise_derivative(new * state[0], leaf)
        if block.role == "write":
            parts = zip(cell.blocks, derivative.chunk(len(cell.blocks), -1), strict=True)
            derivative = torch.stack([part for b, part in parts if b.role == "candidate"])
        total += derivative.abs().mean().item()
    return total


@torch.no_grad()
def zero(layer: Recurrent, *kinds: str) -> None:
    """Set all parameters whose names begin in one of these ways to zero."""
    for name, parameter in layer.named_parameters():
        if name.startswith(kinds):
            parameter.zero_()


def check_kept_share(cell: Cell) -> None:
    """The kept share is the derivative of the new state by the old one."""
    layer = new_layer(cell)
    # A recurrent weight may have any name; a positive parameter may have to stay positive.
    recurrent = "weight", *(n for n, p in cell.parameters(D, H).items() if p.init is None)
    errors = []
    for zeros in (recurrent, ("",)):
        zero(layer, *zeros)
        if (error := difference_of_kept_share(cell, layer)) is None:
            return
        errors.append(error)
    raise AssertionError(errors[0])


def difference_of_kept_share(cell: Cell, layer: Recurrent) -> str | None:
    """What differs from the kept share in a step; `None` if nothing does, or there is no share."""
    weights = layer.weights_of_cell()
    names = tuple(cell.state_type._fields)
    start = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H)
    first, second = torch.randn_like(cell.project(random_input()[:2], weights))
    state, gates = cell.step(first, cell.state_type(*map(torch.randn_like, start)), weights)
    old = {n: v.detach().requires_grad_() for n, v in zip(names, state, strict=True)}
    state, new_gates = cell.step(second, cell.state_type(**old), weights)
    new = dict(zip(names, state, strict=True))
    try:
        share = cell.kept_share(new_gates | new, gates | old)
    except ValueError:
        return None  # and its traces have no time constants
    if share.shape != (B, H):
        return f"kept_share is {list(share.shape)}, not [B, H]"
    derivatives = {name: elementwise_derivative(new[name], old[name]) for name in names}
    for name, other in permutations(names, 2):  # what is kept may be a quotient, as in an sLSTM
        derivatives[f"{name} / {other}"] = (
            elementwise_derivative(new[name] / new[other], old[name]) * old[other]
        )
    if any(torch.allclose(value, share) for value in derivatives.values()):
        return None
    values = ", ".join(f"{derivatives[name].mean().item():.3g} for {name}" for name in names)
    return (
        f"kept_share has the mean {share.mean().item():.3g}, and with recurrent weights of zero, "
        f"the derivative of the new state by the old one has the mean {values}: override "
        "kept_share, by default the gate of the role keep, or 1 minus that of the role write; "
        "where there is no such factor, let it raise ValueError"
    )


def elementwise_derivative(new: Tensor, old: Tensor) -> Tensor:
    """The derivative of a quantity by another, unit by unit; zero for a constant."""
    if not new.requires_grad:
        return torch.zeros_like(old)
    [derivative] = torch.autograd.grad(
        new.sum(), old, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return derivative


def check_equations(cell: Cell) -> None:
    """The documented equations agree with the step."""
    for proj_size, is_random in product((0, P) if cell.projects else (0,), (False, True)):
        w = cell.weights_type(**random_weights(cell, proj_size, with_init=not is_random))
        state = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H, proj_size)
        for x in random_input():
            expected = evaluate_step(cell, x, state, w, proj_size=proj_size)
            state, gates = cell.step(cell.project(x, w), state, w)
            got = gates | dict(zip(cell.state_type._fields, state, strict=True))
            for name in got:
                assert name in expected, f"there is no equation for {indexed(symbol_of(name), 't')}"
            # In the order of computation: the first difference is where the error is.
            for name in (name for name in expected if name in got):
                what = f"{name}_t with a projection" if proj_size else f"{name}_t"
                right = expected[name]
                if right.ndim == 1:  # a constant
                    right = right[:, None].expand_as(got[name])
                # With any random weights, a value may be the logarithm of a negative number.
                assert_same(got[name], right, what, equal_nan=is_random)
