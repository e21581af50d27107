"""Recording of gate activations and states at every time step, statistics of them, a plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from lstm_variants.cells import Cell, Gates, State
from lstm_variants.kernels import Backend, Call
from lstm_variants.kernels.dispatch import observed
from lstm_variants.kernels.reference import scan_direction
from lstm_variants.steps import valid_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LayerTrace", "Saturation", "trace"]


class Saturation(NamedTuple):
    """How often a gate is nearly closed and nearly open.

    Attributes:
        low: Share of time steps with a value below the lower threshold, `[H]`.
        high: Share of time steps with a value above the upper threshold, `[H]`.
    """

    low: Tensor
    high: Tensor


class LayerTrace(dict[str, Tensor]):
    """Gates and states of one layer in one direction, by their letters in the cell's equations.

    Attributes:
        cell: The cell of the layer.
        valid: Where the time steps are valid, bool `[T, B]`: not so beyond a sequence's length.
        reverse: Whether the layer reads the sequence from its end.
    """

    def __init__(
        self, steps: dict[str, Tensor], cell: Cell, valid: Tensor, reverse: bool = False
    ) -> None:
        super().__init__(steps)
        self.cell = cell
        self.valid = valid
        self.reverse = reverse

    def saturation(
        self, low: float = 0.1, high: float = 0.9, letters: Sequence[str] | None = None
    ) -> dict[str, Saturation]:
        """For each gate and unit, the share of valid time steps near 0 and near 1.

        With the thresholds of Karpathy, Johnson & Fei-Fei 2015 (section 4.2,
        <https://arxiv.org/abs/1506.02078>), where a gate is called left-saturated below 0.1 and
        right-saturated above 0.9.

        Args:
            low: The lower threshold.
            high: The upper threshold.
            letters: What to count, letters of this trace; by default the gates. (In an sLSTM, `i`
                and `f` are recorded as they are computed, divided by the exponential of the
                stabiliser.)

        Raises:
            ValueError: If a letter is not in this trace, or no time step is valid.

        Examples:
            >>> import torch
            >>> from lstm_variants.nn import GRU
            >>> from lstm_variants.trace import trace
            >>> [steps] = trace(GRU(8, 16), 20 * torch.randn(10, 32, 8))
            >>> shares = steps.saturation()
            >>> list(shares), shares["z"].low.shape
            (['r', 'z'], torch.Size([16]))
        """
        found = {}
        for name in self.gates() if letters is None else letters:
            values = self[self.known(name)][self.steps_that(self.valid)].detach()
            found[name] = Saturation(
                (values < low).double().mean(0), (values > high).double().mean(0)
            )
        return found

    def time_constants(self) -> Tensor:
        r"""For each unit, after how many time steps a share of 1/e of the old state is left.

        With $k_t$, the factor by which a unit's old state is multiplied (the forget gate of an
        LSTM, the update gate of a GRU, ...; see
        [`Cell.kept_share`][lstm_variants.cells.Cell.kept_share]), what is left after $n$ time steps
        is $k_1 k_2 \cdots k_n$. The time constant is that of the exponential decay with the same
        mean rate,

        $$ \tau = - 1 \,/\, \overline{\log k_t} $$

        The mean is over all valid time steps but the first of each sequence, before which there is
        nothing to keep. A unit that keeps everything has an infinite time constant.

        Returns:
            Time constants in time steps, float64 `[H]`.

        Raises:
            ValueError: If the cell has no gate that keeps or replaces its state, or if no sequence
                has two valid time steps.

        Examples:
            The forget gate is 0.5 everywhere, and 0.5 = exp(-0.69):

            >>> import torch
            >>> from lstm_variants.nn import LSTM
            >>> from lstm_variants.trace import trace
            >>> layer = LSTM(1, 1)
            >>> for parameter in layer.parameters():
            ...     _ = torch.nn.init.zeros_(parameter)
            >>> [steps] = trace(layer, torch.zeros(10, 1, 1))
            >>> steps.time_constants()  # 1 / 0.693
            tensor([1.4427], dtype=torch.float64)
        """
        before = self.valid.roll(-1 if self.reverse else 1, 0)
        before[-1 if self.reverse else 0] = False
        kept = self.cell.kept_share(self)[self.steps_that(self.valid & before)]
        rate = -kept.detach().double().log().mean(0)
        return 1 / (rate + 0.0)  # so that a negative zero is positive

    def plot(
        self,
        sequence: int = 0,
        letters: Sequence[str] | None = None,
        units: Sequence[int] | None = None,
    ) -> dict[str, Axes]:
        """Draw gates and states of one sequence: an image for each letter, units by time steps.

        Requires matplotlib. Gates have colours from 0 to 1, others from the largest negative value
        to the largest positive one, with white at zero. The figure is the current one of
        `matplotlib.pyplot`: `pyplot.savefig` writes it.

        Args:
            sequence: Which sequence of the batch.
            letters: What to draw, letters of this trace; by default all.
            units: Which units; by default all.

        Returns:
            The axes of each letter.

        Raises:
            ValueError: If a letter is not in this trace, or the sequence has no valid time step.
        """
        from matplotlib import pyplot

        names = [self.known(name) for name in (self if letters is None else letters)]
        steps, gates = self.steps_that(self.valid[:, sequence]), self.gates()
        figure = pyplot.figure(figsize=(8, 0.6 + 1.2 * len(names)), layout="constrained")
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for name, panel in zip(names, panels, strict=True):
            values = self[name][:, sequence][steps].detach().double().cpu()
            values = values if units is None else values[:, list(units)]
            largest = float(values.abs().max())
            scale = ("viridis", 0.0, 1.0) if name in gates else ("RdBu_r", -largest, largest)
            image = panel.imshow(
                values.T.numpy(),
                cmap=scale[0],
                vmin=scale[1],
                vmax=scale[2],
                aspect="auto",
                interpolation="none",
            )
            figure.colorbar(image, ax=panel)
            panel.set_ylabel(f"{name}, unit")
        panels[-1].set_xlabel("time step")
        return dict(zip(names, panels, strict=True))

    def gates(self) -> list[str]:
        """The letters of the gates.

        They are the cell's blocks that keep, write, output or reset, and what its step computes
        from them besides the state, as `f` where the gates are coupled.
        """
        blocks = {block.name: block.role for block in self.cell.blocks}
        fields = self.cell.state_type._fields
        others = [name for name in self if name not in blocks and name not in fields]
        return [
            name for name in self if name in others or blocks.get(name) not in (None, "candidate")
        ]

    def known(self, letter: str) -> str:
        """A letter of this trace."""
        if letter not in self:
            raise ValueError(f"letters should be of {', '.join(self)}, got {letter!r}")
        return letter

    def steps_that(self, chosen: Tensor) -> Tensor:
        """A mask of time steps that are there."""
        if not chosen.any():
            raise ValueError("no time step is there to be counted: sequences are too short")
        return chosen


def trace(module: nn.Module, /, *inputs: Any, **keywords: Any) -> list[LayerTrace]:
    """Run a module once, and record the time steps of every recurrent layer of this package in it.

    The module runs as usual. Before each layer runs, [`scan`][lstm_variants.scan.scan] computes its
    equations from the same input, and each time step is recorded. Gradients flow through the
    recorded tensors; use `torch.no_grad` if they are not needed.

    Args:
        module: A layer of this package, or a module that contains some.
        *inputs: Positional arguments of the call.
        **keywords: Keyword arguments of the call.

    Returns:
        One [`LayerTrace`][lstm_variants.trace.LayerTrace] for each layer and direction, in the
        order in which they run, which for one module is that of `h_n`. It is a dictionary with
        methods for statistics and a plot. Keys are the letters in the cell's equations: gates and
        candidate, then state fields; `i f g o h c` for an LSTM and `r z n h` for a GRU. A gate that
        the variant does not have is omitted. Values are `[T, B, H]` (`h` `[T, B, P]` if projected)
        for any layout of the input, in the time order of the input for both directions, and zero at
        padded time steps. In half precision, fields that the cell keeps in float32 are in float32.

    Raises:
        ValueError: If no layer of this package ran outside of compiled modules and in the calling
            thread, or if a layer ran on an input without time steps.

    Examples:
        >>> import torch
        >>> from lstm_variants.nn import PeepholeLSTM
        >>> from lstm_variants.trace import trace
        >>> [steps] = trace(PeepholeLSTM(8, 16), torch.randn(10, 32, 8))
        >>> list(steps), steps["f"].shape
        (['i', 'f', 'g', 'o', 'h', 'c'], torch.Size([10, 32, 16]))
        >>> c, f, i, g = (steps[k] for k in "cfig")
        >>> torch.allclose(c[5], f[5] * c[4] + i[5] * g[5])
        True
    """
    records: list[LayerTrace] = []

    # Before the layer runs: the model may modify the layer's input in place afterwards.
    def on_call(call: Call, _: Backend) -> None:
        records.extend(record_steps(call))

    with observed(on_call):
        module(*inputs, **keywords)
    if not records:
        raise ValueError(
            f"no recurrent layer of this package ran in {type(module).__name__}, or it cannot be "
            "traced: layers in a compiled module or in another thread are not observed"
        )
    return records


def record_steps(call: Call) -> list[LayerTrace]:
    """Compute gates and states of a layer at every time step, for each direction."""
    records = []
    for direction in range(len(call.weights)):
        recorded: list[tuple[State, Gates]] = []
        scan_direction(call, direction, recorded)
        if not recorded:
            raise ValueError(f"trace requires at least one time step, got T=0: {call}")
        if direction == 1:
            recorded.reverse()
        fields = call.cell.state_type._fields
        named = [gates | dict(zip(fields, after, strict=True)) for after, gates in recorded]
        steps = {name: torch.stack([step[name] for step in named]) for name in named[0]}
        valid = torch.ones(call.x.shape[:2], dtype=torch.bool, device=call.x.device)
        if call.lengths is not None:
            valid = valid_steps(call.x, call.lengths)[..., 0]
            steps = {name: values.where(valid[..., None], 0) for name, values in steps.items()}
        records.append(LayerTrace(steps, call.cell, valid, reverse=direction == 1))
    return records
