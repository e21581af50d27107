"""The time steps of a batch of sequences: what each receives, and how the state goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lstm_variants.cells import Cell, Gates, State, Weights
from lstm_variants.torch_internals import (
    assert_when_run,
    is_compiling,
    is_fake,
    is_traced,
    is_transformed,
)


class Masks(NamedTuple):
    """Pre-sampled dropout and zoneout masks of a call, in one direction.

    They are drawn before the call, so that second derivatives and a trace have the same ones.

    Attributes:
        dropout_factors: Factors of `h` where the recurrent weights multiply it, `[B, P]`.
        zoneout_masks: For each field of the state, where its old value is kept after a step: a mask
            `[T, B, H]`, `[T, B, P]` for `h`; the share of the old value, if the mean is taken
            instead; or `None`.
    """

    dropout_factors: Tensor | None
    zoneout_masks: tuple[Tensor | float | None, ...]


class Steps:
    """The time steps of one direction, with lengths, resets and masks.

    The loop is in [`scan`][lstm_variants.time_loop.scan], or in an exported program.

    Attributes:
        first: The state before the first time step.
        inputs: What the time steps receive, each `[T, ...]`, by its name: the projected input `wx`,
            and if there are any, the masks of valid time steps and of resets, and of zoneout.
    """

    def __init__(
        self,
        cell: Cell,
        x: Tensor,
        w: Weights,
        state: State | None,
        lengths: Tensor | None,
        resets: Tensor | None,
        masks: Masks | None,
        reverse: bool,
    ) -> None:
        """Check and prepare; the arguments are those of `scan`."""
        T, B, _ = x.shape
        check_weights(cell, w)
        H = w.weight_ih.shape[0] // len(cell.blocks)
        projection = getattr(w, "weight_hr", None)
        self.cell, self.w, self.masks = cell, w, masks
        self.width = H if projection is None else projection.shape[0]
        valid = None
        if lengths is not None:
            lengths = check_lengths(lengths, T, B)
            if is_compiling():
                in_range = ((lengths >= 0) & (lengths <= T)).all()
                assert_when_run(in_range, "lengths should be from 0 to the number of time steps")
            valid = valid_steps(x, lengths)
            # Masked before the matrix product: masking only its result leaves NaN in the gradients.
            x = x.where(valid, 0)
        self.inputs = {"wx": cell.project(x, w)}
        if valid is not None:
            self.inputs["valid"] = valid
        if resets is not None:
            if type(cell).initial_state is not Cell.initial_state:
                raise ValueError(
                    f"resets need start values that are numbers, those of state_fields, and "
                    f"{type(cell).__name__} has an initial_state of its own"
                )
            resets = check_resets(resets, (T, B)).to(x.device)
            self.inputs["reset"] = reset_mask(resets, valid, reverse=reverse)
        self.zoneout_masks: list[float | str | None] = [None] * len(cell.state_fields)
        if masks is not None:
            for k, (field, mask) in enumerate(
                zip(cell.state_fields, masks.zoneout_masks, strict=True)
            ):
                if isinstance(mask, Tensor):
                    self.inputs[f"zoneout {field.name}"] = mask
                    self.zoneout_masks[k] = f"zoneout {field.name}"
                else:
                    self.zoneout_masks[k] = mask
        if state is None:
            state = cell.initial_state(
                x.new_empty(B, 0), H, 0 if projection is None else self.width
            )
        sizes = [self.width] + [H] * (len(state) - 1)
        for name, tensor, size in zip(cell.state_type._fields, state, sizes, strict=True):
            if tensor.shape != (B, size):
                raise ValueError(
                    f"{name} of {type(cell).__name__} should be [B, H], here {[B, size]}, got "
                    f"{list(tensor.shape)}"
                )
        float32 = torch.promote_types(x.dtype, torch.float32)
        self.first: State = cell.state_type(
            *(
                tensor.to(float32) if field.float32 else tensor
                for tensor, field in zip(state, cell.state_fields, strict=True)
            )
        )
        self.reset_values = () if resets is None else reset_values(cell, like=x)
        self.step: Any = cell.step
        if masks is not None and masks.dropout_factors is not None:
            self.step = partial(step_with_dropout, cell, masks.dropout_factors)

    def advance(self, state: State, inputs: Mapping[str, Tensor]) -> tuple[State, Tensor, Gates]:
        """One time step: the state after it, its output, its gates.

        Args:
            state: The state before the step.
            inputs: The tensors of `inputs` at this time step.
        """
        cell = self.cell
        if "reset" in inputs:
            state = cell.state_type(
                *(
                    s.where(~inputs["reset"], start)
                    for s, start in zip(state, self.reset_values, strict=True)
                )
            )
        new, gates = validate_step_result(cell, self.step(inputs["wx"], state, self.w))
        if self.masks is not None:
            masks = (inputs[m] if isinstance(m, str) else m for m in self.zoneout_masks)
            new = cell.state_type(*map(apply_zoneout, state, new, masks))
        output = new[0].to(inputs["wx"].dtype)
        if "valid" in inputs:
            valid = inputs["valid"]
            output = output.where(valid, 0)
            new = cell.state_type(*(n.where(valid, s) for n, s in zip(new, state, strict=True)))
        return new, output, gates


def validate_step_result(cell: Cell, result: Any) -> tuple[State, Gates]:
    """The state and the gates that a step returned; raise TypeError for anything else."""
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict):
        state, gates = result
        return state, gates
    shown = type(result).__name__ + (f" of {len(result)}" if isinstance(result, tuple) else "")
    raise TypeError(
        f"step of {type(cell).__name__} should return the new state and a dict of its gates, "
        f"which may be empty, got {shown}"
    )


def step_with_dropout(
    cell: Any, factors: Tensor, wx: Tensor, state: State, w: Weights
) -> tuple[State, Gates]:
    """A step whose recurrent weights multiply `h` times the factors of recurrent dropout."""
    result: tuple[State, Gates] = cell.step(wx, state, w, h_recurrent=state[0] * factors)
    return result


def apply_zoneout(old: Tensor, new: Tensor, mask: Tensor | float | None) -> Tensor:
    """A field after a step, where some of its old value may be kept; see `Masks`."""
    if mask is None:
        return new
    old = old.to(new.dtype)  # under autocast, a new value may be in half precision
    return old.where(mask, new) if isinstance(mask, Tensor) else mask * old + (1 - mask) * new


def check_weights(cell: Cell, w: Weights) -> None:
    """Raise ValueError if `w` has no value for a parameter of the cell, another one or a shape."""
    if w.weight_ih is None:
        raise ValueError(f"{cell} requires weight_ih, got None")
    D, H = w.weight_ih.shape[-1], w.weight_ih.shape[0] // len(cell.blocks)
    projection = getattr(w, "weight_hr", None) if cell.projects else None
    P = 0 if projection is None else projection.shape[0]
    parameters = cell.parameters(D, H, proj_size=P)
    required = cell.parameters(D, H, bias=False)
    if missing := required.keys() - {*w._fields}:
        names = ", ".join(sorted(missing))
        raise ValueError(f"{cell} requires {names}: w should be a {cell.weights_type.__name__}")
    for name, weight in zip(w._fields, w, strict=True):
        if weight is None and name in required:
            raise ValueError(f"{cell} requires {name}, got None")
        if weight is not None and name not in parameters:
            raise ValueError(f"{cell} has no parameter {name}: it should be None")
        # While tracing, sizes are symbols, and those of the call that is traced fit.
        if weight is not None and not is_traced() and weight.shape != parameters[name].shape:
            raise ValueError(
                f"{name} should be {list(parameters[name].shape)} for {cell} with D={D} and H={H}, "
                f"got {list(weight.shape)}"
            )


def check_lengths(lengths: Tensor, T: int, B: int) -> Tensor:
    """Check that lengths are `[B]` integers from 0 to `T`, and return them as int64.

    Where values are not available, only dtype and shape are checked. A compiled or exported program
    checks the values at run time; under `torch.func`, only the CPU kernels do.
    """
    if not isinstance(lengths, Tensor):  # as_tensor would move a tensor to the default device
        try:
            lengths = torch.as_tensor(lengths, device="cpu")
            lengths = lengths if lengths.numel() else lengths.long()  # of an empty list: float32
        except (RuntimeError, TypeError, ValueError) as error:
            raise TypeError(f"lengths should be integers, got {type(lengths).__name__}") from error
    check_length_dtype(lengths)
    if lengths.shape != (B,):
        raise ValueError(
            f"lengths should have one entry per sequence, shape [{B}], got {list(lengths.shape)}"
        )
    lengths = lengths.to(torch.int64)
    if has_values(lengths):
        check_length_values(lengths, T)
    return lengths


def check_length_dtype(lengths: Tensor) -> None:
    """Raise TypeError if lengths are not integers."""
    dtype = lengths.dtype
    if dtype.is_floating_point or dtype.is_complex or dtype == torch.bool:
        raise TypeError(f"lengths should be integers, got {dtype}")


def check_resets(resets: Tensor, shape: Sequence[int]) -> Tensor:
    """Check that resets are booleans of a shape, and return them."""
    if not isinstance(resets, Tensor) or resets.dtype != torch.bool:
        given = resets.dtype if isinstance(resets, Tensor) else type(resets).__name__
        raise TypeError(
            "resets should be a tensor of dtype torch.bool (torch.as_tensor(x, dtype=torch.bool)), "
            f"got {given}"
        )
    if resets.shape != tuple(shape):
        raise ValueError(
            "resets should have one entry per time step and sequence, shape "
            f"{list(shape)}, got {list(resets.shape)}"
        )
    return resets


def reset_values(cell: Cell, like: Tensor) -> tuple[Tensor | float, ...]:
    """The start values of the state, rounded to the dtype of the input as by `initial_state`."""
    float32 = torch.promote_types(like.dtype, torch.float32)
    return tuple(
        like.new_full((), field.start).to(float32 if field.float32 else like.dtype)
        if field.start
        else 0.0
        for field in cell.state_fields
    )


def reset_mask(resets: Tensor, valid: Tensor | None, *, reverse: bool) -> Tensor:
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
    return not (is_compiling() or is_transformed(tensor) or is_fake(tensor) or tensor.is_meta)


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
    time = torch.arange(x.shape[0], device=x.device)[:, None]
    return (time < lengths.to(x.device)).unsqueeze(-1)
