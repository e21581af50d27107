"""The kernels as a backend."""

from __future__ import annotations

import torch
from torch import Tensor

from lstm_variants.cells import State
from lstm_variants.kernels.call import Call
from lstm_variants.kernels.cpu import (
    autograd,  # noqa: F401 - adds what it implements to the operators, as does the next
    batching,  # noqa: F401
    native,
    operators,
)
from lstm_variants.kernels.cpu.cells import DTYPES, kernel_of
from lstm_variants.kernels.transforms import unsupported_transform


class CPU:
    """Fused loops over time in C++, for all cells of this package."""

    name = "cpu"

    @property
    def details(self) -> str:
        kernels = native.kernels()
        threads = kernels.threads
        text = f"{kernels.instruction_set}, {threads} thread{'s' if threads > 1 else ''}"
        return f"{text}: {kernels.single_thread_reason}" if kernels.single_thread_reason else text

    def unsupported_reason(self, call: Call) -> str | None:
        x = call.x
        if x.device.type != "cpu":
            return f"made for the CPU, and the input is on {x.device.type}"
        if kernel_of(call.cell) is None:
            return f"there is no kernel for {call.cell}"
        if x.dtype not in DTYPES:
            return f"made for float32 and float64, and the input is {x.dtype}"
        if torch.is_autocast_enabled("cpu"):
            return "made for float32 and float64, not for autocast"
        transform = unsupported_transform(call, vmap=True)
        if transform is not None:
            return f"the kernels do not support {transform}"
        return native.unavailable_reason()

    def run(self, call: Call) -> tuple[Tensor, list[State]]:
        weights = [t for w in call.weights for t in w if t is not None]
        states = [t for state in call.states for t in state]
        lengths = call.lengths
        if lengths is not None:
            lengths = lengths.to("cpu", torch.int64)
        output, *last = operators.layer_operator(
            call.x, weights, states, lengths, kernel_of(call.cell), save_for_backward=False
        )
        n = len(call.states[0])
        parts = [last[k : k + n] for k in range(0, len(last), n)]
        return output, [call.cell.state_type(*part) for part in parts]
