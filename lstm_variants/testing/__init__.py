"""Checks of properties that hold for every recurrence."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from inspect import signature

import torch
from torch import random

from lstm_variants.cells import Cell
from lstm_variants.equations import documentation
from lstm_variants.names import suggestion
from lstm_variants.testing import declarations, laws

__all__ = ["CHECKS", "check_cell"]

CHECKS: dict[str, Callable[[Cell], None]] = {
    "parts": declarations.check_parts,
    "split": laws.check_split,
    "batch": laws.check_batch,
    "bias": declarations.check_biases,
    "padding": laws.check_padding,
    "no_steps": laws.check_no_steps,
    "reversal": laws.check_reversal,
    "resets": laws.check_resets,
    "derivatives": laws.check_derivatives,
    "roles": declarations.check_roles,
    "kept_share": declarations.check_kept_share,
    "half_precision": laws.check_half_precision,
    "recurrent_dropout": laws.check_recurrent_dropout,
    "equations": declarations.check_equations,
}
"""Every check by its identifier, in the order in which `check_cell` runs them."""


def check_cell(cell: Cell, seed: int = 0, *, leave_out: str | Sequence[str] = ()) -> dict[str, str]:
    """Check a cell with small random layers, in float64 on the CPU unless declarations otherwise.

    Args:
        cell: The cell.
        seed: Seed of the random numbers. The state of the global generator does not change.
        leave_out: Identifiers of checks that do not run, keys of `CHECKS`: those of properties that
            the cell violates on purpose, such as `"derivatives"` for a step that rounds.

    Returns:
        The properties that were checked, by the identifiers of their checks. Without an argument
        for recurrent dropout in its step, or without documented equations, a cell has no such
        check.

    Raises:
        AssertionError: If a property does not hold; the message names it and its check.
        ValueError: If `leave_out` has something else than identifiers of checks.
        RuntimeError: With Python's option `-O`, which removes assertions.

    Warns:
        UserWarning: If the cell has no [documented equations][lstm_variants.equations] to check.

    Examples:
        >>> from lstm_variants.cells import GRUCell
        >>> from lstm_variants.testing import check_cell
        >>> for check, checked in check_cell(GRUCell()).items():
        ...     print(f"{check}: {checked}")
        parts: the parts of the cell fit together
        split: a sequence in two parts gives the results of the whole sequence
        batch: a sequence of a batch does not depend on the others
        bias: without biases, a layer computes what it computes with biases of zero
        padding: steps past the end of a sequence have no influence
        no_steps: a sequence without steps keeps its state
        reversal: the reverse direction is the forward one on the reversed sequence
        resets: a reset starts a new sequence, in both directions
        derivatives: first and second derivatives agree with finite differences
        roles: a keep gate keeps more of the state at 1, a write gate adds more
        kept_share: the kept share is the derivative of the new state by the old one
        half_precision: half precision is close to float32
        recurrent_dropout: recurrent dropout applies to the recurrent weights alone
        equations: the documented equations agree with the step
    """
    assert isinstance(cell, Cell), (
        f"check_cell should get an instance of a Cell, as in check_cell(MyCell()), got {cell!r}"
    )
    omitted = {leave_out} if isinstance(leave_out, str) else {*leave_out}
    for name in omitted - CHECKS.keys():
        known = ", ".join(CHECKS)
        raise ValueError(f"leave_out should be of {known}, got {name!r}{suggestion(name, CHECKS)}")
    if not __debug__:
        raise RuntimeError("check_cell needs assertions: run Python without -O")
    if "h_recurrent" not in signature(cell.step).parameters:
        omitted.add("recurrent_dropout")
    if "equations" not in omitted and documentation(cell) is None:
        omitted.add("equations")
        warnings.warn(without_equations(cell), stacklevel=2)
    checks = {name: check for name, check in CHECKS.items() if name not in omitted}
    with (
        random.fork_rng([]),
        torch.device("cpu"),
        # The caller's modes would make the checks of derivatives and of dtypes fail.
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
    ):
        for name, check in checks.items():
            torch.default_generator.manual_seed(seed)  # not those of accelerators
            try:
                check(cell)
            except Exception as error:
                raise AssertionError(
                    f"{cell!r}, check {name!r}: {property_of(check)}, but {error}"
                ) from error
    return {name: property_of(check) for name, check in checks.items()}


def without_equations(cell: Cell) -> str:
    """The warning that a cell has no equations to check, with a hint to lost backslashes."""
    text = f"{type(cell).__name__} has no documented equations to check its step against: "
    text += r"there is no \begin{aligned} in its docstring"
    if set("\a\b\f\v") & set("".join(kind.__doc__ or "" for kind in type(cell).__mro__)):
        text += r', where Python read \b as a backspace: one with backslashes needs r"""'
    return text


def property_of(check: Callable[[Cell], None]) -> str:
    """What a function checks: its docstring as a part of a sentence."""
    text = (check.__doc__ or "").rstrip(".")
    return text[0].lower() + text[1:]
