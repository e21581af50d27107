"""The timing tasks as they are learned today: batches, Adam, gradients through all steps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import mse_loss

from experiments import Record
from lstm_variants.cells import Cell
from lstm_variants.nn import Recurrent, init

EXPLODED = 1e6


class Batch(NamedTuple):
    """Sequences of a task.

    Attributes:
        x: Input, `[T, B, 1]`.
        target: What is to come out, `[T, B]`.
    """

    x: Tensor
    target: Tensor


def examples(task: str, F: int, intervals: int, batch: int, source: torch.Generator) -> Batch:
    """Sequences of a number of intervals; of NMSD there is one."""
    if task in ("NMSD", "GTS"):
        longer = torch.randint(0, 2, (intervals, batch), generator=source)
        ends = (longer + F).cumsum(0) - 1
        time = torch.arange(F + 1 if task == "NMSD" else intervals * F)  # as many for all
        which = torch.searchsorted(ends.T.contiguous(), time.expand(batch, -1).contiguous()).T
        says = longer.gather(0, which.clamp(max=intervals - 1)).float()
        spikes = torch.zeros(intervals * (F + 1), batch).scatter_(0, ends, 1.0)[: len(time)]
        if task == "GTS":
            return Batch(says[..., None], spikes)
        start = torch.ones(1, batch)  # the spike that the first interval is measured from
        x, target = torch.cat([start, spikes]), torch.cat([0 * start, spikes * says])
        return Batch(x[..., None], target)
    phase = torch.arange(1, intervals * F + 1) % F / F
    wave = {
        "COSINE": (1 - torch.cos(2 * torch.pi * phase)) / 2,
        "TRIANGLE": 1 - (2 * phase - 1).abs(),
        "RECTANGLE": ((phase > 0) & (phase <= 0.5)).float(),
    }[task]
    return Batch(torch.zeros(len(wave), batch, 1), wave[:, None].expand(-1, batch))


class Network(nn.Module):
    """A recurrent layer whose state is read at each step."""

    def __init__(self, cell: Cell, hidden: int, forget_bias: float, *, squash: bool) -> None:
        super().__init__()
        self.layer = Recurrent(cell, 1, hidden)
        self.out = nn.Linear(hidden, 1)
        self.squash = squash
        init.gate_bias_(self.layer, "keep", forget_bias)

    def logits(self, x: Tensor) -> Tensor:
        """What the sigmoid takes, `[T, B]`, for inputs `[T, B, 1]`; without one, the outputs."""
        found: Tensor = self.out(self.layer(x)[0]).squeeze(-1)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Outputs `[T, B]` for inputs `[T, B, 1]`."""
        return torch.sigmoid(self.logits(x)) if self.squash else self.logits(x)


def train(
    task: str,
    F: int,
    cell: Cell,
    *,
    seed: int,
    hidden: int,
    batch: int,
    updates: int,
    rate: float,
    forget_bias: float,
    tolerance: float,
) -> tuple[Network, Record]:
    """Updates on fresh sequences until the task is solved, or there were enough.

    Every 10 updates, if the batch was without a failure, a thousand intervals are tried; the task
    is solved if they go without one. A network whose outputs explode does not come back: it has
    *diverged*, and all its updates are over.
    """
    waves = task not in ("NMSD", "GTS")
    learned, tried = (1, batch), (1, 1000)  # intervals, sequences
    if task != "NMSD":
        learned, tried = (10, 1 if waves else batch), (1000, 1)
    torch.manual_seed(seed)
    # The same sequences for every unit, however often it is tried.
    source, trials = (torch.Generator().manual_seed(s) for s in (seed, seed + 1_000_000))
    network = Network(cell, hidden, forget_bias, squash=not waves)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    solved, diverged, update, error = False, False, 0, torch.empty(0)
    while update < updates and not (solved or diverged):
        x, target = examples(task, F, *learned, source)
        logits = network.logits(x)
        optimizer.zero_grad()
        (mse_loss if waves else cross_entropy)(logits, target).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        update += 1
        error = (logits if waves else torch.sigmoid(logits)).detach() - target
        diverged = not logits.abs().max() < EXPLODED
        if update % 10 == 0 and bool((error.abs() < tolerance).all()):
            with torch.no_grad():
                x, target = examples(task, F, *tried, trials)
                solved = bool(((network(x) - target).abs() < tolerance).all())
    return network, {
        "solved": solved,
        "diverged": diverged,
        "took": update if solved else updates,
        "rmse": float(error.square().mean().sqrt()),
    }
