"""Times the backends over T, over H, and on a grid of sizes."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from time import perf_counter

import torch
from torch import nn

from experiments import Record
from experiments.engine.experiment import Experiment
from lstm_variants import VARIANTS

MODES = ("forward", "training")
Contenders = dict[str, Callable[[], object]]


@dataclass(frozen=True)
class Config:
    """Sizes, and how often each is timed.

    Attributes:
        hidden: H of the curve over H, with `D = H`.
        steps: T of the curve over T.
        batch: B of both curves.
        fixed_hidden: H of the curve over T.
        fixed_steps: T of the curve over H, and of the crossover table.
        grid_batch: B of the crossover table.
        grid_hidden: H of the crossover table.
        threads: Numbers of threads of the crossover table; the curves use the last.
        rounds: How often each contender is timed.
    """

    hidden: tuple[int, ...] = (8, 16, 32, 64, 128, 256, 512)
    steps: tuple[int, ...] = (1, 4, 16, 64, 256)
    batch: int = 32
    fixed_hidden: int = 128
    fixed_steps: int = 32
    grid_batch: tuple[int, ...] = (1, 4, 32)
    grid_hidden: tuple[int, ...] = (8, 32, 128, 512)
    threads: tuple[int, ...] = (1, 2)
    rounds: int = 9


def run(config: Config, seed: int) -> Record:
    """Time both curves and the grid."""
    before = torch.get_num_threads()
    torch.manual_seed(seed)
    try:
        torch.set_num_threads(config.threads[-1])
        points = [("H", config.fixed_steps, H) for H in config.hidden]
        points += [("T", T, config.fixed_hidden) for T in config.steps]
        curves = [
            {"over": over, "T": T, "H": H, "mode": mode, "milliseconds": milliseconds}
            for (over, T, H), mode in product(points, MODES)
            for milliseconds in [curve_point(config, T, H, mode)]
        ]
        grid = []
        for threads in config.threads:
            torch.set_num_threads(threads)
            grid += [
                {"cell": cell, "threads": threads, "B": B, "H": H, "mode": mode, "ratio": ratio}
                for cell, B, H, mode in product(
                    ("LSTM", "GRU", "RNN"), config.grid_batch, config.grid_hidden, MODES
                )
                for ratio in [crossover(config, cell, B, H, mode)]
            ]
    finally:
        torch.set_num_threads(before)
    return {"seed": seed, "curves": curves, "grid": grid}


def curve_point(config: Config, T: int, H: int, mode: str) -> dict[str, float]:
    """Median milliseconds of each contender at one size."""
    x = torch.randn(T, config.batch, H, requires_grad=mode == "training")
    contenders: Contenders = {
        "nn.LSTM": partial(step, nn.LSTM(H, H), x),
        "PeepholeLSTM, CPU kernels": partial(step, layer("PeepholeLSTM", H, "cpu"), x),
        "PeepholeLSTM, reference": partial(step, layer("PeepholeLSTM", H, "reference"), x),
        "products": products(x.detach(), mode),
    }
    times = time_in_turn(contenders, config.rounds)
    return {name: 1e3 * statistics.median(t) for name, t in times.items()}


def crossover(config: Config, cell: str, B: int, H: int, mode: str) -> float:
    """The median ratio of the CPU kernels' time to that of torch's own kernels."""
    x = torch.randn(config.fixed_steps, B, H, requires_grad=mode == "training")
    contenders: Contenders = {
        backend: partial(step, layer(cell, H, backend), x) for backend in ("cpu", "torch")
    }
    times = time_in_turn(contenders, 2 * config.rounds)
    return statistics.median(
        ours / theirs for ours, theirs in zip(times["cpu"], times["torch"], strict=True)
    )


def layer(variant: str, H: int, backend: str) -> nn.Module:
    """A layer of a variant, `D = H`."""
    return VARIANTS[variant].layer(H, H, backend=backend)


def step(model: nn.Module, x: torch.Tensor) -> None:
    """Outputs, and all gradients if the input requires one."""
    if x.requires_grad:
        output = model(x)[0]
        torch.autograd.grad(output, [x, *model.parameters()], torch.ones_like(output))
    else:
        with torch.inference_mode():
            model(x)


def products(x: torch.Tensor, mode: str) -> Callable[[], None]:
    """What computes the matrix products of an LSTM with `D = H`, and nothing else."""
    T, B, H = x.shape
    flat, h = x.view(T * B, H), x[0]
    weights, gates = x.new_ones(4 * H, H), x.new_ones(T * B, 4 * H)
    steps = gates.view(T, B, 4 * H).unbind()
    d_h, d_x, d_weights = torch.empty_like(h), torch.empty_like(flat), torch.empty_like(weights)

    def compute() -> None:
        torch.mm(flat, weights.T, out=gates)
        for rows in steps:
            torch.mm(h, weights.T, out=rows)
        if mode == "training":
            for rows in steps:
                torch.mm(rows, weights, out=d_h)
            torch.mm(gates, weights, out=d_x)
            torch.mm(gates.T, flat, out=d_weights)
            torch.mm(gates.T, flat, out=d_weights)

    return compute


def time_in_turn(contenders: Contenders, rounds: int) -> dict[str, list[float]]:
    """Seconds of each contender in each round, after two calls of each that do not count.

    In a round, each works for about a millisecond or once, and 50 times at most.
    """
    repeats = {}
    for name, work in contenders.items():
        work()
        start = perf_counter()
        work()
        repeats[name] = int(min(max(1e-3 / (perf_counter() - start), 1), 50))
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            start = perf_counter()
            for _ in range(repeats[name]):
                work()
            times[name].append((perf_counter() - start) / repeats[name])
    return times


EXPERIMENT = Experiment(
    config=Config(),
    smoke=Config(
        hidden=(8,),
        steps=(2,),
        fixed_hidden=8,
        fixed_steps=2,
        grid_batch=(1,),
        grid_hidden=(8,),
        threads=(1,),
        rounds=1,
    ),
    run=run,
    reproducible=False,
)
