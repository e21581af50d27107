"""The reference implementation of the loop over time steps, in Python."""

from __future__ import annotations

import torch
from torch import Tensor

from lstm_variants.cells import Cell, Gates, State, Weights
from lstm_variants.steps import Masks, Steps

__all__ = ["Masks", "scan"]


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
        ValueError: If `x` is not 3-D, if `lengths` are out of range (not checked under
            `torch.func.vmap`) or not of shape `[B]`, if `resets` are not of shape `[T, B]`, or if
            `w` does not have the parameters of the cell, or one has another shape.

    Examples:
        >>> import torch
        >>> from lstm_variants.cells import LSTMCell, Weights
        >>> from lstm_variants.time_loop import scan
        >>> T, B, D, H = 5, 2, 3, 4
        >>> w = Weights(weight_ih=torch.randn(4 * H, D), weight_hh=torch.randn(4 * H, H))
        >>> output, state = scan(LSTMCell(), torch.randn(T, B, D), w)
        >>> output.shape, state.c.shape
        (torch.Size([5, 2, 4]), torch.Size([2, 4]))
        >>> torch.equal(output[-1], state.h)
        True
    """
    if x.dim() != 3:
        raise ValueError(f"x should have shape [T, B, D], got {list(x.shape)}")
    T, B, _ = x.shape
    steps = Steps(cell, x, w, state, lengths, resets, masks, reverse)
    # unbind instead of wx[t]: its gradient is one stack, that of indexing a sum of T full tensors.
    inputs = {name: tensor.unbind() for name, tensor in steps.inputs.items()}
    state = steps.first
    outputs: list[Tensor] = []
    for t in reversed(range(T)) if reverse else range(T):
        at_t = {name: tensors[t] for name, tensors in inputs.items()}
        state, output, gates = steps.advance(state, at_t)
        outputs.append(output)
        if record is not None:
            record.append((state, gates))
    dtype = outputs[0].dtype if outputs else steps.inputs["wx"].dtype
    # Without steps, the last state is a copy of the first.
    last: State = cell.state_type(*(s.to(dtype, copy=not outputs) for s in state))
    if not outputs:
        wx = steps.inputs["wx"]  # with it, there is a graph
        return wx.new_zeros(0, B, steps.width) + 0 * wx.sum(), last
    return torch.stack(outputs[::-1] if reverse else outputs), last
