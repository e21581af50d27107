"""The reference implementation of the loop over time steps, in Python."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lstm_variants.cells import Cell, Gates, State, Weights
from lstm_variants.torch_internals import assert_when_run, is_fake, is_transformed

__all__ = ["Masks", "scan"]


class Masks(NamedTuple):
    """What is random in a call, in one direction.

    It is drawn before the call, so that second derivatives and a trace see the same.

    Attributes:
        seen: Factors of `h` as the recurrent weights see it, `[B, P]`: recurrent dropout.
        kept: For each field of the state, where its old value is kept after a step: zoneout. A mask
            `[T, B, H]`; the share of the old value, if the mean is taken instead; or `None`.
    """

    seen: Tensor | None
    kept: tuple[Tensor | float | None, ...]


def scan(
    cell: Cell,
    x: Tensor,
    w: Weights,
    state: State | None = None,
    *,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    masks: Masks | None = None,
    reverse: bool = False,
    record: list[tuple[State, Gates]] | None = None,
) -> tuple[Tensor, State]:
    """Apply a cell to every time step of a batch of sequences.

    All operations are PyTorch operations: the result is differentiable to any order and supports
    `torch.func`. In half precision (bfloat16, float16), the state fields that the cell marks
    `float32` are kept in float32 between time steps.

    Args:
        cell: The cell.
        x: Input, `[T, B, D]`.
        w: Parameters of the layer.
        state: Initial state. Defaults to the initial state of the cell.
        lengths: Number of valid time steps of each sequence, `[B]`, integers from 0 to `T`.
            Defaults to `T`. At padded time steps, the output is zero, the state is unchanged, and
            the input has no effect on results or gradients, even if it is NaN.
        resets: Where the state is reset to the start values of the cell before a time step,
            `[T, B]`, bool: the first steps of episodes that follow one another in a sequence.
            Results are those of each episode on its own, in both directions.
        masks: Masks of recurrent dropout and zoneout.
        reverse: Whether to run from the last time step to the first. With `lengths`, each sequence
            starts at its last valid step.
        record: Receives the state after each time step, and its gates and candidate, in the order
            of computation.

    Returns:
        The output `h` of all time steps in the order of `x`, `[T, B, P]`, and the final state.

    Raises:
        TypeError: If `lengths` are not integers, or `resets` not of dtype bool.
        ValueError: If `lengths` are out of range or not of shape `[B]`, if `resets` are not of
            shape `[T, B]`, or if `w` does not have the parameters of the cell.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import LSTMCell, Weights
        >>> from lstm_variants.scan import scan
        >>> T, B, D, H = 5, 2, 3, 4
        >>> w = Weights(weight_ih=torch.randn(4 * H, D), weight_hh=torch.randn(4 * H, H))
        >>> output, state = scan(LSTMCell(), torch.randn(T, B, D), w)
        >>> output.shape, state.c.shape
        (torch.Size([5, 2, 4]), torch.Size([2, 4]))
        >>> torch.equal(output[-1], state.h)
        True
    """
    T, B, _ = x.shape
    check_weights(cell, w)
    H = w.weight_ih.shape[0] // len(cell.blocks)
    projection = getattr(w, "weight_hr", None)
    P = H if projection is None else projection.shape[0]
    valid = None
    if lengths is not None:
        lengths = check_lengths(lengths, T, B)
        if torch.compiler.is_compiling():
            in_range = ((lengths >= 0) & (lengths <= T)).all()
            assert_when_run(in_range, "lengths should be from 0 to the number of time steps")
        valid = valid_steps(x, lengths)
        # Masked before the matrix product: masking only its result leaves NaN in the gradients.
        x = x.where(valid, 0)
    restart = None
    if resets is not None:
        restart = restarts(check_resets(resets, (T, B)).to(x.device), valid, reverse=reverse)
    if state is None:
        state = cell.initial_state(x.new_empty(B, 0), H, 0 if projection is None else P)
    dtype, float32 = state[0].dtype, torch.promote_types(x.dtype, torch.float32)
    in_float32 = [field.float32 for field in cell.state_fields]
    state = cell.state_type(
        *(s.to(float32) if upcast else s for s, upcast in zip(state, in_float32, strict=True))
    )

    step: Any = cell.step
    if masks is not None and masks.seen is not None:
        step = partial(step_with_dropout, cell, masks.seen)
    # unbind instead of wx[t]: its gradient is one stack, that of indexing a sum of T full tensors.
    wx = cell.project(x, w).unbind()
    outputs: list[Tensor] = []
    for t in reversed(range(T)) if reverse else range(T):
        if restart is not None:
            state = cell.state_type(
                *(
                    s.where(~restart[t], field.start)
                    for s, field in zip(state, cell.state_fields, strict=True)
                )
            )
        new, gates = step(wx[t], state, w)
        if masks is not None:
            new = cell.state_type(*map(partly_kept, state, new, masks.kept, repeat(t)))
        output = new[0].to(wx[t].dtype)
        if valid is None:
            outputs.append(output)
        else:
            outputs.append(output.where(valid[t], 0))
            new = cell.state_type(*(n.where(valid[t], s) for n, s in zip(new, state, strict=True)))
        state = new
        if record is not None:
            record.append((state, gates))
    if outputs:
        dtype = outputs[0].dtype
    last: State = cell.state_type(*(s.to(dtype) for s in state))
    if not outputs:
        return x.new_zeros(0, B, P), last
    return torch.stack(outputs[::-1] if reverse else outputs), last


def step_with_dropout(
    cell: Any, factors: Tensor, wx: Tensor, state: State, w: Weights
) -> tuple[State, Gates]:
    """A step in which the recurrent weights see `h` times some factors."""
    found: tuple[State, Gates] = cell.step(wx, state, w, seen=state[0] * factors)
    return found


def partly_kept(old: Tensor, new: Tensor, kept: Tensor | float | None, t: int) -> Tensor:
    """A field after step t, where some of its old value may be kept; see `Masks`."""
    if kept is None:
        return new
    old = old.to(new.dtype)  # under autocast, a new value may be in half precision
    return old.where(kept[t], new) if isinstance(kept, Tensor) else kept * old + (1 - kept) * new


def check_weights(cell: Cell, w: Weights) -> None:
    """Raise ValueError if `w` has no value for a parameter of the cell, or has other parameters."""
    parameters = cell.parameters(1, 1, proj_size=int(cell.projects))
    required = cell.parameters(1, 1, bias=False)
    for name, weight in zip(w._fields, w, strict=True):
        if weight is None and name in required:
            raise ValueError(f"{cell} requires {name}, got None")
        if weight is not None and name not in parameters:
            raise ValueError(f"{cell} has no parameter {name}: it should be None")


def check_lengths(lengths: Tensor, T: int, B: int) -> Tensor:
    """Check that lengths are `[B]` integers from 0 to `T`, and return them as int64.

    Where values are not available, only dtype and shape are checked. A compiled or exported program
    checks the values at run time; under `torch.func`, only the CPU kernels do.
    """
    lengths = torch.as_tensor(lengths)
    if lengths.dtype.is_floating_point or lengths.dtype.is_complex or lengths.dtype == torch.bool:
        raise TypeError(f"lengths should be integers, got {lengths.dtype}")
    if lengths.shape != (B,):
        raise ValueError(
            f"lengths should have one entry per sequence, shape [{B}], got {list(lengths.shape)}"
        )
    lengths = lengths.to(torch.int64)
    if has_values(lengths):
        check_length_values(lengths, T)
    return lengths


def check_resets(resets: Tensor, shape: Sequence[int]) -> Tensor:
    """Check that resets are booleans of a shape, and return them."""
    if not isinstance(resets, Tensor) or resets.dtype != torch.bool:
        found = resets.dtype if isinstance(resets, Tensor) else type(resets).__name__
        raise TypeError(f"resets should be a tensor of dtype torch.bool (x.bool()), got {found}")
    if resets.shape != tuple(shape):
        raise ValueError(
            "resets should have one entry per time step and sequence, shape "
            f"{list(shape)}, got {list(resets.shape)}"
        )
    return resets


def restarts(resets: Tensor, valid: Tensor | None, *, reverse: bool) -> Tensor:
    """The mask of time steps before which the state is reset, `[T, B, 1]`.

    Args:
        resets: The first steps of episodes, `[T, B]`.
        valid: The mask of valid time steps, `[T, B, 1]`.
        reverse: Whether time runs backward, where it is the last step of the episode before.
    """
    first = resets.unsqueeze(-1)
    if valid is not None:
        first = first & valid
    return torch.cat([first[1:], torch.zeros_like(first[:1])]) if reverse else first


def has_values(tensor: Tensor) -> bool:
    """Whether the values of a tensor are available: not in tracing or under `torch.func`."""
    return not (
        torch.compiler.is_compiling() or is_transformed(tensor) or is_fake(tensor) or tensor.is_meta
    )


def check_length_values(lengths: Tensor, T: int) -> None:
    """Raise ValueError if a length is below 0 or above `T`."""
    outside = (lengths < 0) | (lengths > T)
    if outside.any():
        raise ValueError(
            f"lengths should be from 0 to {T}, the number of time steps, "
            f"got {lengths[outside].tolist()}"
        )


def valid_steps(x: Tensor, lengths: Tensor) -> Tensor:
    """Return the mask of valid time steps, `[T, B, 1]`, of an input `[T, B, D]`."""
    time = torch.arange(len(x), device=x.device)[:, None]
    return (time < lengths.to(x.device)).unsqueeze(-1)
