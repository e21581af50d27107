"""Two layers timed in turn, after a check of what one of them computes.

The two run alternately, round by round, in one process: a ratio of neighbours in time survives a
noisy machine better than two separate timings. Every result is checked right before it is timed:
two sequences against a NumPy oracle, everything against the model itself in float64.
"""

from __future__ import annotations

import copy
import gc
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils import benchmark as torch_benchmark

from experiments import oracles
from lstm_variants import VARIANTS
from lstm_variants.kernels.dispatch import observed


class Size(NamedTuple):
    """A setting of the benchmark."""

    B: int
    T: int
    D: int
    H: int

    def random(self, directions: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """An input and a gradient of the output, in the layout of torch: `[T, B, ...]`."""
        x = torch.randn(self.T, self.B, self.D, device=device)
        return x, torch.randn(self.T, self.B, self.H * directions, device=device)

    def steps(self) -> int:
        """Time steps of all sequences."""
        return self.B * self.T

    def work(self) -> int:
        """Multiplications for a block of the weights."""
        return self.steps() * (self.D + self.H) * self.H

    def __str__(self) -> str:
        return "-".join(f"{letter}{size}" for letter, size in self._asdict().items())


class Effort(NamedTuple):
    """How long a layer and its baseline are timed."""

    seconds: float
    """For all rounds together."""
    least: int
    """Rounds at least, whatever they take."""
    most: int
    warmup: int = 2
    checked_steps: int | None = None
    """Results of so many time steps are checked; without it, those of all."""

    def rounds(self, pair: float) -> int:
        """How many rounds there are if one takes `pair` seconds."""
        least = min(self.least, 2) if pair > 2 * SLOW else self.least
        return int(min(max(self.seconds / pair, least), self.most))


# Largest error allowed before timing, in units of the largest value that the result comes from.
TOLERANCES = {torch.float32: 2e-5, torch.bfloat16: 2e-2, torch.float16: 2e-3}
# A baseline that takes longer, in seconds, is timed in few rounds: noise is small beside it.
SLOW = 5.0

WHOLE = Effort(seconds=0.4, least=4, most=150)
QUICK = Effort(seconds=0.4, least=3, most=50, warmup=1, checked_steps=20)
SMOKE = Effort(seconds=0.1, least=3, most=20)

Step = Callable[[], tuple[Tensor, ...]]
Timed = Callable[..., None]


def clock(device: torch.device) -> Callable[[], float]:
    """The clock, in seconds, which waits for a GPU."""
    return torch_benchmark.timer if device.type == "cuda" else time.perf_counter


def compare(
    benchmark: Any,
    effort: Effort,
    device: torch.device,
    name: str,
    settings: dict[str, str],
    ours: First,
    theirs: First,
    mode: str,
    size: Size,
) -> dict[str, Any]:
    """Time a model of a variant and its baseline in turn, after a check of the model's results."""
    ours, theirs = ours.to(device), theirs.to(device)
    x, grad = size.random(VARIANTS[name].directions, device)
    timer = clock(device)

    backends: set[str] = set()
    first_x, first_grad = (ours.first_steps(data, effort.checked_steps) for data in (x, grad))
    with observed(lambda call, backend: backends.add(backend.name)):
        results = step_of(ours, first_x, first_grad, mode)()
    check(name, settings, ours, first_x, first_grad, results)
    del results

    step = step_of(ours, x, grad, mode)
    reference = step_of(theirs, x, grad, mode)
    reference_times: list[float] = []

    def time_reference() -> None:
        start = timer()
        reference()
        reference_times.append(timer() - start)

    def run_ours() -> None:
        step()  # as for the reference, the time includes that of freeing the results

    time_reference()
    time_reference()
    rounds = effort.rounds(2 * reference_times[-1])
    reference_times.clear()

    gc.collect()
    gc.disable()
    try:
        benchmark.pedantic(
            run_ours, setup=time_reference, rounds=rounds, warmup_rounds=effort.warmup
        )
    finally:
        gc.enable()

    return {
        "size": size._asdict(),
        "backends": sorted(backends),
        "seconds": list(benchmark.stats.stats.data),
        "baseline_seconds": reference_times[effort.warmup :],
    }


class First(nn.Module):
    """A layer that returns its outputs alone."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x)[0]

    def run(self, x: Tensor) -> tuple[Tensor, Any]:
        """Outputs and the last state."""
        output, state = self.layer(x)
        return output, state

    def first_steps(self, data: Tensor, number: int | None) -> Tensor:
        """The first time steps of inputs or outputs; all without a number."""
        return data[:number]

    def some_sequences(self, data: Tensor) -> list[Tensor]:
        """The first and the last sequence of inputs or outputs, in batches: `[B, T, ...]`."""
        return [data[:, [0, -1]].transpose(0, 1)]


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
    model: First,
    x: Tensor,
    grad: Tensor,
    got: tuple[Tensor, ...],
) -> None:
    """Compare a step's results with the oracle and with float64."""
    dtype = next(model.parameters()).dtype
    exact, x64, grad64 = (
        copy.deepcopy(model).double(),
        x.to(dtype).double(),
        grad.to(dtype).double(),
    )
    truths = step_of(exact, x64, grad64, "training" if len(got) > 1 else "forward")()
    # The oracle takes its time: two sequences of the batch.
    by_oracle = [
        (output, torch.from_numpy(oracles.output(name, exact, given, **settings)))
        for output, given in zip(
            model.some_sequences(got[0]), exact.some_sequences(x64), strict=True
        )
    ]
    # An output is as exact as the memory that it shows, which grows where nothing is forgotten.
    memory, tolerance = largest_memory(exact, x64), TOLERANCES[dtype]
    for result, truth in (*by_oracle, *zip(got, truths, strict=True)):
        truth = truth.detach().cpu()
        error = (result.detach().cpu().double() - truth).abs().max()
        scale = max(truth.abs().max().item(), memory)
        assert error <= tolerance * scale, (
            f"wrong by {error:.1e} where {tolerance:.0e} of {scale:.1e} is allowed"
        )


def largest_memory(model: First, x: Tensor) -> float:
    """The largest number in the last state of a module's layer."""
    with torch.no_grad():
        last = model.run(x)[1]
    states = (last,) if isinstance(last, Tensor) else last
    return max(state.abs().max().item() for state in states)
