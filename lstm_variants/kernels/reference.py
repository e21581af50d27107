"""The reference backend: a cell's equations, time step by time step. It supports every call."""

from __future__ import annotations

import torch
from torch import Tensor

from lstm_variants.cells import State
from lstm_variants.kernels.call import Call
from lstm_variants.scan import scan


class Reference:
    """[`scan`][lstm_variants.scan.scan] over the cell, once for each direction."""

    name = "reference"
    details = ""

    def unsupported_reason(self, call: Call) -> str | None:
        return None

    def run(self, call: Call) -> tuple[Tensor, list[State]]:
        outputs, states = [], []
        for direction, (w, state) in enumerate(zip(call.weights, call.states, strict=True)):
            output, last = scan(
                call.cell,
                call.x,
                w,
                state,
                lengths=call.lengths,
                resets=call.resets,
                masks=None if call.masks is None else call.masks[direction],
                reverse=direction == 1,
            )
            outputs.append(output)
            states.append(last)
        return torch.cat(outputs, dim=-1) if len(outputs) > 1 else outputs[0], states
