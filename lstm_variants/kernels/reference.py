"""The reference backend: a cell's equations, time step by time step. It supports every call."""

from __future__ import annotations

import torch
from torch import Tensor

from lstm_variants.cells import Gates, State
from lstm_variants.kernels.backend import Backend
from lstm_variants.kernels.call import Call, packed_rows
from lstm_variants.time_loop import scan


class Reference(Backend):
    """[`scan`][lstm_variants.time_loop.scan] over the cell, once for each direction."""

    name = "reference"

    def unsupported_reason(self, call: Call) -> str | None:
        return None

    def run(self, call: Call) -> tuple[Tensor, State]:
        if call.batch_sizes is not None:
            output, state = self.run(call.padded())
            return packed_rows(output, call.batch_sizes), state
        directions = range(len(call.weights))
        outputs, states = zip(*(scan_direction(call, k) for k in directions), strict=True)
        last = (torch.stack(field) for field in zip(*states, strict=True))
        output = torch.cat(outputs, dim=-1) if len(outputs) > 1 else outputs[0]
        return output, call.cell.state_type(*last)


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
        call.cell.state_type(*(field[direction] for field in call.states)),
        lengths=call.lengths,
        resets=call.resets,
        masks=None if call.masks is None else call.masks[direction],
        reverse=direction == 1,
        record=record,
    )
