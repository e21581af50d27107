"""torch's own kernels, oneDNN on the CPU and cuDNN on CUDA, for the cells that torch has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell, State
from lstm_variants.kernels.backend import Backend
from lstm_variants.kernels.call import Call, computing_dtype, format_cell
from lstm_variants.kernels.reference import Reference
from lstm_variants.kernels.second_order import run_twice_differentiable
from lstm_variants.kernels.transforms import (
    exporting_to_onnx,
    in_functional_transform,
    unsupported_transform,
)
from lstm_variants.steps import check_length_dtype, has_values
from lstm_variants.torch_internals import is_compiling, is_traced

FUNCTIONS: dict[Cell, Callable[..., tuple[Tensor, ...]]] = {
    LSTMCell(): torch.lstm,
    GRUCell(): torch.gru,
    ElmanCell(): torch.rnn_tanh,
    ElmanCell(nonlinearity="relu"): torch.rnn_relu,
}


class TorchKernels(Backend):
    """The functions behind [torch.nn.LSTM][], [torch.nn.GRU][] and [torch.nn.RNN][]."""

    name = "torch"

    def unsupported_reason(self, call: Call) -> str | None:
        x = call.x
        if call.cell not in FUNCTIONS:
            return f"torch has no kernel for {format_cell(call.cell)}"
        if x.device.type not in ("cpu", "cuda"):
            return f"torch's kernels are used on the CPU and on CUDA, not on {x.device.type}"
        if x.shape[0] == 0 or x.shape[1] == 0:
            return "torch's kernels need at least one sequence and one time step"
        if call.resets is not None:
            return "torch's kernels have no resets"
        if call.masks is not None:
            return "torch's kernels have no recurrent dropout and no zoneout"
        dtype = computing_dtype(x)
        if len(call.states) > 1 and x.device.type == "cpu" and dtype.itemsize < 4:
            return f"torch keeps the cell state in {dtype}, in which small increments are lost"
        if exporting_to_onnx():
            # It would accept any number of time steps, and compute with that of the example.
            return "it is exported for one number of time steps: take backend='auto'"
        transform = unsupported_transform(call, vmap=False)
        if transform is not None:
            return f"torch's kernels do not support {transform}"
        if in_functional_transform():
            if call.lengths is not None:
                return "torch's packing does not support torch.func"
            if x.is_cuda:
                return "torch's kernels on CUDA have no second derivatives under torch.func"
        if call.lengths is not None and not has_values(call.lengths):
            return "packing depends on the values of lengths, which are unknown while tracing"
        return None

    def run(self, call: Call) -> tuple[Tensor, State]:
        # cuDNN's backward pass cannot be differentiated, nor can that of a compiled program.
        if is_compiling():
            return self.compute(with_trained_input(call))
        if call.x.is_cuda:
            return run_twice_differentiable(self.compute, call)
        return self.compute(call)

    def compute(self, call: Call) -> tuple[Tensor, State]:
        """Call torch's function, padded or packed.

        Raises:
            ValueError: If sizes do not fit together.
        """
        if not is_traced():  # there, sizes are symbols, and those of the call that is traced fit
            call.check_shapes(call.flatten())
        if call.lengths is not None:
            check_length_dtype(call.lengths)
            if not call.lengths.any():
                return Reference().run(call)  # zeros that depend on the inputs, for autograd
        fields = list(call.states)
        if call.lengths is None:
            output, *last = self.apply(call, (call.x,), fields)
        else:
            output, *last = self.run_packed(call, call.lengths, fields)
        if torch.is_autocast_enabled(call.x.device.type):
            # On the CPU it leaves torch's GRU out, whose results are in float32 or as `hx`.
            output, *last = (result.to(computing_dtype(call.x)) for result in (output, *last))
        return output, call.cell.state_type(*last)

    def run_packed(self, call: Call, lengths: Tensor, fields: list[Tensor]) -> list[Tensor]:
        """Pack the sequences that have steps; the others keep their state."""
        T, B, _ = call.x.shape
        chosen = lengths.nonzero().squeeze(1).to(call.x.device)
        packed = pack_padded_sequence(
            call.x.index_select(1, chosen), lengths[lengths > 0].cpu(), enforce_sorted=False
        )
        order = chosen[packed.sorted_indices]
        data, *last = self.apply(
            call, (packed.data, packed.batch_sizes), [f.index_select(1, order) for f in fields]
        )
        packed_output = PackedSequence(
            data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices
        )
        output = pad_packed_sequence(packed_output, total_length=T)[0]
        whole = call.x.new_zeros(T, B, output.shape[-1], dtype=output.dtype)
        # Under autocast on CUDA, results are in half precision and initial states in float32.
        return [
            whole.index_copy(1, chosen, output),
            *(
                field.to(new.dtype).index_copy(1, order, new)
                for field, new in zip(fields, last, strict=True)
            ),
        ]

    def apply(self, call: Call, x: tuple[Tensor, ...], fields: list[Tensor]) -> tuple[Tensor, ...]:
        """Call torch's function; `x` is the padded input, or packed data with its batch sizes."""
        # cuDNN copies weights that are not in one buffer, at each call and with a warning;
        # torch.nn.LSTM puts them there in flatten_parameters. Not tried here: it needs a GPU.
        parameters = [t for w in call.weights for t in w if t is not None]
        hx: Any = fields if len(fields) > 1 else fields[0]
        # Without dropout, training mode differs in one thing: cuDNN can then go backward.
        has_biases, layers, dropout, train = call.weights[0].bias_ih is not None, 1, 0.0, True
        options = (has_biases, layers, dropout, train, len(call.weights) == 2)
        function = FUNCTIONS[call.cell]
        if len(x) == 2:
            return function(*x, hx, parameters, *options)
        return function(*x, hx, parameters, *options, False)


def with_trained_input(call: Call) -> Call:
    """The call with an input that needs a gradient, if anything does, and the same values.

    On the CPU, PyTorch 2.13 does not compile oneDNN's gradient if the input needs none.
    """
    trained = [t for t in call.flatten() if t.requires_grad and t.numel()]
    if call.x.requires_grad or not trained or call.x.is_cuda or not torch.is_grad_enabled():
        return call
    first = trained[0].flatten()[0]
    zero = torch.where(torch.zeros_like(first, dtype=torch.bool), first, 0.0)
    return call._replace(x=call.x + zero.to(call.x.dtype))
