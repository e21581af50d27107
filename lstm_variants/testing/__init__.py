"""Checks of properties that hold for every recurrence."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from inspect import signature

import torch
from torch import random

from lstm_variants.cells import Cell
from lstm_variants.equations import documentation
from lstm_variants.testing import laws, stated

__all__ = ["check_cell"]


def check_cell(cell: Cell, seed: int = 0, *, leave_out: str | Sequence[str] = ()) -> list[str]:
    """Check a cell with small random layers, in float64 on the CPU unless stated otherwise.

    Args:
        cell: The cell.
        seed: Seed of the random numbers. The state of the global generator does not change.
        leave_out: Properties that are not checked, each given by the first words of its line in
            the result: those that the cell violates on purpose, such as derivatives of a step that
            rounds.

    Returns:
        The properties that were checked, one line each.

    Raises:
        AssertionError: If a property does not hold; the message names it.
        ValueError: If no property begins with an element of `leave_out`.
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
        without biases, a layer computes what it computes with biases of zero
        steps past the end of a sequence have no influence
        a sequence without steps keeps its state
        the reverse direction is the forward one on the reversed sequence
        a reset starts a new sequence, in both directions
        first and second derivatives agree with finite differences
        at 1, a gate of the role keep keeps more of the state, and one of write adds more to it
        the kept share, which time constants are computed from, is the state's own factor
        half precision is close to float32
        recurrent dropout applies to the recurrent weights alone
        the documented equations agree with the step
    """
    assert isinstance(cell, Cell), (
        f"check_cell should get an instance of a Cell, as in check_cell(MyCell()), got {cell!r}"
    )
    checks = [
        stated.check_parts,
        laws.check_split,
        laws.check_batch,
        stated.check_biases,
        laws.check_padding,
        laws.check_no_steps,
        laws.check_reversal,
        laws.check_restart,
        laws.check_derivatives,
        stated.check_roles,
        stated.check_kept_share,
        laws.check_half_precision,
    ]
    if "seen" in signature(cell.step).parameters:
        checks.append(laws.check_seen)
    if documentation(cell) is not None:
        checks.append(stated.check_equations)
    else:
        text = f"{type(cell).__name__} has no documented equations to check its step against: "
        text += r"there is no \begin{aligned} in its docstring"
        if set("\a\b\f\v") & set("".join(kind.__doc__ or "" for kind in type(cell).__mro__)):
            text += r', where Python read \b as a backspace: one with backslashes needs r"""'
        warnings.warn(text, stacklevel=2)
    left = (leave_out,) if isinstance(leave_out, str) else tuple(leave_out)
    for words in left:
        if not words or not any(property_of(check).startswith(words) for check in checks):
            known = "; ".join(map(property_of, checks))
            raise ValueError(f"leave_out has {words!r}, with which none of these begins: {known}")
    checks = [check for check in checks if not property_of(check).startswith(left)]
    if not __debug__:
        raise RuntimeError("check_cell needs assertions: run Python without -O")
    with (
        random.fork_rng([]),
        torch.device("cpu"),
        # The caller's modes would make the checks of derivatives and of dtypes fail.
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
    ):
        for check in checks:
            torch.default_generator.manual_seed(seed)  # not those of accelerators
            try:
                check(cell)
            except Exception as error:
                name = repr(cell) if is_dataclass(cell) else type(cell).__name__
                raise AssertionError(f"{name}: {property_of(check)}, but {error}") from error
    return list(map(property_of, checks))


def property_of(check: Callable[[Cell], None]) -> str:
    """What a function checks: its docstring as a part of a sentence."""
    text = (check.__doc__ or "").rstrip(".")
    return text[0].lower() + text[1:]
