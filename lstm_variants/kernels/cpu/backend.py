"""The kernels as a backend."""

from __future__ import annotations

import torch
from torch import Tensor

from lstm_variants.cells import State
from lstm_variants.kernels.call import Call
from lstm_variants.kernels.cpu import native, operators
from lstm_variants.kernels.cpu.layer import TEXTS
from lstm_variants.kernels.transforms import is_transformed


class CPU:
    """Fused loops over time in C++, for all cells without weights between gates."""

    name = "cpu"

    @property
    def remark(self) -> str:
        kernels = native.kernels()
        threads = kernels.threads
        text = f"{kernels.instruction_set}, {threads} thread{'s' if threads > 1 else ''}"
        return f"{text}: {kernels.why_single}" if kernels.why_single else text

    def refuses(self, call: Call) -> str | None:
        x = call.x
        if x.device.type != "cpu":
            return f"made for the CPU, and the input is on {x.device.type}"
        if call.cell not in TEXTS:
            return f"there is no kernel for {call.cell}"
        if x.dtype not in (torch.float32, torch.float64):
            return f"made for float32 and float64, and the input is {x.dtype}"
        if torch.is_autocast_enabled("cpu"):
            return "made for float32 and float64, not for autocast"
        if x.shape[0] == 0 or x.shape[1] == 0:
            return "there is nothing to compute"
        if is_transformed(call):
            return "the kernels do not work under vmap and forward-mode differentiation"
        loaded = native.load()
        return loaded if isinstance(loaded, str) else None

    def run(self, call: Call) -> tuple[Tensor, list[State]]:
        weights = [t.contiguous() for w in call.weights for t in w if t is not None]
        states = [t.contiguous() for state in call.states for t in state]
        x, lengths = call.x, call.lengths
        if x.stride(2) != 1:
            x = x.contiguous()
        if lengths is not None:
            lengths = lengths.to("cpu", torch.int64).contiguous()
        keep = torch.is_grad_enabled() and any(
            tensor.requires_grad for tensor in (x, *weights, *states)
        )
        output, *results = operators.layer_operator(
            x, weights, states, lengths, TEXTS[call.cell], keep
        )
        n = len(call.states[0])
        last = [
            call.cell.state_type(*results[k : k + n]) for k in range(0, n * len(call.states), n)
        ]
        return output, last
