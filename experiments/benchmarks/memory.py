"""Peak memory of the first training step that a process runs."""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from experiments.benchmarks.paired import step_of

# Its processes are copies of one that has imported this module and has computed nothing: memory
# that a library keeps from one call to the next is counted, as in a program that trains one layer.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def of_training(model: nn.Module, x: Tensor, grad: Tensor) -> float | None:
    """Megabytes that the first training step takes at its worst, beyond what is held before.

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
    # Not by torch's own pickling: shared memory would be counted when it is first read.
    content = pickle.dumps((model, x, grad))
    with PROCESSES.Pool(1) as pool:
        return pool.apply(of_first_step, (content,))


def of_first_step(content: bytes) -> float | None:
    """What `of_training` returns, in a process that has computed nothing so far."""
    torch.set_num_threads(1)
    model, x, grad = pickle.loads(content)
    step_of(model, x[:2, :1], grad[:2, :1], "training")()  # loads libraries
    step = step_of(model, x, grad, "training")
    try:
        ctypes.CDLL(None).malloc_trim(0)  # what the C library keeps would hide what is taken again
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        before = resident("VmRSS")
        step()
        return (resident("VmHWM") - before) / 2**10
    except (OSError, AttributeError, TypeError):  # not on Linux
        return None


def resident(field: str) -> int:
    """Kilobytes of memory in use, `VmRSS`, or at most in use, `VmHWM`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))
