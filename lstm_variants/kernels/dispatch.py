"""Which backend runs, and why not the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn

from lstm_variants.cells import State
from lstm_variants.kernels.call import Backend, Call
from lstm_variants.kernels.cpu import CPU
from lstm_variants.kernels.library import Library
from lstm_variants.kernels.reference import Reference

BACKENDS: dict[str, Backend] = {b.name: b for b in (CPU(), Library(), Reference())}
"""Every backend by its name, the fastest first."""

_observer: ContextVar[Callable[[Call, Backend], None] | None] = ContextVar("observer", default=None)


def check_name(backend: str) -> None:
    """Refuse a name that no backend has.

    Raises:
        ValueError: If it is none of `BACKENDS` and not `"auto"`.
    """
    if backend not in BACKENDS and backend != "auto":
        names = ", ".join(map(repr, ("auto", *BACKENDS)))
        raise ValueError(f"backend should be one of {names}, got {backend!r}")


def choose(call: Call, backend: str = "auto") -> Backend:
    """The backend that will run.

    Args:
        call: What is to be computed.
        backend: A key of `BACKENDS`, or `"auto"` for the first that does not refuse.

    Raises:
        ValueError: If there is no such backend.
        RuntimeError: If the backend that was named refuses; the message is its reason.
    """
    check_name(backend)
    for candidate in BACKENDS.values() if backend == "auto" else (BACKENDS[backend],):
        reason = candidate.refuses(call)
        if reason is None:
            return candidate
    raise RuntimeError(f"backend={backend!r} cannot run {call}: {reason}")


def run(call: Call, backend: str = "auto") -> tuple[Tensor, list[State]]:
    """Compute a layer with the backend that [`choose`][lstm_variants.kernels.choose] gives."""
    chosen = choose(call, backend)
    if not torch.compiler.is_compiling():
        observe = _observer.get()
        if observe is not None:
            observe(call, chosen)
    return chosen.run(call)


@contextmanager
def observed(observe: Callable[[Call, Backend], None]) -> Iterator[None]:
    """Tell somebody of each layer that is about to be computed, and by which backend.

    Layers inside a compiled module, and in other threads, are not told of.

    Args:
        observe: What is called with the layer's call and the backend, before it runs.
    """
    token = _observer.set(observe)
    try:
        yield
    finally:
        _observer.reset(token)


def describe(call: Call, chosen: Backend) -> str:
    """A line for the call and one for each backend: which runs, and why not the others."""
    width = max(map(len, BACKENDS))
    lines = [str(call)]
    for name, backend in BACKENDS.items():
        answer = backend.refuses(call) or "could run"
        if backend is chosen:
            answer = f"runs ({backend.remark})" if backend.remark else "runs"
        lines.append(f"  {name:{width}}  {answer}")
    return "\n".join(lines)


def explain(module: nn.Module, /, *inputs: Any, **keywords: Any) -> None:
    """Run a module once, and print which backend computed each of its recurrent layers.

    Args:
        module: Any module with layers of this package inside.
        *inputs: What to call it with.
        **keywords: Keyword arguments of the call.

    Examples:
        >>> import torch
        >>> import lstm_variants
        >>> from lstm_variants.nn import PeepholeLSTM
        >>> lstm_variants.explain(PeepholeLSTM(8, 16), torch.randn(10, 32, 8))  # doctest: +ELLIPSIS
        LSTMCell(peephole='current'), T=10 B=32 D=8 H=16
          cpu        runs (...)
          library    torch has no kernel for LSTMCell(peephole='current')
          reference  could run
    """
    decisions: list[str] = []
    with observed(lambda call, chosen: decisions.append(describe(call, chosen))):
        module(*inputs, **keywords)
    print(*decisions or ["No recurrent layer of this package ran."], sep="\n")
