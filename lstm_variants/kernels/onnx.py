"""Layers under `torch.onnx.export`: one node where ONNX has the cell, and otherwise a loop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell, State, reordered
from lstm_variants.kernels.backend import Backend
from lstm_variants.kernels.call import Call, computing_dtype, in_dtype
from lstm_variants.kernels.transforms import exporting_to_onnx
from lstm_variants.steps import Steps
from lstm_variants.torch_internals import LOOPS_ARE_EXPORTED, traced_scan


class OnnxNode(NamedTuple):
    """How an operator of ONNX computes a cell.

    Attributes:
        operator: `"LSTM"`, `"GRU"` or `"RNN"`.
        order: The cell's blocks in the order of the operator's rows. The operator may have rows for
            a gate that the cell has not, and does not use them.
        activations: The activation functions of one direction.
        peepholes: The gates in the order of the operator's peephole weights; empty without any.
        options: Other attributes; 0 is ONNX's default.
    """

    operator: str
    order: str
    activations: tuple[str, ...]
    peepholes: str = ""
    options: tuple[tuple[str, int], ...] = ()

    def attributes(self, hidden_size: int, directions: int) -> dict[str, Any]:
        """All attributes of the operator."""
        affine = self.activations.count("Affine") * directions
        return {
            "hidden_size": hidden_size,
            "direction": "bidirectional" if directions == 2 else "forward",
            "activations": self.activations * directions,
            **({"activation_alpha": [1.0] * affine} if affine else {}),
            **({"activation_beta": [0.0] * affine} if affine else {}),
            **dict(self.options),
        }


def nodes() -> Iterator[tuple[Cell, OnnxNode]]:
    """Every cell that ONNX has an operator for, and the operator."""
    for nonlinearity in ("tanh", "relu"):
        yield (
            ElmanCell(nonlinearity=nonlinearity),
            OnnxNode("RNN", "h", (nonlinearity.capitalize(),)),
        )
    for reset_after in (True, False):
        reset = ("linear_before_reset", int(reset_after))
        node = OnnxNode("GRU", "zrn", ("Sigmoid", "Tanh"), options=(reset,))
        yield GRUCell(reset_after=reset_after), node
    for with_peepholes, coupled, *activations in product((False, True), repeat=4):
        cell = LSTMCell(
            peephole="current" if with_peepholes else None,
            coupled=coupled,
            input_activation=activations[0],
            output_activation=activations[1],
        )
        functions = ("Sigmoid", *("Tanh" if here else "Affine" for here in activations))
        peepholes, options = "iof" if with_peepholes else "", (("input_forget", int(coupled)),)
        yield cell, OnnxNode("LSTM", "iofg", functions, peepholes, options)


NODES = {(type(cell), repr(cell)): node for cell, node in nodes()}
"""The table is closed: a cell with another setting, or of a subclass, is not in it."""


def onnx_node(cell: Cell) -> OnnxNode | None:
    """The operator of ONNX for a cell; `None` if there is none."""
    # While tracing, a cell cannot be a key, but its settings can be read.
    if type(cell) not in (ElmanCell, GRUCell, LSTMCell):
        return None
    return NODES.get((type(cell), cell.__repr__()))


class Onnx(Backend):
    """Nodes of ONNX, in the program that `torch.onnx.export` traces.

    ONNX Runtime computes the operators in float32 only: half precision is converted, and float64
    takes the loop.
    """

    name = "onnx"
    for_tracing = True

    def unsupported_reason(self, call: Call) -> str | None:
        return None if exporting_to_onnx() else "used by torch.onnx.export alone"

    def run(self, call: Call) -> tuple[Tensor, State]:
        dtype = computing_dtype(call.x)
        inner = torch.float64 if dtype == torch.float64 else torch.float32
        is_node = inner == torch.float32 and has_node(call)
        return in_dtype(call, dtype, inner, run_node if is_node else run_loop)


def has_node(call: Call) -> bool:
    """Whether ONNX has an operator for all of a call."""
    projects = getattr(call.weights[0], "weight_hr", None) is not None
    extra = projects or call.resets is not None or call.masks is not None
    return onnx_node(call.cell) is not None and not extra


def run_node(call: Call) -> tuple[Tensor, State]:
    """A layer as one operator of ONNX, both directions in it."""
    cell, node = call.cell, onnx_node(call.cell)
    assert node is not None
    T, B, _ = call.x.shape
    n, H = len(call.weights), call.states[0].shape[-1]

    def joined(*kinds: str) -> Tensor | None:
        """Parameters of all directions, `[directions, rows, ...]`."""
        rows: list[list[Any]] = [[getattr(w, kind) for kind in kinds] for w in call.weights]
        if rows[0][0] is None:
            return None
        in_order = ([reordered(r, cell.block_names, node.order) for r in some] for some in rows)
        return torch.stack([torch.cat(some) for some in in_order])

    inputs = [
        call.x,
        joined("weight_ih"),
        joined("weight_hh"),
        joined("bias_ih", "bias_hh"),
        None if call.lengths is None else call.lengths.to(torch.int32),
        *call.states,
    ]
    if node.peepholes:
        given = [w.weight_ch for w in call.weights if w.weight_ch is not None]
        inputs.append(torch.stack([reordered(p, cell.peepholes, node.peepholes) for p in given]))
    fields = len(call.states)
    y, *last = torch.onnx.ops.symbolic_multi_out(
        node.operator,
        inputs,
        node.attributes(H, n),
        dtypes=[call.x.dtype] * (1 + fields),
        shapes=[[T, n, B, H], *([[n, B, H]] * fields)],
    )
    output = y.transpose(1, 2).reshape(T, B, n * H)
    if call.lengths is not None:  # ONNX Runtime gives zeros for sequences without time steps
        has_steps = (call.lengths > 0)[:, None]
        last = [torch.where(has_steps, *pair) for pair in zip(last, call.states, strict=True)]
    return output, cell.state_type(*last)


def run_loop(call: Call) -> tuple[Tensor, State]:
    """A layer as a loop over the cell's own step, `Scan` in ONNX, one for each direction.

    Raises:
        RuntimeError: If this version of torch cannot export loops.
    """
    if not LOOPS_ARE_EXPORTED:
        raise RuntimeError(
            f"exporting {call} to ONNX requires PyTorch 2.13 or newer, got {torch.__version__}; "
            "with backend='reference', the layer is exported for one number of time steps"
        )
    outputs, states = zip(*(loop(call, k) for k in range(len(call.weights))), strict=True)
    last = (torch.stack(field) for field in zip(*states, strict=True))
    return torch.cat(outputs, dim=-1), call.cell.state_type(*last)


def loop(call: Call, direction: int) -> tuple[Tensor, State]:
    """One direction as a loop."""
    masks = None if call.masks is None else call.masks[direction]
    steps = Steps(
        call.cell,
        call.x,
        call.weights[direction],
        call.cell.state_type(*(field[direction] for field in call.states)),
        call.lengths,
        call.resets,
        masks,
        reverse=direction == 1,
    )
    names = list(steps.inputs)

    def step(state: list[Tensor], at_t: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        inputs = dict(zip(names, at_t, strict=True))
        new, output, _ = steps.advance(call.cell.state_type(*state), inputs)
        # A loop's results may not be one tensor twice, nor one of its inputs.
        return [field.clone() for field in new], output.clone()

    last, output = traced_scan(
        step, list(steps.first), [steps.inputs[name] for name in names], reverse=direction == 1
    )
    return output, call.cell.state_type(*last)
