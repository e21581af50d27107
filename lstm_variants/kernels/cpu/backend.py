"""The C++ kernels as a backend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor

from lstm_variants.cells import Cell
from lstm_variants.kernels.call import Call, computing_dtype, is_recorded
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.cpu.cells import KERNELS, Kernel, kernel_of
from lstm_variants.kernels.fused import FusedBackend
from lstm_variants.kernels.layer import Layer, in_float32
from lstm_variants.steps import check_length_values
from lstm_variants.torch_internals import constant_while_tracing, is_traced

__all__ = ["CPU"]

Group = tuple[tuple[str, ...], Sequence[Tensor | None]]
"""Names in call.h, and the tensors of one direction after the other."""
GRAIN_SIZE, STEP_GRAIN_SIZE = 1_000_000, 64_000
"""Multiplications with weights that are worth a thread: in all, and in a step if threads
synchronise in each step."""
FEW_SEQUENCES = 32
"""Up to so many sequences, torch's kernels of GRU and RNN take less time for one step."""
FEW_IN_BFLOAT16 = 8
"""The same in bfloat16, where torch's products of bfloat16 are slow."""
LARGE_WEIGHTS, FEW_OF_LARGE = 1536 << 10, 8
"""From so many bytes of weights on, reading them is most of one step in inference, and the kernels
read them faster for up to so many sequences."""


class CPU(FusedBackend):
    """Fused loops over time in C++, for the cells in `kernels.cpu.cells`."""

    name = "cpu"
    device = "cpu"
    dtypes = (torch.float32, torch.float64, torch.bfloat16)

    def details(self, call: Call) -> str:
        kernels = native.kernels()
        units = kernels.described(in_bfloat16=computing_dtype(call.x) == torch.bfloat16)
        number = f"at most {kernels.threads} threads" if kernels.threads > 1 else "1 thread"
        text = f"{units}, {number}"
        return f"{text}: {kernels.single_thread_reason}" if kernels.single_thread_reason else text

    def unsupported_reason(self, call: Call) -> str | None:
        reason = super().unsupported_reason(call)
        return native.unavailable_reason() if reason is None else reason

    def yields_to(self, call: Call) -> str | None:
        # Autocast on the CPU leaves torch's GRU out: it fails on input that autocast has rounded.
        if torch.is_autocast_enabled(self.device):
            return None
        if leaves_threads_idle(call):
            return "torch"
        if call.x.dtype == torch.bfloat16:
            # For one step, weights in bfloat16 are packed or converted for longer than multiplied.
            is_short = is_one_step(call) and (
                torch_multiplies_bfloat16() or call.x.shape[1] <= FEW_IN_BFLOAT16
            )
            is_faster = is_short or torchs_products_are_faster()
        elif call.x.dtype in self.dtypes and len(call.states[0]) == 1:  # GRU and RNN
            # A call takes longer than its arithmetic, and torch's has fewer parts, if there are no
            # lengths.
            is_few = is_one_step(call) and call.x.shape[1] <= FEW_SEQUENCES
            is_faster = is_few and call.lengths is None and not reads_large_weights(call)
        else:
            is_faster = False
        return "torch" if is_faster else None

    def name_of(self, cell: Cell) -> str | None:
        return kernel_of(cell)

    def signature(self, name: str) -> Kernel | None:
        return KERNELS.get(name)

    def kept_shapes(self, layer: Layer) -> list[tuple[int, ...]]:
        T, B, _ = layer.x.shape
        kernel, Hp = KERNELS[layer.name], padded(layer)
        gates = kernel.settings["slots"] * Hp + vector(layer)
        sizes = [gates, kernel.settings["cell_states"] * Hp]
        return [(T, B, size) for size in sizes[: len(kernel.kept)] * layer.directions]

    def kept_dtype(self, dtype: torch.dtype) -> torch.dtype:
        return torch.float32 if dtype == torch.bfloat16 else dtype

    def forward(
        self, layer: Layer, output: Tensor, last: Sequence[Tensor], kept: Sequence[Tensor]
    ) -> None:
        if needs_float32(layer):
            with in_place_of((output, *last)) as (wide_output, *wide_last):
                self.forward(layer.in_float32(), wide_output, wide_last, kept)
            return
        kernel = KERNELS[layer.name]
        results = (formatted(kernel.fields, "{}_n"), last), (kernel.kept, kept)
        run(layer, describe(layer, output, *results))

    def backward(
        self,
        layer: Layer,
        output: Tensor,
        kept: Sequence[Tensor],
        d_output: Tensor | None,
        d_last: Sequence[Tensor | None],
        d_inputs: Sequence[Tensor],
    ) -> None:
        if needs_float32(layer):
            d_output, *d_last = (None if d is None else in_float32(d) for d in (d_output, *d_last))
            with in_place_of(d_inputs) as wide:
                self.backward(layer.in_float32(), in_float32(output), kept, d_output, d_last, wide)
            return
        kernel, n = KERNELS[layer.name], len(layer.weights)
        # Both directions work at the same time, so each needs its own memory. Their sum is rounded.
        first = d_inputs[0] if layer.directions == 1 else d_inputs[0].to(layer.kept_dtype)
        d_x = [first, *(torch.empty_like(first) for _ in range(1, layer.directions))]
        groups = (
            (kernel.kept, kept),
            (formatted(kernel.fields, "d_{}_n"), d_last),
            (("d_x",), d_x),
            (formatted(layer.names, "d_{}"), d_inputs[1 : 1 + n]),
            (formatted(kernel.fields, "d_{}_0"), d_inputs[1 + n :]),
        )
        run(layer, describe(layer, output, *groups, d_output=d_output), backward=True)
        if layer.directions > 1:
            torch.add(*d_x, out=d_inputs[0])


def needs_float32(layer: Layer) -> bool:
    """Whether a layer is in bfloat16, which the instruction set in use does not compute."""
    return layer.x.dtype == torch.bfloat16 and not native.kernels().multiplies_bfloat16


@contextmanager
def in_place_of(results: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Memory in float32 for results in another dtype, which are rounded at the end."""
    wide = [torch.empty_like(result, dtype=torch.float32) for result in results]
    yield wide
    for result, computed in zip(results, wide, strict=True):
        result.copy_(computed)


def is_one_step(call: Call) -> bool:
    """Whether a call has one time step, and only one.

    While tracing, the number of steps is a symbol, and asking for it would exclude others.
    """
    return not is_traced() and call.x.shape[0] == 1


def leaves_threads_idle(call: Call) -> bool:
    """Whether there is work for several threads, which torch's kernels have and these lack."""
    # Traced, loading the library would be a part of the program: is_traced is asked first.
    if is_traced() or native.kernels().single_thread_reason is None:
        return False
    T, B, D = call.x.shape
    weights = call.weights[0].weight_ih.shape[0] * (D + call.states[0][0].shape[1])
    directions = len(call.weights)
    return useful_threads(T, B, directions, weights, torch.get_num_threads()) > 1


def reads_large_weights(call: Call) -> bool:
    """Whether one step of inference takes about as long as reading its weights."""
    numbers = sum(tensor.numel() for tensor in call.weights[0] if tensor is not None)
    is_large = numbers * call.x.element_size() >= LARGE_WEIGHTS
    return is_large and call.x.shape[1] <= FEW_OF_LARGE and not is_recorded(call.tensors())


@constant_while_tracing
def torchs_products_are_faster() -> bool:
    """Whether torch's products in bfloat16 take less time than those of the kernels."""
    return not native.kernels().multiplies_bfloat16 and torch_multiplies_bfloat16()


@constant_while_tracing
def torch_multiplies_bfloat16() -> bool:
    """Whether torch has fast products in bfloat16: with AVX2 alone, oneDNN has none."""
    return torch.backends.cpu.get_cpu_capability() != "AVX2"


@cache
def formatted(names: tuple[str, ...], pattern: str) -> tuple[str, ...]:
    """Each of the names, put into a pattern."""
    return tuple(pattern.format(name) for name in names)


def vector(layer: Layer) -> int:
    """How many numbers a vector has, on every machine."""
    return native.PADDED_BYTES // layer.kept_dtype.itemsize


def padded(layer: Layer) -> int:
    """H, rounded up to whole vectors."""
    return -(-layer.hidden_size // vector(layer)) * vector(layer)


def thread_count(layer: Layer, max_threads: int) -> int:
    """The number of threads that a layer is computed with."""
    T, B, D = layer.x.shape
    weights = layer.weights[0].shape[0] * (D + layer.width)
    return useful_threads(T, B, layer.directions, weights, max_threads)


def useful_threads(T: int, B: int, directions: int, weights: int, max_threads: int) -> int:
    """The number of threads for which there is enough work, if a direction has so many weights.

    On small work, synchronisation takes more time than further threads save.
    """
    if max_threads == 1:
        return 1
    step = directions * B * weights
    # Threads synchronise in each step, unless each has two sequences or a direction.
    useful = max(B // 2, directions, step // STEP_GRAIN_SIZE)
    return max(1, min(max_threads, T * step // GRAIN_SIZE, useful))


def describe(
    layer: Layer,
    output: Tensor,
    *groups: Group,
    d_output: Tensor | None = None,
) -> bytes:
    """A layer as the library takes it.

    Args:
        layer: The layer.
        output: Memory of the output, or the output.
        *groups: Other tensors than weights and first states. `None` and tensors without elements
            stand for zeros, or for gradients that are not needed.
        d_output: Gradient of the output.

    Raises:
        RuntimeError: If the storage of a tensor was freed.
    """
    kernel, x, (T, B, D) = KERNELS[layer.name], layer.x, layer.x.shape
    groups = (
        (layer.names, layer.weights),
        (formatted(kernel.fields, "{}_0"), layer.states),
        *groups,
    )
    addresses = [(names, map(address, tensors)) for names, tensors in groups]
    library = native.kernels()
    strides = (0, 0) if d_output is None else d_output.stride()
    shared = {
        "is_double": x.dtype == torch.float64,
        "is_bfloat16": x.dtype == torch.bfloat16,
        "threads": thread_count(layer, library.threads),
        "directions": layer.directions,
        "T": T,
        "B": B,
        "D": D,
        "H": layer.hidden_size,
        "P": layer.width,
        "padded": padded(layer),
        "x_time": x.stride(0),
        "x_batch": x.stride(1),
        "d_output_time": strides[0],
        "d_output_batch": strides[1],
        "lengths": address(layer.lengths),
        "resets": address(layer.resets),
        "x": address(x),
        "output": address(output),
        "d_output": address(d_output),
    }
    return library.layout.pack(library.settings(layer.name, kernel.settings), shared, addresses)


def address(tensor: Tensor | None) -> int:
    """Where a tensor lies in memory; 0 if there is none, or if it has no elements.

    Raises:
        RuntimeError: If its memory was freed.
    """
    if tensor is None:
        return 0
    found = tensor.data_ptr()
    if not found and tensor.numel():
        raise RuntimeError(
            f"a tensor of shape {list(tensor.shape)} has no memory: its storage was freed, as by "
            "untyped_storage().resize_(0)"
        )
    return found


def run(layer: Layer, described: bytes, *, backward: bool = False) -> None:
    """Call the library.

    Raises:
        ValueError: If a length is out of range.
    """
    try:
        native.kernels().run(described, backward=backward)
    except IndexError:
        assert layer.lengths is not None
        check_length_values(layer.lengths, len(layer.x))  # names the lengths that are wrong
        raise
