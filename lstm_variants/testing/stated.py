"""What a cell states about itself: its parts, the roles of its blocks, its equations."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import is_dataclass
from typing import get_args

import torch

from lstm_variants.cells import Block, Cell, Field
from lstm_variants.cells.cell import Role
from lstm_variants.evaluate import evaluate_step
from lstm_variants.nn import Recurrent, init
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
    if cell.projects:
        layer, x = Recurrent(cell, D, H, proj_size=P, dtype=torch.float64), random_input()
        output, (h, *_) = run(layer, x)
        assert output.shape[-1] == h.shape[-1] == P, (
            f"with proj_size={P}, the output is {list(output.shape)} and h is {list(h.shape)}"
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
    """Gates of the role keep keep the state, those of the role write replace it."""
    roles = {block.role for block in cell.blocks} & {"keep", "write"}
    has_biases = any(name.startswith("bias") for name in cell.parameters(D, H))
    if roles and has_biases:
        kept, replaced = kept_state(cell, roles, 40.0), kept_state(cell, roles, -40.0)
        gates = (block for block in cell.blocks if block.role in roles)
        listed = ", ".join(f"{block.name} ({block.role})" for block in gates)
        assert kept > replaced - 1e-6, (
            f"with {listed}, less of the state is kept where gates to keep are 1 and those to "
            "write are 0 than the other way round: a gate that keeps the state at 0 has the role "
            "write"
        )


def kept_state(cell: Cell, roles: Set[str | None], bias: float) -> float:
    """How much of a field of the state is left after a step, at most, with gates set by biases.

    Args:
        cell: The cell.
        roles: The roles of its gates.
        bias: The bias of gates to keep; those to write have its negative.
    """
    layer = new_layer(cell)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith("weight"):
                parameter.zero_()
    for role, value in (("keep", bias), ("write", -bias)):
        if role in roles:
            init.gate_bias_(layer, role, value)
    weights = layer._weights(layer._weight_names[0])
    start = cell.initial_state(torch.zeros(B, 1, dtype=torch.float64), H)
    fields = [torch.randn_like(field).requires_grad_() for field in start]
    wx = cell.project(random_input()[0], weights)
    after, _ = cell.step(wx, cell.state_type(*fields), weights)
    slopes = (
        torch.autograd.grad(new.sum(), old, retain_graph=True, materialize_grads=True)[0]
        for old, new in zip(fields, after, strict=True)
    )
    return max(slope.abs().mean().item() for slope in slopes)


def check_equations(cell: Cell) -> None:
    """The documented equations agree with the step."""
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
