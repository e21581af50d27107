"""Every variant but the ablations against the layer of `torch.nn` that it would replace.

The two are timed in turn, round by round, in one process: a ratio of neighbours in time survives a
noisy machine where two separate timings do not. Every result is checked right before it is timed:
two sequences against a NumPy oracle, everything against the model itself in float64.
"""

from __future__ import annotations

import copy
import ctypes
import dataclasses
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
from lstm_variants.cells import ElmanCell, GRUCell
from lstm_variants.variants import Variant


class Size(NamedTuple):
    """A setting of the benchmark."""

    B: int
    T: int
    D: int
    H: int

    def __str__(self) -> str:
        return "-".join(f"{letter}{size}" for letter, size in self._asdict().items())


SIZES = (
    Size(32, 10, 8, 16),
    Size(32, 100, 64, 128),
    Size(64, 100, 256, 256),
    Size(32, 200, 512, 512),
    Size(1, 100, 128, 256),
)
MODES = ("forward", "training")
# Long sequences, where units that do not depend on one another show what that is worth.
LONG = Size(64, 1000, 256, 256)
# Layers that are also compared with another one of this package, in training with one thread. The
# IndRNN with tanh: over so many time steps, a ReLU is at zero for other units in float32 than in
# float64, where its slope jumps, and its gradients cannot be checked.
OWN_BASELINES: dict[str, tuple[str, tuple[Size, ...], dict[str, str]]] = {
    "SLSTM": ("LSTM", SIZES, {}),
    "MinGRU": ("GRU", (LONG,), {}),
    "MinLSTM": ("GRU", (LONG,), {}),
    "IndRNN": ("GRU", (LONG,), {"nonlinearity": "tanh"}),
}
# The ablations are the peephole LSTM with less to do.
TIMED = [name for name, variant in VARIANTS.items() if not variant.ablation]

# Largest error allowed before timing, in units of the largest value that the result comes from.
TOLERANCE = 2e-5
WARMUP = 2

Step = Callable[[], tuple[Tensor, ...]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every model, mode, number of threads and size, sizes in the outer loop.

    For smoke, the smallest size alone.
    """
    smoke = metafunc.config.getoption("smoke")
    if metafunc.function is test_speed_of_own_layers:
        cases = [
            (name, size)
            for name, (_, sizes, _) in OWN_BASELINES.items()
            for size in (SIZES[:1] if smoke else sizes)
        ]
        metafunc.parametrize(("name", "size"), cases, ids=[f"{n}-{size}" for n, size in cases])
        return
    sizes = SIZES[:1] if smoke else SIZES
    metafunc.parametrize("size", sizes, ids=str)
    threads = metafunc.config.getoption("threads")
    metafunc.parametrize("threads", threads, ids=[f"threads{n}" for n in threads])
    metafunc.parametrize("mode", MODES)
    metafunc.parametrize("name", TIMED)


@pytest.mark.benchmark(timer=timer)
def test_speed(
    benchmark: Any,
    record_property: Callable[[str, object], None],
    pytestconfig: pytest.Config,
    device: torch.device,
    name: str,
    mode: str,
    threads: int,
    size: Size,
) -> None:
    variant = VARIANTS[name]
    torch.manual_seed(0)
    ours, theirs = build(variant, size), baseline(variant, size)
    torch.set_num_threads(threads)
    found = compare(benchmark, pytestconfig, device, name, {}, ours, theirs, mode, size)
    against = f"nn.{type(theirs.layer).__name__}"
    record_property("ratio", found["ratio"]["median"])
    record_property("baseline", against)
    benchmark.extra_info |= {
        "variant": name,
        "model": variant.model.__name__ if variant.model else None,
        "baseline": against,
        "mode": mode,
        "threads": threads,
        **found,
    }


@pytest.mark.benchmark(timer=timer)
def test_speed_of_own_layers(
    benchmark: Any,
    record_property: Callable[[str, object], None],
    pytestconfig: pytest.Config,
    device: torch.device,
    name: str,
    size: Size,
) -> None:
    torch.set_num_threads(1)
    other, _, settings = OWN_BASELINES[name]
    torch.manual_seed(0)
    ours, theirs = (
        First(variant.layer(size.D, size.H, batch_first=True))
        for variant in (with_settings(name, settings), VARIANTS[other])
    )
    found = compare(benchmark, pytestconfig, device, name, settings, ours, theirs, "training", size)
    record_property("ratio", found["ratio"]["median"])
    record_property("baseline", other)
    benchmark.extra_info |= {
        "variant": name,
        "settings": settings,
        "own_baseline": other,
        **found,
    }


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
    x = torch.randn(size.B, size.T, size.D, device=device, requires_grad=mode == "training")
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


def with_settings(name: str, settings: dict[str, str]) -> Variant:
    """A variant with other settings of its cell."""
    variant = VARIANTS[name]
    cell: Any = variant.cell  # a dataclass
    return dataclasses.replace(variant, cell=dataclasses.replace(cell, **settings))


def build(variant: Variant, size: Size) -> nn.Module:
    """The notebook's model, or else the layer, with parameters that can be checked."""
    model: nn.Module = (
        First(variant.layer(size.D, size.H, batch_first=True))
        if variant.model is None
        else variant.model(size.D, size.H)
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith("C_"):  # peepholes, which start at zero
                parameter.normal_(std=0.1)
            if name.startswith("layer.gain_"):  # at 1, rounding errors grow from step to step
                parameter.fill_(0.1)
    return model


def baseline(variant: Variant, size: Size) -> nn.Module:
    """The layer of `torch.nn` that a variant is compared with: `LSTM` if torch has no such cell."""
    layers: dict[type, Any] = {GRUCell: nn.GRU, ElmanCell: nn.RNN}
    layer = layers.get(type(variant.cell), nn.LSTM)
    return First(layer(size.D, size.H, batch_first=True, bidirectional=variant.directions == 2))


def step_of(model: nn.Module, x: Tensor, grad: Tensor, mode: str) -> Step:
    """What is timed: outputs without gradient, or outputs and all gradients."""
    inputs = [x, *model.parameters()]

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
    exact = copy.deepcopy(model).double()
    x64 = x.detach().double().requires_grad_()
    truths = step_of(exact, x64, grad.double(), "training" if len(got) > 1 else "forward")()
    oracle = torch.from_numpy(oracles.output(name, model, x[some], **settings))
    # An output is as exact as the memory that it shows, which grows where nothing is forgotten.
    memory = largest_memory(exact, x64)
    for result, truth in ((got[0][some], oracle), *zip(got, truths, strict=True)):
        truth = truth.detach().cpu()
        error = (result.detach().cpu().double() - truth).abs().max()
        scale = max(truth.abs().max().item(), memory)
        assert error <= TOLERANCE * scale, (
            f"wrong by {error:.1e} where {TOLERANCE:.0e} of {scale:.1e} is allowed"
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
    except (OSError, AttributeError):  # not on Linux
        return None


def resident(field: str) -> int:
    """Kilobytes of memory in use, `VmRSS`, or at most in use, `VmHWM`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def quartiles(values: np.ndarray[Any, Any]) -> dict[str, float]:
    """Median and quartiles."""
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    return {"median": float(median), "q1": float(q1), "q3": float(q3)}
