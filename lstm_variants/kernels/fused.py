"""Backends that supply a forward and a backward pass; the operators supply everything else."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from lstm_variants.cells import State
from lstm_variants.kernels import operators
from lstm_variants.kernels.backend import Backend
from lstm_variants.kernels.call import (
    Call,
    computing_dtype,
    format_cell,
    in_dtype,
)
from lstm_variants.kernels.passes import Passes, Signature, signature_of
from lstm_variants.kernels.transforms import exporting_to_onnx, unsupported_transform
from lstm_variants.steps import check_length_dtype

__all__ = ["FusedBackend", "Signature", "signature_of"]


class FusedBackend(Passes, Backend):
    """A backend that computes a whole layer call at once and supplies its own backward pass.

    A subclass supplies the two passes, `kernel_name`, `signature` and `saved_shapes`. The passes
    get a call whose tensors are contiguous, have consistent shapes, one device and one dtype (what
    is saved: that of `saved_dtype`), and at least one sequence and one time step. Of the input,
    only the last dimension has to be contiguous. Both passes have to respect the lengths and resets
    of the call; a backend that does not has to return these as the reason in `unsupported_reason`.
    Layout, checks, shapes while tracing, autograd, second derivatives and `vmap` are common to all
    fused backends.

    Attributes:
        name: The name that layers and `choose` take.
        device: The type of device that it runs on, `"cpu"` or `"cuda"`.
        dtypes: The dtypes that it supports. With float32, others of half precision are converted.
        takes_masks: Whether it respects the masks of recurrent dropout and zoneout. A call with
            masks is not supported by default.
    """

    takes_masks = False

    def unsupported_reason(self, call: Call) -> str | None:
        """Why a call is not supported; `None` if it is. A subclass may have other reasons."""
        device = "cpu" if call.is_direct else call.x.device.type
        if device != self.device:
            return f"made for {self.device}, and the input is on {device}"
        if self.kernel_name(call.cell) is None:
            return f"there is no kernel for {format_cell(call.cell)}"
        if call.masks is not None and not self.takes_masks:
            return "the kernels have no recurrent dropout and no zoneout"
        dtype = call.x.dtype if call.is_direct else computing_dtype(call.x)
        if self.inner_dtype(dtype) is None:
            return f"made for {self.dtypes_text}, and the input is {dtype}"
        if call.is_direct:
            return None
        if exporting_to_onnx():
            return "ONNX has none of its operators: take backend='auto'"
        transform = unsupported_transform(call, vmap=True)
        return f"the kernels do not support {transform}" if transform else None

    def inner_dtype(self, dtype: torch.dtype) -> torch.dtype | None:
        """The dtype that a dtype is computed in: itself, or float32 for half precision."""
        if dtype in self.dtypes:
            return dtype
        is_half = dtype in (torch.bfloat16, torch.float16)
        return torch.float32 if is_half and torch.float32 in self.dtypes else None

    @property
    def dtypes_text(self) -> str:
        """The dtypes in words."""
        return " and ".join(str(dtype).removeprefix("torch.") for dtype in self.dtypes)

    def run(self, call: Call) -> tuple[Tensor, State]:
        """Compute a supported call, in float32 where the dtype is not one of the backend."""
        if call.is_direct and call.x.dtype in self.dtypes:
            return operators.run(call, self)
        dtype = computing_dtype(call.x)
        inner = self.inner_dtype(dtype)
        assert inner is not None
        lengths, resets, device = call.lengths, call.resets, call.x.device
        if lengths is not None:
            check_length_dtype(lengths)
            call = call._replace(lengths=lengths.to(device, torch.int64))
        if resets is not None:
            call = call._replace(resets=resets.to(device))
        return in_dtype(call, dtype, inner, partial(operators.run, backend=self))
