"""How calls are packed for the library: what does not change from call to call, made once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from struct import Struct
from typing import Any

import torch
from torch import Tensor

from lstm_variants.cells import Cell, JANETCell, State
from lstm_variants.kernels.call import Call
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.cpu.cells import kernel_named, kernel_of
from lstm_variants.steps import Masks
from lstm_variants.torch_internals import DLPACK_EXCHANGE_API

CONSTANT = ("is_double", "is_bfloat16")
"""What a plan fixes of a call besides the cell, the first in the library."""

MASKS = ("h_factors", "h_mask", "c_mask")
"""The names of the masks of a direction in call.h."""


class Packer:
    """Packs the fields of a call, of which each direction has some tensors and not others."""

    def __init__(
        self, layout: native.Layout, own: Sequence[str], halved: Sequence[str], directions: int
    ) -> None:
        """Find the places of tensors.

        Args:
            layout: The fields of a call in the library.
            own: The tensors that each direction has for itself, in the order in which `pack` gets
                them, one direction after the other.
            halved: The tensors that come then, which have all directions in their first dimension:
                the first direction of each, and then the second.
            directions: How many directions there are.
        """
        names = (*own, *halved)
        used = [name for name in layout.direction if name in names]
        absent = "".join("P" if name in names else "8x" for name in layout.direction)
        nothing = "8x" * len(layout.direction) * (2 - directions)
        struct = Struct(layout.head + absent * directions + nothing)
        assert struct.size == layout.size, "the fields of a call do not fit the library"
        self.pack = struct.pack
        places = [f"{name} {k}" for k in range(directions) for name in own]
        places += [f"{name} {k}" for k in range(directions) for name in halved]
        self.order = itemgetter(
            *(places.index(f"{u} {k}") for k in range(directions) for u in used)
        )


class Plan:
    """How calls of one configuration are packed: of one cell, with the same weights and dtype.

    Attributes:
        kernel: The cell's kernel.
        directions: How many directions there are.
        vector: How many numbers a vector of sums has.
        in_module: The same plan as the module beside the library takes it; `None` without one.
    """

    def __init__(
        self, cell: Cell, weights: tuple[str, ...], directions: int, dtype: torch.dtype
    ) -> None:
        """Make the plan.

        Args:
            cell: The cell, which has a kernel.
            weights: The names of the weights that each direction has.
            directions: How many directions there are.
            dtype: The dtype of the tensors.
        """
        library = native.kernels()
        name = kernel_of(cell)
        found = None if name is None else kernel_named(name)
        assert found is not None, f"there is no kernel for {cell}"
        self.kernel = kernel = found
        self.beta = cell.beta if isinstance(cell, JANETCell) else 0.0
        self.directions = directions
        settings = kernel.settings | {"kind": library.layout.kinds.index(kernel.kind)}
        self.fixed = (
            *(settings.get(setting, 0) for setting in library.layout.cell),
            dtype == torch.float64,
            dtype == torch.bfloat16,
        )
        saved_dtype = torch.float32 if dtype == torch.bfloat16 else dtype
        self.vector = native.PADDED_BYTES // saved_dtype.itemsize
        first = tuple(f"{field}_0" for field in kernel.fields)
        last = tuple(f"{field}_n" for field in kernel.fields)
        d_weights = ("d_x", *(f"d_{name}" for name in weights))
        d_states = tuple(f"d_{name}" for name in (*last, *first))
        groups = {
            "inference": (weights, (*first, *last)),
            "training": ((*weights, *kernel.saved), (*first, *last)),
            "backward": ((*weights, *kernel.saved, *d_weights), (*first, *d_states)),
        }
        self.packers = {
            (key, with_masks): Packer(
                library.layout, (*own, *(MASKS if with_masks else ())), halved, directions
            )
            for key, (own, halved) in groups.items()
            for with_masks in (False, True)
        }
        self.in_module: Any = None
        if library.module is not None:
            self.in_module = library.module.plan(
                DLPACK_EXCHANGE_API,
                library.address,
                self.without_tensors(),
                tuple(zip(weights, extents_of(cell, weights), strict=True)),
                kernel.fields,
                kernel.saved,
                None if saved_dtype == dtype else {"dtype": saved_dtype},
            )

    def without_tensors(self, **values: int) -> bytes:
        """A call as the library takes it, with these values by their names in call.h, others 0."""
        layout = native.kernels().layout
        known = {"directions": self.directions, "beta": self.beta, **values}
        numbers = [known.get(name, 0) for name in layout.shared[len(CONSTANT) :]]
        return Struct(layout.head).pack(*self.fixed, *numbers).ljust(layout.size, b"\0")

    def padded(self, hidden_size: int) -> int:
        """H, rounded up to whole vectors, whose size is the same on every machine."""
        return -(-hidden_size // self.vector) * self.vector

    def forward(self, call: Call, output: Tensor, last: State, saved: Sequence[Tensor]) -> bytes:
        """The forward pass of a call as the library takes it.

        Raises:
            RuntimeError: If the storage of a tensor was freed.
        """
        own: list[Tensor | None] = []
        n = len(saved) // self.directions
        for k, weights in enumerate(call.weights):
            own += [t for t in weights if t is not None]
            own += saved[k * n : (k + 1) * n]
            if call.masks is not None:
                own += mask_tensors(call.masks[k])
        key = "training" if saved else "inference"
        return self.packed(key, call, output, None, own, (*call.states, *last))

    def backward(
        self,
        call: Call,
        output: Tensor,
        saved: Sequence[Tensor],
        d_output: Tensor | None,
        d_last: State,
        d_x: Sequence[Tensor | None],
        d_inputs: Call,
    ) -> bytes:
        """The backward pass of a call as the library takes it.

        Args:
            call: The call.
            output: The output of the forward pass.
            saved: What the forward pass saved.
            d_output: Gradient of the output; `None` for zeros.
            d_last: Gradient of the last state, with `None` for zeros.
            d_x: Memory of the gradient of the input, for each direction.
            d_inputs: Memory of the gradients of weights and states.

        Raises:
            RuntimeError: If the storage of a tensor was freed.
        """
        own: list[Tensor | None] = []
        n = len(saved) // self.directions
        for k, weights in enumerate(call.weights):
            own += [t for t in weights if t is not None]
            own += saved[k * n : (k + 1) * n]
            own.append(d_x[k])
            pairs = zip(weights, d_inputs.weights[k], strict=True)
            own += [d for weight, d in pairs if weight is not None]
            if call.masks is not None:
                own += mask_tensors(call.masks[k])
        halved = (*call.states, *d_last, *d_inputs.states)
        return self.packed("backward", call, output, d_output, own, halved)

    def packed(
        self,
        key: str,
        call: Call,
        output: Tensor,
        d_output: Tensor | None,
        own: Sequence[Tensor | None],
        halved: Sequence[Tensor | None],
    ) -> bytes:
        """Sizes and addresses, in the order of the library; tensors in the order of `Packer`."""
        x = call.x
        T, B, D, H, P = call.sizes
        before = () if call.batch_sizes is None else (0,)  # packed rows have one stride
        strides = (0, 0) if d_output is None else (*before, *d_output.stride()[:-1])
        h_share, c_share = (0.0, 0.0) if call.masks is None else shares_of(call.masks[0])
        shared = (call.lengths, call.batch_sizes, call.resets, x, output, d_output)
        tensors = (*shared, *own, *halved)
        addresses = [0 if t is None else t.data_ptr() or without_memory(t) for t in tensors]
        if self.directions == 2:
            pairs = zip(halved, addresses[-len(halved) :], strict=True)
            addresses += [a if t is None else a + t.nbytes // 2 for t, a in pairs]
        packer = self.packers[key, call.masks is not None]
        return packer.pack(
            *self.fixed,
            *(native.kernels().threads, self.directions, T, B, D, H, P, self.padded(H), len(x)),
            *(*before, *x.stride()[:-1], *strides),
            *(self.beta, h_share, c_share),
            *addresses[: len(shared)],
            *packer.order(addresses[len(shared) :]),
        )


def mask_tensors(masks: Masks) -> list[Tensor | None]:
    """The tensors `MASKS` of a direction. h is the first field of a state, and c the second one."""
    h, c = (*masks.zoneout_masks, None)[:2]
    zoneout = [mask if isinstance(mask, Tensor) else None for mask in (h, c)]
    return [masks.dropout_factors, *zoneout]


def shares_of(masks: Masks) -> tuple[float, float]:
    """The shares of old values in new ones, of h and of c."""
    h, c = (*masks.zoneout_masks, None)[:2]
    return h if isinstance(h, float) else 0.0, c if isinstance(c, float) else 0.0


def has_zoneout_of_c(call: Call, direction: int) -> bool:
    """Whether the c that a step computes differs from that after it, and is saved besides."""
    if call.masks is None:
        return False
    return bool(shares_of(call.masks[0])[1]) or mask_tensors(call.masks[direction])[2] is not None


plan_of = cache(Plan)
"""The plan of a configuration."""


def without_memory(tensor: Tensor) -> int:
    """The address of a tensor that has no memory: 0, if it has no elements either.

    Raises:
        RuntimeError: If it has elements: its storage was freed.
    """
    if tensor.numel():
        raise RuntimeError(
            f"a tensor of shape {list(tensor.shape)} has no memory: its storage was freed, as by "
            "untyped_storage().resize_(0)"
        )
    return 0


def extents_of(cell: Cell, weights: Sequence[str]) -> tuple[tuple[tuple[int, str], ...], ...]:
    """The sizes of each weight, as multiples of one of the sizes D, H and P, or of 1."""
    D, H, P = 101, 103, 107  # prime numbers, which no number of blocks has as a factor
    shapes = cell.parameter_shapes(D, H, proj_size=P if "weight_hr" in weights else 0)

    def factors(extent: int) -> tuple[int, str]:
        for size, name in ((D, "D"), (H, "H"), (P, "P")):
            if extent % size == 0:
                return extent // size, name
        return extent, "1"

    return tuple(tuple(map(factors, shapes[name])) for name in weights)


def thread_count(call: Call, max_threads: int) -> int:
    """The number of threads for which there is enough work in a call."""
    T, B, D, H, P = call.sizes
    packed = 0 if call.batch_sizes is None else call.batch_sizes.data_ptr()
    plan = plan_of(call.cell, call.weight_names, call.directions, call.x.dtype)
    described = plan.without_tensors(
        threads=max_threads, T=T, B=B, D=D, H=H, P=P, N=len(call.x), batch_sizes=packed
    )
    count: int = native.kernels().thread_count(described)
    return count
