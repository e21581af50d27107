"""Backend selection."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from typing import Any

from torch import Tensor, nn

from lstm_variants.cells import State
from lstm_variants.kernels.backend import BACKENDS, Backend
from lstm_variants.kernels.call import Call, packed_rows
from lstm_variants.kernels.cpu import CPU
from lstm_variants.kernels.fused import FusedBackend
from lstm_variants.kernels.onnx import Onnx
from lstm_variants.kernels.passes import FUSED
from lstm_variants.kernels.reference import Reference
from lstm_variants.kernels.torch_kernels import TorchKernels
from lstm_variants.names import suggestion
from lstm_variants.torch_internals import is_compiling

_priorities: dict[str, float] = {}
_observer: ContextVar[Callable[[Call, Backend], None] | None] = ContextVar("observer", default=None)


def register(backend: Backend, priority: float) -> None:
    """Make a backend available to all layers, by its name and for `"auto"`.

    Args:
        backend: The backend. One that is registered under the same name is replaced.
        priority: `"auto"` takes the supported backend of the highest priority, unless a faster
            one is preferred for the call. The backends of this package have 100 (`"onnx"`, which
            supports nothing but calls under `torch.onnx.export`), 20 (`"cpu"`), 10 (`"torch"`) and
            0 (`"reference"`).

    Raises:
        TypeError: If the backend is a class or lacks an attribute or method, or if the priority
            is not a number.
        ValueError: If the name is `"auto"`, or the priority is NaN.

    Examples:
        >>> from lstm_variants.kernels import BACKENDS, register
        >>> register(BACKENDS["reference"], priority=0)  # the present priority
        >>> list(BACKENDS)
        ['onnx', 'cpu', 'torch', 'reference']
    """
    needed = ("name", "for_tracing", "details", "unsupported_reason", "preferred_backend", "run")
    has_all = all(hasattr(backend, name) for name in needed) and all(
        callable(getattr(backend, method)) for method in needed[2:]
    )
    if isinstance(backend, type) or not has_all:
        raise TypeError(
            f"backend should be an object with {', '.join(needed)}, as a subclass of Backend is, "
            f"got {backend!r}"
        )
    if not isinstance(backend.name, str):
        raise TypeError(f"the name of a backend should be a string, got {backend.name!r}")
    if isinstance(priority, bool) or not isinstance(priority, Real):
        raise TypeError(f"priority should be a number, got {priority!r}")
    if math.isnan(priority):
        raise ValueError("priority should be a number, got NaN")
    if backend.name == "auto":
        raise ValueError("a backend should have a name of its own, got 'auto'")
    if isinstance(backend, FusedBackend):
        FUSED[backend.name] = backend
    _priorities[backend.name] = priority
    known = {**BACKENDS, backend.name: backend}
    BACKENDS.clear()
    BACKENDS.update(sorted(known.items(), key=lambda item: -_priorities[item[0]]))


register(Onnx(), priority=100)
register(CPU(), priority=20)
register(TorchKernels(), priority=10)
register(Reference(), priority=0)


def check_name(backend: str) -> None:
    """Check the name of a backend.

    Raises:
        ValueError: If it is neither a key of `BACKENDS` nor `"auto"`.
    """
    if not isinstance(backend, str) or backend not in {*BACKENDS, "auto"}:
        names = ("auto", *BACKENDS)
        raise ValueError(
            f"backend should be one of {', '.join(map(repr, names))}, got {backend!r}"
            f"{suggestion(backend, names)}"
        )


def choose(call: Call, backend: str = "auto") -> Backend:
    """Select the backend for a call.

    Args:
        call: The layer and its inputs.
        backend: A key of `BACKENDS`, or `"auto"` for the first that supports the call, unless
            a faster one is preferred for it.

    Raises:
        ValueError: If there is no such backend.
        RuntimeError: If the named backend does not support the call; the message has the reason.
    """
    if backend == "auto":
        return choose_automatically(call)
    check_name(backend)
    reason = BACKENDS[backend].unsupported_reason(call)
    if reason is None:
        return BACKENDS[backend]
    raise RuntimeError(f"backend={backend!r} cannot run {call}: {reason}")


def choose_automatically(call: Call) -> Backend:
    """The first backend that supports a call, or the one that it prefers.

    Raises:
        RuntimeError: If there is none.
    """
    for backend in BACKENDS.values():
        if call.is_direct and backend.for_tracing:
            continue
        reason = backend.unsupported_reason(call)
        if reason is None:
            name = backend.preferred_backend(call)
            if name is None or BACKENDS[name].unsupported_reason(call) is not None:
                return backend
            return BACKENDS[name]
    raise RuntimeError(f"backend='auto' cannot run {call}: {reason}")


def run(call: Call, backend: str = "auto") -> tuple[Tensor, State]:
    """Compute a layer with the backend that [`choose`][lstm_variants.kernels.choose] gives."""
    if call.batch_sizes is not None and not takes_packed(call, backend):
        output, last = run(call.padded(), backend)
        return packed_rows(output, call.batch_sizes), last
    chosen = choose(call, backend)
    # Layers in a program that is being traced are not observed.
    observe = _observer.get() if call.is_direct or not is_compiling() else None
    if observe is not None:
        observe(call, chosen)
    return chosen.run(call)


def takes_packed(call: Call, backend: str) -> bool:
    """Whether the backend that comes first for a call computes packed sequences as they are."""
    if not call.is_direct or call.masks is not None:  # masks have the padded form
        return False
    names = (name for name, known in BACKENDS.items() if not known.for_tracing)
    name = next(names) if backend == "auto" else backend
    first = BACKENDS.get(name)
    if first is None or not first.takes_packed or first.unsupported_reason(call) is not None:
        return False
    return backend != "auto" or first.preferred_backend(call) is None


def is_observed() -> bool:
    """Whether a function is called before each layer is computed."""
    return _observer.get() is not None


@contextmanager
def observed(observe: Callable[[Call, Backend], None]) -> Iterator[None]:
    """Call a function before each layer is computed, and that of an outer `observed` before it.

    Layers in a compiled module and in other threads are not observed.

    Args:
        observe: Called with the layer's call and the backend that is about to run.
    """
    outer, thread, is_active = _observer.get(), threading.get_ident(), True

    def observe_all(call: Call, backend: Backend) -> None:
        if outer is not None:
            outer(call, backend)
        # A task of asyncio that was begun here, or its thread, has a copy of this context.
        if is_active and threading.get_ident() == thread:
            observe(call, backend)

    try:  # an interrupt may come at any time
        _observer.set(observe_all)
        yield
    finally:
        is_active = False
        _observer.set(outer)


def describe(call: Call, chosen: Backend, layer: str = "") -> str:
    """Describe a call and, a line each, the backends: which one runs, and why others do not.

    Args:
        call: The call.
        chosen: The backend that runs it.
        layer: The name of the layer in its model, if that is known.
    """
    width = max(map(len, BACKENDS))
    lines = [f"{layer}: {call}" if layer else str(call)]
    for name, backend in BACKENDS.items():
        answer = backend.unsupported_reason(call) or "supported"
        if backend is chosen:
            details = backend.details(call)
            answer = f"runs ({details})" if details else "runs"
        lines.append(f"  {name:{width}}  {answer}")
    return "\n".join(lines)


def explain(module: nn.Module, /, *inputs: Any, **keywords: Any) -> None:
    """Run a module once, and print which backend computed each of its recurrent layers.

    A layer within a module is printed with its name there, unless its input weights are computed,
    as by parametrizations of torch. Layers in compiled modules and in other threads are not
    observed.

    Args:
        module: A module that contains layers of this package.
        *inputs: Its inputs.
        **keywords: Its keyword arguments.

    Raises:
        RuntimeError: If a layer names a backend that does not support it; the message has the
            reason.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> lv.explain(lv.nn.PeepholeLSTM(8, 16), torch.randn(10, 32, 8))  # doctest: +ELLIPSIS
        LSTMCell(peephole='current'), T=10 B=32 D=8 H=16
          onnx       used by torch.onnx.export alone
          cpu        runs (...)
          torch      torch has no kernel for LSTMCell(peephole='current')
          reference  supported
    """
    decisions: list[str] = []
    parameters = module.named_parameters() if isinstance(module, nn.Module) else ()
    owners = {id(parameter): name.rpartition(".")[0] for name, parameter in parameters}

    def observe(call: Call, chosen: Backend) -> None:
        decisions.append(describe(call, chosen, owners.get(id(call.weights[0].weight_ih), "")))

    with observed(observe):
        module(*inputs, **keywords)
    nothing = "No recurrent layer of this package ran in this thread, outside of compiled modules."
    print(*decisions or [nothing], sep="\n")
