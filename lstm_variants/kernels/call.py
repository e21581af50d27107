"""The call of a layer: the one form in which it travels from the module to a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_variants.cells import Cell, State, Weights
from lstm_variants.steps import Masks
from lstm_variants.torch_internals import is_compiling

Shape = tuple[int, ...]


class Call(NamedTuple):
    """One layer over one batch of sequences.

    Attributes:
        cell: The recurrence.
        x: Input, `[T, B, D]`; packed, `[N, D]`.
        weights: The parameters of each direction: forward, and backward if there are two.
        states: The state before the first step, of all directions: each field `[directions, B, H]`,
            `h` `[directions, B, P]`.
        lengths: Valid steps of each sequence, `[B]`, integers from 0 to `T`; all if `None`.
        resets: Where the state is reset to its start value before a step, `[T, B]`, bool; nowhere
            if `None`.
        masks: Masks of dropout and zoneout, of each direction; none if `None`. Those of packed
            sequences have the padded form.
        batch_sizes: If sequences are packed, how many of them have each time step, `[T]`, int64 on
            the CPU. `x`, `resets` and the output then have N rows, those of a `PackedSequence`, in
            place of T and B, and there are no lengths.
        is_direct: Whether its tensors are ordinary ones on the CPU, and nothing besides autograd
            takes part: no tracing, transform, forward-mode derivative, autocast or other mode.
            False also where this is unknown.
    """

    cell: Cell
    x: Tensor
    weights: tuple[Weights, ...]
    states: State
    lengths: Tensor | None = None
    resets: Tensor | None = None
    masks: tuple[Masks, ...] | None = None
    batch_sizes: Tensor | None = None
    is_direct: bool = False

    @property
    def directions(self) -> int:
        """1, or 2 if the layer is bidirectional."""
        # Not for code that torch.compile traces: torch 2.9 does not read properties of tuples.
        return len(self.weights)

    @property
    def hidden_size(self) -> int:
        """H, the size of a block of the weights."""
        return self.sizes[3]

    @property
    def sizes(self) -> tuple[int, int, int, int, int]:
        """T, B, D, H and P, the size of the output of a direction: H without a projection."""
        if self.batch_sizes is None:
            T, B, D = self.x.shape
        else:
            (_, D), T, B = self.x.shape, len(self.batch_sizes), self.states[0].shape[1]
        projection = getattr(self.weights[0], "weight_hr", None)
        P = self.states[0].shape[-1]
        return T, B, D, P if projection is None else projection.shape[1], P

    @property
    def output_shape(self) -> Shape:
        """The shape of the output of all steps, directions side by side."""
        return *self.x.shape[:-1], self.directions * self.sizes[4]

    @property
    def weight_names(self) -> tuple[str, ...]:
        """The names of the weights that each direction has."""
        weights = self.weights[0]
        pairs = zip(weights._fields, weights, strict=True)
        return tuple([name for name, tensor in pairs if tensor is not None])

    @property
    def has_steps(self) -> bool:
        """Whether there is a sequence and a step."""
        return 0 not in self.x.shape[:-1]

    def flatten(self) -> list[Tensor]:
        """All tensors that may have gradients: input, weights of each direction, states."""
        return [
            self.x,
            *[t for group in self.weights for t in group if t is not None],
            *self.states,
        ]

    def unflatten(self, flat: Iterable[Any]) -> Call:
        """The same call with other tensors, in the order of `flatten`."""
        new = iter(flat)
        x = next(new)
        return Call(
            self.cell,
            x,
            tuple([refilled(group, new) for group in self.weights]),
            refilled(self.states, new),
            self.lengths,
            self.resets,
            self.masks,
            self.batch_sizes,
        )

    def contiguous(self, flat: Sequence[Tensor]) -> Call:
        """The same values in the layout of kernels: contiguous, but for T and B of the input.

        Args:
            flat: The result of `flatten`.
        """
        x = contiguous_rows(self.x)
        given = self.lengths, self.resets, self.batch_sizes
        others = [t for t in (*flat[1:], *given) if t is not None]
        if x is self.x and all(map(Tensor.is_contiguous, others)):
            return self
        lengths, resets, sizes = [None if t is None else t.contiguous() for t in given]
        call = self._replace(lengths=lengths, resets=resets, batch_sizes=sizes)
        return call.unflatten([x, *[t.contiguous() for t in flat[1:]]])

    def padded(self) -> Call:
        """Packed sequences as a padded batch with lengths, in the same order."""
        assert self.batch_sizes is not None
        x, lengths = pad_packed_sequence(PackedSequence(self.x, self.batch_sizes))
        resets = None
        if self.resets is not None:
            resets = pad_packed_sequence(PackedSequence(self.resets, self.batch_sizes))[0]
        return self._replace(x=x, lengths=lengths, resets=resets, batch_sizes=None, is_direct=False)

    def check_shapes(self, flat: Sequence[Tensor]) -> None:
        """Check that sizes fit together: kernels read memory by them.

        Args:
            flat: The result of `flatten`.

        Raises:
            ValueError: If a shape is not what it should be.
        """
        x, state = self.x, self.states[0]
        projection = getattr(self.weights[0], "weight_hr", None)
        sizes = self.batch_sizes
        if x.dim() != (3 if sizes is None else 2) or state.dim() != 3:
            rows = "[T, B, D]" if sizes is None else "[N, D]"
            raise ValueError(
                f"x should be {rows} and a state [directions, B, H], got {list(x.shape)} and "
                f"{list(state.shape)}"
            )
        if sizes is not None and sizes.dim() != 1:
            raise ValueError(f"batch_sizes should be [T], got {list(sizes.shape)}")
        if projection is not None and projection.dim() != 2:
            raise ValueError(f"weight_hr should be [P, H], got {list(projection.shape)}")
        _, B, D, H, P = self.sizes
        if H < 1 or P < 1:
            raise ValueError(f"a layer should have at least one hidden unit, got H={H} and P={P}")
        P = 0 if projection is None else P
        expected = shapes_of(self.cell, self.weight_names, len(self.weights), B, D, H, P)
        if tuple([t.shape for t in flat[1:]]) != expected:  # all at once: before each call
            for name, tensor, shape in zip(
                self.tensor_names, flat, (x.shape, *expected), strict=True
            ):
                if tensor.shape != shape:
                    raise ValueError(mismatch(name, tensor, shape, x))
        if self.lengths is not None and self.lengths.shape != (B,):
            raise ValueError(mismatch("lengths", self.lengths, (B,), x, torch.int64))
        if self.resets is not None and self.resets.shape != x.shape[:-1]:
            raise ValueError(mismatch("resets", self.resets, x.shape[:-1], x, torch.bool))
        if self.masks is not None:
            check_mask_shapes(self.masks, x, flat[len(flat) - len(self.states) :])

    def check(self, flat: Sequence[Tensor]) -> None:
        """Check that tensors fit together, also in dtype and device.

        Args:
            flat: The result of `flatten`.

        Raises:
            ValueError: If a shape, a dtype or a device is not what it should be.
        """
        self.check_shapes(flat)
        x, dtype = self.x, self.x.dtype
        # A list takes less time than a generator, and is_cpu less than device.
        if [t.dtype is dtype and t.is_cpu for t in flat].count(True) < len(flat):
            for name, tensor in zip(self.tensor_names, flat, strict=True):
                if tensor.dtype != dtype or tensor.device != x.device:
                    raise ValueError(mismatch(name, tensor, tensor.shape, x))
        if self.lengths is not None:
            check_steps("lengths", self.lengths, x, torch.int64)
        if self.resets is not None:
            check_steps("resets", self.resets, x, torch.bool)
        if self.batch_sizes is not None:
            check_steps("batch_sizes", self.batch_sizes, x, torch.int64)
        for masks in self.masks or ():
            for mask in masks.zoneout_masks:
                if isinstance(mask, Tensor):
                    check_steps("a mask of zoneout", mask, x, torch.bool)
            factors = masks.dropout_factors
            if factors is not None and factors.device != x.device:
                raise ValueError(mismatch("dropout_factors", factors, factors.shape, x))

    @property
    def tensor_names(self) -> tuple[str, ...]:
        """The names of the tensors of `flatten`."""
        return ("x", *(self.weight_names * len(self.weights)), *self.cell.state_type._fields)

    def __str__(self) -> str:
        T, B, D, H, _ = self.sizes
        directions = "" if self.directions == 1 else f" in {self.directions} directions"
        optional = "lengths", "resets", "masks", "batch_sizes"
        given = [name for name in optional if getattr(self, name) is not None]
        more = f" with {', '.join(given)}" if given else ""
        cell = format_cell(self.cell)
        return f"{cell}{directions}, T={T} B={B} D={D} H={H}{more}"


def initial_states(
    cell: Cell, x: Tensor, count: int, hidden_size: int, proj_size: int = 0, B: int | None = None
) -> State:
    """The initial states of a cell for several layers or directions, `[count, B, ...]`.

    Args:
        cell: The cell.
        x: The input, for its dtype and device.
        count: The number of layers or directions.
        hidden_size: `H`.
        proj_size: Size of the projected output; 0 if there is no projection.
        B: How many sequences there are. Defaults to that of an input `[T, B, D]`.
    """
    B, states = x.shape[1] if B is None else B, []
    if type(cell).initial_state is Cell.initial_state:
        size = proj_size or hidden_size
        for field in cell.state_fields:
            zeros = x.new_zeros(count, B, size)
            states.append(zeros + field.start if field.start else zeros)
            size = hidden_size
    else:
        own = cell.initial_state(x.new_empty(B, 0), hidden_size, proj_size)
        states = [field.expand(count, *field.shape) for field in own]
    state: State = cell.state_type(*states)
    return state


def packed_rows(padded: Tensor, batch_sizes: Tensor) -> Tensor:
    """The rows of a padded batch, `[T, B, ...]`, that packed sequences have, `[N, ...]`.

    Args:
        padded: The batch, its sequences in the order of decreasing length.
        batch_sizes: How many sequences have each time step, `[T]`.
    """
    places = torch.arange(padded.shape[1], device=batch_sizes.device)
    lengths = (places[:, None] < batch_sizes).sum(1)
    return pack_padded_sequence(padded, lengths).data


def refilled(group: Any, new: Iterator[Any]) -> Any:
    """A named tuple of tensors with others in their place; what is `None` stays it."""
    return type(group)._make([None if tensor is None else next(new) for tensor in group])


def check_steps(name: str, tensor: Tensor, like: Tensor, dtype: torch.dtype) -> None:
    """Raise ValueError if lengths, resets or batch sizes have a wrong dtype or device."""
    if tensor.dtype != dtype or tensor.device != like.device:
        raise ValueError(mismatch(name, tensor, tensor.shape, like, dtype))


def check_mask_shapes(masks: Sequence[Masks], x: Tensor, states: Sequence[Tensor]) -> None:
    """Raise ValueError if masks do not fit the input or the states of a call.

    Args:
        masks: The masks of each direction.
        x: The input, `[T, B, D]`.
        states: The state before the first step, `[directions, B, ...]`.
    """
    if len(masks) != len(states[0]) or x.dim() != 3:
        raise ValueError(
            f"masks should be those of {len(states[0])} direction(s) of an input [T, B, D], got "
            f"{len(masks)} for an input {list(x.shape)}"
        )
    for factors, zoneout in masks:
        if factors is not None and factors.shape != states[0].shape[1:]:
            raise ValueError(mismatch("dropout_factors", factors, states[0].shape[1:], x))
        if len(zoneout) != len(states):
            raise ValueError(f"zoneout_masks should have {len(states)} fields, got {len(zoneout)}")
        for mask, state in zip(zoneout, states, strict=True):
            shape = (x.shape[0], *state.shape[1:])
            if isinstance(mask, Tensor) and mask.shape != shape:
                raise ValueError(mismatch("a mask of zoneout", mask, shape, x, torch.bool))


def mismatch(
    name: str, tensor: Tensor, shape: Iterable[int], like: Tensor, dtype: torch.dtype | None = None
) -> str:
    """The message on a tensor that does not fit."""
    return (
        f"{name} should be {list(shape)}, {dtype or like.dtype} on {like.device}, "
        f"got {list(tensor.shape)}, {tensor.dtype} on {tensor.device}"
    )


def computed_shapes(
    cell: Cell, names: tuple[str, ...], directions: int, B: int, D: int, H: int, P: int
) -> tuple[Shape, ...]:
    """What `shapes_of` returns."""
    shapes = cell.parameter_shapes(D, H, proj_size=P)
    weights = tuple(tuple(shapes[name]) for name in names)
    others = ((directions, B, H),) * (len(cell.state_fields) - 1)
    return (*(weights * directions), (directions, B, P or H), *others)


cached_shapes = lru_cache(maxsize=1024)(computed_shapes)


def shapes_of(cell: Cell, names: tuple[str, ...], *sizes: int) -> tuple[Shape, ...]:
    """Shapes of the weights that a layer has, and then of its states, in all directions.

    Args:
        cell: The cell.
        names: The names of the weights.
        *sizes: The number of directions, B, D, H and P, which is 0 without a projection.
    """
    # Sizes can be symbols while tracing, which cannot be keys.
    shapes = cached_shapes if {*map(type, sizes)} == {int} else computed_shapes
    return shapes(cell, names, *sizes)


def contiguous_rows(tensor: Tensor) -> Tensor:
    """A tensor `[T, B, ...]` of any strides but the last."""
    # 0-D tensors fail the check of shapes.
    return tensor if tensor.dim() == 0 or tensor.stride(-1) == 1 else tensor.contiguous()


def is_recorded(tensors: Iterable[Tensor]) -> bool:
    """Whether autograd records what is computed from some tensors."""
    # A list takes less time than a generator.
    return torch.is_grad_enabled() and True in [tensor.requires_grad for tensor in tensors]


def format_cell(cell: Cell) -> str:
    """A cell in a message. While tracing, its settings can be symbolic and have no repr."""
    return "this cell" if is_compiling() else repr(cell)


def computing_dtype(x: Tensor) -> torch.dtype:
    """The dtype of the products: the input's, or autocast's, which leaves float64 as it is."""
    device = x.device.type
    if x.dtype != torch.float64 and torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return x.dtype


def in_dtype(
    call: Call,
    dtype: torch.dtype,
    inner: torch.dtype,
    compute: Callable[[Call], tuple[Tensor, State]],
) -> tuple[Tensor, State]:
    """Compute a call whose dtype is `dtype` in another one.

    Input, weights and states are rounded to `dtype` first, as autocast does it, and results last.
    Intermediates use the inner dtype.

    Args:
        call: The call.
        dtype: The dtype of its results.
        inner: The dtype that `compute` gets.
        compute: Computes a call.
    """
    # Under autocast, weights and states may have another dtype than the input.
    if call.x.dtype == dtype == inner and not torch.is_autocast_enabled(call.x.device.type):
        return compute(call)
    rounded = call.unflatten([t.to(dtype).to(inner) for t in call.flatten()])
    with torch.autocast(call.x.device.type, enabled=False):
        output, last = compute(rounded)
    return output.to(dtype), call.cell.state_type(*(field.to(dtype) for field in last))
