"""The C++ kernels as a backend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from lstm_variants.cells import Cell, State
from lstm_variants.kernels.call import Call, Shape, computing_dtype
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.cpu.cells import TEXTS, Kernel, kernel_named, kernel_of
from lstm_variants.kernels.cpu.plan import Plan, has_zoneout_of_c, plan_of, thread_count
from lstm_variants.kernels.fused import FusedBackend
from lstm_variants.kernels.passes import Results
from lstm_variants.steps import Masks, check_length_values
from lstm_variants.torch_internals import constant_while_tracing, is_compiling, is_traced

__all__ = ["CPU"]

FEW_IN_BFLOAT16 = 8
"""Up to so many sequences, torch's kernels take less time for one step in bfloat16 even where its
products of bfloat16 are slow."""


class CPU(FusedBackend):
    """Fused loops over time in C++, for the cells in `kernels.cpu.cells`."""

    name = "cpu"
    device = "cpu"
    dtypes = (torch.float32, torch.float64, torch.bfloat16)
    takes_packed = takes_masks = True

    def details(self, call: Call) -> str:
        kernels = native.kernels()
        units = kernels.described(in_bfloat16=computing_dtype(call.x) == torch.bfloat16)
        number = f"at most {kernels.threads} threads" if kernels.threads > 1 else "1 thread"
        text = f"{units}, {number}" if kernels.module else f"{units}, called by ctypes, {number}"
        return f"{text}: {kernels.single_thread_reason}" if kernels.single_thread_reason else text

    def unsupported_reason(self, call: Call) -> str | None:
        reason = super().unsupported_reason(call)
        if reason is None and call.masks is not None:
            reason = unsupported_masks(call.masks)
        return native.unavailable_reason() if reason is None else reason

    def preferred_backend(self, call: Call) -> str | None:
        # Autocast on the CPU leaves torch's GRU out: it fails on input that autocast has rounded.
        if not call.is_direct and torch.is_autocast_enabled(self.device):
            return None
        if leaves_threads_idle(call):
            return "torch"
        if call.x.dtype == torch.bfloat16:
            # For one step, weights in bfloat16 are packed or converted for longer than multiplied.
            is_short = is_one_step(call) and (
                torch_multiplies_bfloat16() or call.sizes[1] <= FEW_IN_BFLOAT16
            )
            if is_short or torchs_products_are_faster():
                return "torch"
        return None

    def kernel_name(self, cell: Cell) -> str | None:
        name = None if is_compiling() else TEXTS.get(cell)  # for most cells, a call less
        return name or kernel_of(cell)

    def signature(self, name: str) -> Kernel | None:
        return kernel_named(name)

    def saved_shapes(self, call: Call) -> list[Shape]:
        plan = plan_for(call, call.x.dtype)
        settings, padded = plan.kernel.settings, plan.padded(call.hidden_size)
        rows, shapes = call.x.shape[:-1], []
        for k in range(call.directions):
            cell_states = settings["cell_states"] + has_zoneout_of_c(call, k)
            sizes = [settings["slots"] * padded + plan.vector, cell_states * padded]
            shapes += [(*rows, size) for size in sizes[: len(plan.kernel.saved)]]
        return shapes

    def saved_dtype(self, dtype: torch.dtype) -> torch.dtype:
        return torch.float32 if dtype == torch.bfloat16 else dtype

    def forward_directly(
        self, call: Call, flat: list[Tensor], save_for_backward: bool
    ) -> Results | None:
        arguments = arguments_of_module(call, flat)
        if arguments is None:
            return None
        results = native.kernels().module.forward(*arguments, save_for_backward)
        if results is None:
            return None
        output, last, saved = results
        return output, call.cell.state_type._make(last), saved

    def backward_directly(
        self,
        call: Call,
        flat: list[Tensor],
        output: Tensor,
        saved: tuple[Tensor, ...],
        gradients: tuple[Tensor | None, ...],
        needs_grad: tuple[bool, ...],
    ) -> tuple[Tensor | None, ...] | None:
        arguments = arguments_of_module(call, flat)
        if arguments is None:
            return None
        needed: tuple[Tensor | None, ...] | None = native.kernels().module.backward(
            *arguments, output, saved, gradients, needs_grad
        )
        return needed

    def forward(self, call: Call, output: Tensor, last: State, saved: Sequence[Tensor]) -> None:
        if needs_float32(call.x.dtype):
            with float32_buffers([output, *last]) as (wide_output, *fields):
                wide_last = call.cell.state_type(*fields)
                self.forward(in_float32(call), wide_output, wide_last, saved)
            return
        call = with_masks_of_library(call)
        run(call, plan_for(call, call.x.dtype).forward(call, output, last, saved))

    def backward(
        self,
        call: Call,
        output: Tensor,
        saved: Sequence[Tensor],
        d_output: Tensor | None,
        d_last: State,
        d_inputs: Call,
    ) -> None:
        if needs_float32(call.x.dtype):
            d_output = None if d_output is None else as_float32(d_output)
            d_last = call.cell.state_type(*(None if d is None else as_float32(d) for d in d_last))
            with float32_buffers(d_inputs.flatten()) as wide:
                wide_inputs = d_inputs.unflatten(wide)
                self.backward(
                    in_float32(call), as_float32(output), saved, d_output, d_last, wide_inputs
                )
            return
        # Both directions work at the same time, so each needs its own memory. Their sum is rounded.
        d_x = [d_inputs.x]
        if call.directions > 1 and d_inputs.x is not None:
            dtype = self.saved_dtype(call.x.dtype)
            d_x = [torch.empty_like(d_inputs.x, dtype=dtype) for _ in call.weights]
            if dtype == call.x.dtype:
                d_x[0] = d_inputs.x
        elif call.directions > 1:
            d_x *= call.directions
        call, plan = with_masks_of_library(call), plan_for(call, call.x.dtype)
        described = plan.backward(call, output, saved, d_output, d_last, d_x, d_inputs)
        run(call, described, backward=True)
        if call.directions > 1 and d_inputs.x is not None:
            torch.add(*d_x, out=d_inputs.x)


def plan_for(call: Call, dtype: torch.dtype) -> Plan:
    """The plan of a call in a dtype, whose cell has a kernel."""
    return plan_of(call.cell, call.weight_names, len(call.weights), dtype)


def arguments_of_module(call: Call, flat: list[Tensor]) -> tuple[Any, ...] | None:
    """What both passes of the module take first; `None` for calls that it does not compute."""
    if call.masks is not None or needs_float32(flat[0].dtype):
        return None
    plan = plan_for(call, flat[0].dtype)
    if plan.in_module is None:
        return None
    kernels = native.kernels()
    shared = call.lengths, call.resets, call.batch_sizes
    return plan.in_module, flat, *shared, kernels.threads, kernels.number


def unsupported_masks(masks: tuple[Masks, ...]) -> str | None:
    """What the library does not support of the masks of a call; `None` if there is nothing."""
    for direction in masks:
        if any(mask is not None for mask in direction.zoneout_masks[2:]):
            return "the kernels have zoneout of h and c alone"
        kinds = [
            [m if isinstance(m, float) else isinstance(m, Tensor) for m in some.zoneout_masks]
            for some in (masks[0], direction)
        ]
        if kinds[0] != kinds[1]:
            return "the kernels have the same kind and rate of zoneout in both directions"
    return None


def with_masks_of_library(call: Call) -> Call:
    """The same call, its masks contiguous and the factors in the dtype of sums."""
    if call.masks is None:
        return call
    dtype = torch.float32 if call.x.dtype == torch.bfloat16 else call.x.dtype
    masks = tuple(
        Masks(
            None if factors is None else factors.to(dtype).contiguous(),
            tuple(m.contiguous() if isinstance(m, Tensor) else m for m in zoneout),
        )
        for factors, zoneout in call.masks
    )
    return call._replace(masks=masks)


def needs_float32(dtype: torch.dtype) -> bool:
    """Whether a dtype is bfloat16, which the instruction set in use does not compute."""
    return dtype == torch.bfloat16 and not native.kernels().multiplies_bfloat16


def as_float32(tensor: Tensor) -> Tensor:
    """A tensor in float32, contiguous."""
    return tensor.to(torch.float32, memory_format=torch.contiguous_format)


def in_float32(call: Call) -> Call:
    """The same call in float32."""
    return call.unflatten(map(as_float32, call.flatten()))


@contextmanager
def float32_buffers(results: Sequence[Tensor | None]) -> Iterator[list[Any]]:
    """Memory in float32 for results in another dtype, which are rounded at the end."""
    wide = [None if r is None else torch.empty_like(r, dtype=torch.float32) for r in results]
    yield wide
    for result, computed in zip(results, wide, strict=True):
        if result is not None and computed is not None:
            result.copy_(computed)


def is_one_step(call: Call) -> bool:
    """Whether a call has one time step, and only one.

    While tracing, the number of steps is a symbol, and asking for it would exclude others.
    """
    return (call.is_direct or not is_traced()) and call.sizes[0] == 1


def leaves_threads_idle(call: Call) -> bool:
    """Whether there is work for several threads, which torch's kernels have and these lack."""
    # Traced, loading the library would be a part of the program: is_traced is evaluated first.
    if (not call.is_direct and is_traced()) or native.kernels().single_thread_reason is None:
        return False
    return thread_count(call, torch.get_num_threads()) > 1


@constant_while_tracing
def torchs_products_are_faster() -> bool:
    """Whether torch's products in bfloat16 take less time than those of the kernels."""
    return not native.kernels().multiplies_bfloat16 and torch_multiplies_bfloat16()


@constant_while_tracing
def torch_multiplies_bfloat16() -> bool:
    """Whether torch has fast products in bfloat16: with AVX2 alone, oneDNN has none."""
    return torch.backends.cpu.get_cpu_capability() != "AVX2"


def run(call: Call, described: bytes, *, backward: bool = False) -> None:
    """Call the library.

    Raises:
        ValueError: If a length is out of range.
    """
    try:
        native.kernels().run(described, backward=backward)
    except IndexError:
        assert call.lengths is not None
        check_length_values(call.lengths, len(call.x))  # names the lengths that are wrong
        raise
