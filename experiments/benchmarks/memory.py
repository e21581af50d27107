"""Peak memory of a training step: on the CPU, of the first one that a process runs."""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from experiments.benchmarks.paired import step_of

CLEARED = Path("/proc/self/clear_refs")
"""What makes Linux measure the peak anew; other systems do not have it."""


@cache
def processes() -> Any:
    """How processes start: as copies of one that has imported this module and has computed nothing.

    Memory that a library keeps from one call to the next is counted, as in a program that trains
    one layer.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def of_training(model: nn.Module, x: Tensor, grad: Tensor) -> float | None:
    """Megabytes that a training step takes at its worst, beyond what is held before.

    Args:
        model: The model.
        x: Its input.
        grad: The gradient of its output.

    Returns:
        `None` where the system does not say.
    """
    if x.device.type == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step_of(model, x, grad, "training")()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    if not CLEARED.exists():
        return None
    # Not by torch's own pickling: shared memory would be counted when it is first read.
    content = pickle.dumps((model, x, grad))
    with ProcessPoolExecutor(1, mp_context=processes()) as pool:
        return pool.submit(of_first_step, content).result()


def page_faults(model: nn.Module, x: Tensor, grad: Tensor) -> int:
    """How often a training step gets a page of memory from the system: the median of some steps."""
    import resource  # not on Windows

    step = step_of(model, x, grad, "training")
    step()
    step()
    counts = [resource.getrusage(resource.RUSAGE_SELF).ru_minflt]
    for _ in range(5):
        step()
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    return int(median(after - before for before, after in pairwise(counts)))


def of_first_step(content: bytes) -> float | None:
    """What `of_training` returns on a CPU, in a process that has computed nothing so far."""
    torch.set_num_threads(1)
    model, x, grad = pickle.loads(content)
    step_of(model, x[:2, :1], grad[:2, :1], "training")()  # loads libraries
    step = step_of(model, x, grad, "training")
    try:
        ctypes.CDLL(None).malloc_trim(0)  # what the C library keeps would hide what is taken again
        CLEARED.write_text("5")
        before = resident("VmRSS")
        step()
        return (resident("VmHWM") - before) / 2**10
    except (OSError, AttributeError):  # another C library, or no permission
        return None


def resident(field: str) -> int:
    """Kilobytes of memory in use, `VmRSS`, or at most in use, `VmHWM`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))
