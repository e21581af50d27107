"""Two layers timed in turn, after a check of what one of them computes.

The two run alternately, round by round, in one process: a ratio of neighbours in time survives a
noisy machine where two separate timings do not. Every result is checked right before it is timed:
two sequences against a NumPy oracle, everything against the model itself in float64.
"""

from __future__ import annotations

import copy
import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.benchmark import timer  # waits for the GPU, where there is one

from experiments import oracles
from lstm_variants import VARIANTS


class Size(NamedTuple):
    """A setting of the benchmark."""

    B: int
    T: int
    D: int
    H: int

    def __str__(self) -> str:
        return "-".join(f"{letter}{size}" for letter, size in self._asdict().items())


# Largest error allowed before timing, in units of the largest value that the result comes from.
TOLERANCES = {torch.float32: 2e-5, torch.bfloat16: 2e-2, torch.float16: 2e-3}
WARMUP = 2
# A baseline that takes longer, in seconds, is timed in few rounds: noise is small beside it.
SLOW = 5.0

Step = Callable[[], tuple[Tensor, ...]]
Timed = Callable[..., None]


def compare(
    benchmark: Any,
    pytestconfig: pytest.Config,
    device: torch.device,
    name: str,
    settings: dict[str, str],
    ours: nn.Module,
    theirs: nn.Module,
    mode: str,
    size: Size,
) -> dict[str, Any]:
    """Time a model of a variant and its baseline in turn, after a check of the model's results."""
    ours, theirs, variant = ours.to(device), theirs.to(device), VARIANTS[name]
    x = torch.randn(size.B, size.T, size.D, device=device)
    grad = torch.randn(size.B, size.T, size.H * variant.directions, device=device)

    step = step_of(ours, x, grad, mode)
    check(name, settings, ours, x, grad, step())

    reference = step_of(theirs, x, grad, mode)
    reference_times: list[float] = []

    def time_reference() -> None:
        start = timer()
        reference()
        reference_times.append(timer() - start)

    time_reference()
    budget, least, most = (0.1, 3, 20) if pytestconfig.getoption("smoke") else (1.0, 9, 400)
    time_reference()
    if reference_times[-1] > SLOW:
        least = min(least, 5)
    rounds = int(min(max(budget / (2 * reference_times[-1]), least), most))
    reference_times.clear()

    gc.collect()
    gc.disable()
    try:
        benchmark.pedantic(step, setup=time_reference, rounds=rounds, warmup_rounds=WARMUP)
    finally:
        gc.enable()

    times = np.array(benchmark.stats.stats.data)
    ratios = times / np.array(reference_times[WARMUP:])
    return {
        "size": size._asdict(),
        "rounds": rounds,
        "ratio": quartiles(ratios),
        "milliseconds": quartiles(1e3 * times),
        "baseline_milliseconds": quartiles(1e3 * np.array(reference_times[WARMUP:])),
        "megabytes": peak_memory(step, device),
        "baseline_megabytes": peak_memory(reference, device),
    }


class First(nn.Module):
    """A layer that returns its outputs alone, as the notebook's models do."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x)[0]
        return output


def step_of(model: nn.Module, x: Tensor, grad: Tensor, mode: str) -> Step:
    """What is timed: outputs without gradient, or outputs and all gradients.

    In the dtype of the model's parameters.
    """
    dtype = next(model.parameters()).dtype
    x = x.detach().to(dtype).requires_grad_(mode == "training")
    grad, inputs = grad.to(dtype), [x, *model.parameters()]

    def forward() -> tuple[Tensor, ...]:
        with torch.inference_mode():
            return (model(x),)

    def training() -> tuple[Tensor, ...]:
        output = model(x)
        return output, *torch.autograd.grad(output, inputs, grad)

    return {"forward": forward, "training": training}[mode]


def check(
    name: str,
    settings: dict[str, str],
    model: nn.Module,
    x: Tensor,
    grad: Tensor,
    got: tuple[Tensor, ...],
) -> None:
    """Compare a step's results with the oracle and with float64."""
    some = [0, -1]  # the oracle takes its time: the first and the last sequence of the batch
    dtype = next(model.parameters()).dtype
    exact, x64, grad64 = (
        copy.deepcopy(model).double(),
        x.to(dtype).double(),
        grad.to(dtype).double(),
    )
    truths = step_of(exact, x64, grad64, "training" if len(got) > 1 else "forward")()
    oracle = torch.from_numpy(oracles.output(name, exact, x64[some], **settings))
    # An output is as exact as the memory that it shows, which grows where nothing is forgotten.
    memory, tolerance = largest_memory(exact, x64), TOLERANCES[dtype]
    for result, truth in ((got[0][some], oracle), *zip(got, truths, strict=True)):
        truth = truth.detach().cpu()
        error = (result.detach().cpu().double() - truth).abs().max()
        scale = max(truth.abs().max().item(), memory)
        assert error <= tolerance * scale, (
            f"wrong by {error:.1e} where {tolerance:.0e} of {scale:.1e} is allowed"
        )


def largest_memory(model: nn.Module, x: Tensor) -> float:
    """The largest number in the last state of a module's layer; 0 if it does not show its state."""
    if not isinstance(model, First):
        return 0.0
    with torch.no_grad():
        last = model.layer(x)[1]
    states = (last,) if isinstance(last, Tensor) else last
    return max(state.abs().max().item() for state in states)


def peak_memory(step: Step, device: torch.device) -> float | None:
    """Megabytes that a step takes at its worst, beyond what is held before; `None` if unknown."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
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


def quartiles(values: np.ndarray[Any, Any]) -> dict[str, float]:
    """Median and quartiles."""
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    return {"median": float(median), "q1": float(q1), "q3": float(q3)}
