"""The reference backend: a cell's equations, time step by time step. It supports every call."""

from __future__ import annotations

import torch
from torch import Tensor

from lstm_variants.cells import Gates, State
from lstm_variants.kernels.backend import Backend
from lstm_variants.kernels.call import Call
from lstm_variants.time_loop import scan


class Reference(Backend):
    """[`scan`][lstm_variants.time_loop.scan] over the cell, once for each direction."""

    name = "reference"

    def unsupported_reason(self, call: Call) -> str | None:
        return None

    def run(self, call: Call) -> tuple[Tensor, list[State]]:
        results = [scan_direction(call, direction) for direction in range(len(call.weights))]
        outputs = [output for output, _ in results]
        states = [last for _, last in results]
        return torch.cat(outputs, dim=-1) if len(outputs) > 1 else outputs[0], states


def scan_direction(
    call: Call, direction: int, record: list[tuple[State, Gates]] | None = None
) -> tuple[Tensor, State]:
    """Compute one direction of a call: 0 for forward, 1 for reverse.

    Args:
        call: The call.
        direction: The direction.
        record: As for [`scan`][lstm_variants.time_loop.scan].
    """
    return scan(
        call.cell,
        call.x,
        call.weights[direction],
        call.states[direction],
        lengths=call.lengths,
        resets=call.resets,
        masks=None if call.masks is None else call.masks[direction],
        reverse=direction == 1,
        record=record,
    )
