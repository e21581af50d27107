"""The call of a layer, and the interface of a backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from lstm_variants.cells import Cell, State, Weights
from lstm_variants.steps import Masks
from lstm_variants.torch_internals import is_compiling


class Call(NamedTuple):
    """One layer over one batch of sequences.

    Attributes:
        cell: The recurrence.
        x: Input, `[T, B, D]`.
        weights: The parameters of each direction: forward, and backward if there are two.
        states: The state before the first step, of each direction.
        lengths: Valid steps of each sequence, `[B]`, integers from 0 to `T`; all if `None`.
        resets: Where the state is reset to its start value before a step, `[T, B]`, bool; nowhere
            if `None`.
        masks: Masks of dropout and zoneout, of each direction; none if `None`.
    """

    cell: Cell
    x: Tensor
    weights: tuple[Weights, ...]
    states: tuple[State, ...]
    lengths: Tensor | None = None
    resets: Tensor | None = None
    masks: tuple[Masks, ...] | None = None

    def tensors(self) -> Iterator[Tensor]:
        """All tensors that may have gradients."""
        yield self.x
        for group in (*self.weights, *self.states):
            yield from (tensor for tensor in group if tensor is not None)

    def __str__(self) -> str:
        T, B, D = self.x.shape
        H = self.weights[0].weight_ih.shape[0] // len(self.cell.blocks)
        directions = "" if len(self.weights) == 1 else f" in {len(self.weights)} directions"
        given = [name for name in ("lengths", "resets", "masks") if getattr(self, name) is not None]
        more = f" with {', '.join(given)}" if given else ""
        return f"{shown(self.cell)}{directions}, T={T} B={B} D={D} H={H}{more}"


def is_recorded(tensors: Iterable[Tensor]) -> bool:
    """Whether autograd records what is computed from some tensors."""
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def shown(cell: Cell) -> str:
    """A cell in a message. While tracing, its settings can be symbolic and have no repr."""
    return "this cell" if is_compiling() else repr(cell)


def computing_dtype(x: Tensor) -> torch.dtype:
    """The dtype of the products: the input's, or autocast's, which leaves float64 as it is."""
    device = x.device.type
    if x.dtype != torch.float64 and torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return x.dtype


def with_tensors(call: Call, flat: Sequence[Tensor]) -> Call:
    """The call with other tensors, in the order of `Call.tensors`."""
    new = iter(flat)

    def refill(group: Any) -> Any:
        return type(group)(*(None if tensor is None else next(new) for tensor in group))

    x = next(new)
    weights: tuple[Weights, ...] = tuple(refill(w) for w in call.weights)
    return call._replace(x=x, weights=weights, states=tuple(refill(s) for s in call.states))


def in_dtype(
    call: Call,
    dtype: torch.dtype,
    inner: torch.dtype,
    compute: Callable[[Call], tuple[Tensor, list[State]]],
) -> tuple[Tensor, list[State]]:
    """Compute a call whose dtype is `dtype` in another one.

    Input, weights and states are rounded to `dtype` first, as autocast does it, and results last.
    What lies between is exact to the inner dtype.

    Args:
        call: The call.
        dtype: The dtype of its results.
        inner: The dtype that `compute` gets.
        compute: Computes a call.
    """
    # Under autocast, weights and states may have another dtype than the input.
    if call.x.dtype == dtype == inner and not torch.is_autocast_enabled(call.x.device.type):
        return compute(call)
    rounded = with_tensors(call, [t.to(dtype).to(inner) for t in call.tensors()])
    with torch.autocast(call.x.device.type, enabled=False):
        output, states = compute(rounded)
    state_type = call.cell.state_type
    return output.to(dtype), [state_type(*(field.to(dtype) for field in s)) for s in states]


class Backend(Protocol):
    """An implementation of layers.

    It has to respect the lengths, resets and masks of a call, or return them as the reason in
    `unsupported_reason`.

    Attributes:
        name: The name that layers and `choose` take.
    """

    name: str

    def unsupported_reason(self, call: Call) -> str | None:
        """Why this call is not supported; `None` if it is."""

    def details(self, call: Call) -> str:
        """How a supported call runs, for `explain`: its instruction set, for example, or empty."""

    def run(self, call: Call) -> tuple[Tensor, list[State]]:
        """Compute a supported call.

        Returns:
            The outputs of all steps, directions side by side, `[T, B, directions * P]`, and the
            state of each direction after its last step.
        """
