"""The interface of a backend, and the registry of all of them."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from lstm_variants.cells import State
from lstm_variants.kernels.call import Call


class Backend(Protocol):
    """An implementation of layers. Subclasses inherit what they do not define.

    It has to respect the lengths, resets and masks of a call, or return them as the reason in
    `unsupported_reason`.

    Attributes:
        name: The name that layers and `choose` take.
        for_tracing: Whether it supports nothing but calls that are being traced, and `"auto"` need
            not consider it for others.
        takes_packed: Whether it computes packed sequences as they are; for others, they are padded.
    """

    name: str
    for_tracing: bool = False
    takes_packed: bool = False

    def unsupported_reason(self, call: Call) -> str | None:
        """Why this call is not supported; `None` if it is.

        While `torch.onnx.export` runs, a call that this backend cannot export is not supported.
        """

    def preferred_backend(self, call: Call) -> str | None:
        """The name of a backend that `"auto"` should prefer for a supported call.

        `None` for this one. A backend that does not support the call is not preferred.
        """
        return None

    def details(self, call: Call) -> str:
        """How a supported call runs, for `explain`: its instruction set, for example, or empty."""
        return ""

    def run(self, call: Call) -> tuple[Tensor, State]:
        """Compute a supported call.

        Returns:
            The outputs of all steps, directions side by side, `[T, B, directions * P]`, and the
            state after the last step of each direction, `[directions, B, ...]`.
        """
        raise AssertionError("every backend defines run")


BACKENDS: dict[str, Backend] = {}
"""Every registered backend by its name, in the order in which `"auto"` tries them."""
