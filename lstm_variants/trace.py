"""Recording of gate activations and states at every time step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lstm_variants.cells import Gates, State
from lstm_variants.kernels import Backend, Call
from lstm_variants.kernels.dispatch import observed
from lstm_variants.kernels.reference import scan_direction
from lstm_variants.steps import valid_steps

__all__ = ["trace"]


def trace(module: nn.Module, /, *inputs: Any, **keywords: Any) -> list[dict[str, Tensor]]:
    """Run a module once, and record the time steps of every recurrent layer of this package in it.

    The module runs as usual. Before each layer runs, [`scan`][lstm_variants.scan.scan] computes its
    equations from the same input, and each time step is recorded. Gradients flow through the
    recorded tensors; use `torch.no_grad` if they are not needed.

    Args:
        module: A layer of this package, or a module that contains some.
        *inputs: Positional arguments of the call.
        **keywords: Keyword arguments of the call.

    Returns:
        One dictionary for each layer and direction, in the order in which they run, which for one
        module is that of `h_n`. Keys are the letters in the cell's equations: gates and candidate,
        then state fields; `i f g o h c` for an LSTM and `r z n h` for a GRU. A gate that the
        variant does not have is omitted. Values are `[T, B, H]` (`h` `[T, B, P]` if projected) for
        any layout of the input, in the time order of the input for both directions, and zero at
        padded time steps. In half precision, fields that the cell keeps in float32 are in float32.

    Raises:
        ValueError: If no layer of this package ran outside of compiled modules and in the calling
            thread, or if a layer ran on an input without time steps.

    Examples:
        >>> import torch
        >>> from lstm_variants.nn import PeepholeLSTM
        >>> from lstm_variants.trace import trace
        >>> [steps] = trace(PeepholeLSTM(8, 16), torch.randn(10, 32, 8))
        >>> list(steps), steps["f"].shape
        (['i', 'f', 'g', 'o', 'h', 'c'], torch.Size([10, 32, 16]))
        >>> c, f, i, g = (steps[k] for k in "cfig")
        >>> torch.allclose(c[5], f[5] * c[4] + i[5] * g[5])
        True
    """
    records: list[dict[str, Tensor]] = []

    # Before the layer runs: the model may modify the layer's input in place afterwards.
    def on_call(call: Call, _: Backend) -> None:
        records.extend(record_steps(call))

    with observed(on_call):
        module(*inputs, **keywords)
    if not records:
        raise ValueError(
            f"no recurrent layer of this package ran in {type(module).__name__}, or it cannot be "
            "traced: layers in a compiled module or in another thread are not observed"
        )
    return records


def record_steps(call: Call) -> list[dict[str, Tensor]]:
    """Compute gates and states of a layer at every time step, for each direction."""
    records = []
    for direction in range(len(call.weights)):
        recorded: list[tuple[State, Gates]] = []
        scan_direction(call, direction, recorded)
        if not recorded:
            raise ValueError(f"trace requires at least one time step, got T=0: {call}")
        if direction == 1:
            recorded.reverse()
        fields = call.cell.state_type._fields
        named = [gates | dict(zip(fields, after, strict=True)) for after, gates in recorded]
        steps = {name: torch.stack([step[name] for step in named]) for name in named[0]}
        if call.lengths is not None:
            valid = valid_steps(call.x, call.lengths)
            steps = {name: values.where(valid, 0) for name, values in steps.items()}
        records.append(steps)
    return records
