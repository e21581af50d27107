"""Gates and states of a layer, step by step."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from lstm_variants.cells import Cell, Gates, State, Weights
from lstm_variants.kernels import Backend, Call
from lstm_variants.kernels.dispatch import observed
from lstm_variants.scan import scan, valid_steps

__all__ = ["trace"]


def trace(module: nn.Module, /, *inputs: Any, **keywords: Any) -> list[dict[str, Tensor]]:
    """Run a module once, and record each step of every recurrent layer of this package in it.

    The module runs as usual. Before each layer runs, its equations are computed once more from its
    input by [`scan`][lstm_variants.scan.scan], and recorded step by step. Gradients flow through
    the recorded tensors; under `torch.no_grad` it is cheaper.

    Args:
        module: Any module with layers of this package inside, or one of them.
        *inputs: What to call it with.
        **keywords: Keyword arguments of the call.

    Returns:
        One for each layer and direction, in the order in which they run, which for one module is
        that of `h_n`: its gates and the candidate, then its state after each step, by their letters
        in the cell's equations, `i f g o h c` for an LSTM and `r z n h` for a GRU. Each is
        `[T, B, H]` (`h` `[T, B, P]` if projected), whatever the layout of the input, and in the
        order of the input's steps for both directions; zero past the end of a sequence. A gate that
        a variant does not have is not among them. In half precision the memory is in float32.

    Raises:
        ValueError: If no layer of this package ran where it can be traced, which excludes
            compiled modules and other threads; or if one ran on sequences without steps.

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
    found: list[dict[str, Tensor]] = []

    # Recorded before the layer runs: the model may change its input in place later.
    def on_call(call: Call, _: Backend) -> None:
        found.extend(record_steps(call))

    with observed(on_call):
        module(*inputs, **keywords)
    if not found:
        raise ValueError(
            f"no recurrent layer of this package ran in {type(module).__name__}, or it ran where "
            "it cannot be traced: inside a compiled module, or in another thread"
        )
    return found


def record_steps(call: Call) -> list[dict[str, Tensor]]:
    """Gates and states of each step of a layer, for each direction."""
    found = []
    for direction, (w, state) in enumerate(zip(call.weights, call.states, strict=True)):
        cell = RecordingCell(call.cell)
        scan(cast(Cell, cell), call.x, w, state, lengths=call.lengths, reverse=direction == 1)
        if not cell.steps:
            raise ValueError(f"there is no step to trace: {call}")
        recorded = cell.steps[::-1] if direction == 1 else cell.steps
        steps = {name: torch.stack([step[name] for step in recorded]) for name in recorded[0]}
        if call.lengths is not None:
            valid = valid_steps(call.x, call.lengths)
            steps = {name: values.where(valid, 0) for name, values in steps.items()}
        found.append(steps)
    return found


class RecordingCell:
    """A cell that records the gates and the state of each step."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.steps: list[dict[str, Tensor]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cell, name)

    def step(self, wx: Tensor, state: State, w: Weights) -> tuple[State, Gates]:
        after, gates = self.cell.step(wx, state, w)
        names = self.cell.state_type._fields
        self.steps.append(gates | dict(zip(names, after, strict=True)))
        return after, gates
