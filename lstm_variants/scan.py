"""The one loop over time in Python."""

from __future__ import annotations

import torch
from torch import Tensor

from lstm_variants.cells import Cell, State, Weights
from lstm_variants.torch_internals import assert_when_run, is_fake, is_vmapped

__all__ = ["scan"]


def scan(
    cell: Cell,
    x: Tensor,
    w: Weights,
    state: State | None = None,
    *,
    lengths: Tensor | None = None,
    reverse: bool = False,
) -> tuple[Tensor, State]:
    """Apply a cell along time.

    Every operation is one of torch's, so the result is differentiable to any order and works under
    `torch.func`. In half precision (bfloat16, float16), the state fields that the cell marks
    `float32` are kept in float32 between steps.

    Args:
        cell: The recurrence.
        x: Input, `[T, B, D]`.
        w: Weights of the layer.
        state: State before the first step. The cell's start values if not given.
        lengths: Valid steps of each sequence, `[B]`, integers from 0 to `T`. Steps past the end
            give zeros, leave the state alone, and their input has no influence on anything, not
            even if it is NaN. All `T` steps are valid if not given.
        reverse: Run from the last step to the first. With `lengths`, each sequence starts at its
            own end.

    Returns:
        The outputs `h` of all steps in the order of `x`, `[T, B, P]`, and the state after the last
        step taken.

    Raises:
        TypeError: If `lengths` are no integers.
        ValueError: If they are not of shape `[B]` or out of range, or if `w` lacks weights that the
            cell has, or has some that it lacks.

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
            within = (lengths >= 0) & (lengths <= T)
            assert_when_run(within.all(), "lengths should be from 0 to the steps of the input")
        valid = valid_steps(x, lengths)
        # Masked before the product: a NaN that is only masked after it still reaches gradients.
        x = x.where(valid, 0)
    if state is None:
        state = cell.initial_state(x.new_empty(B, 0), H, 0 if projection is None else P)
    dtype, wide = state[0].dtype, torch.promote_types(x.dtype, torch.float32)
    in_float32 = [field.float32 for field in cell.state_fields]
    state = cell.state_type(
        *(s.to(wide) if keep else s for s, keep in zip(state, in_float32, strict=True))
    )

    # unbind, not wx[t]: its gradient is one stack, where indexing adds up T tensors of full size.
    wx = cell.project(x, w).unbind()
    outputs: list[Tensor] = []
    for t in reversed(range(T)) if reverse else range(T):
        new, _ = cell.step(wx[t], state, w)
        output = new[0].to(wx[t].dtype)
        if valid is None:
            outputs.append(output)
        else:
            outputs.append(output.where(valid[t], 0))
            new = cell.state_type(*(n.where(valid[t], s) for n, s in zip(new, state, strict=True)))
        state = new
    if outputs:
        dtype = outputs[0].dtype if in_float32[0] else state[0].dtype
    last: State = cell.state_type(*(s.to(dtype) for s in state))
    if not outputs:
        return x.new_zeros(0, B, P), last
    return torch.stack(outputs[::-1] if reverse else outputs), last


OPTIONAL = ("bias_ih", "bias_hh", "weight_hr")
"""Parameters that a layer may lack."""


def check_weights(cell: Cell, w: Weights) -> None:
    """Raise an error if weights are missing that the cell has, or there are others."""
    known = cell.parameters(1, 1, proj_size=int(cell.projects))
    for name, weight in zip(w._fields, w, strict=True):
        if weight is None and name in known and name not in OPTIONAL:
            raise ValueError(f"{cell} needs {name}")
        if weight is not None and name not in known:
            raise ValueError(f"{cell} has no place for {name}")


def check_lengths(lengths: Tensor, T: int, B: int) -> Tensor:
    """Raise an error unless lengths are `[B]` integers from 0 to `T`.

    Where values are not known, only types and shapes are checked here. A compiled or exported
    program checks the values when it runs; under `vmap`, the CPU kernels check them.
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


def has_values(tensor: Tensor) -> bool:
    """Whether the values of a tensor can be read: not while tracing or under `vmap`."""
    return not (
        torch.compiler.is_compiling() or is_vmapped(tensor) or is_fake(tensor) or tensor.is_meta
    )


def check_length_values(lengths: Tensor, T: int) -> None:
    """Raise an error if a length is below 0 or above `T`."""
    outside = (lengths < 0) | (lengths > T)
    if outside.any():
        raise ValueError(
            f"lengths should be from 0 to {T}, the steps of the input, "
            f"got {lengths[outside].tolist()}"
        )


def valid_steps(x: Tensor, lengths: Tensor) -> Tensor:
    """Which steps of `x`, `[T, B, D]`, are within their sequences, `[T, B, 1]`."""
    time = torch.arange(len(x), device=x.device)[:, None]
    return (time < lengths.to(x.device)).unsqueeze(-1)
