"""Recording of gate activations and states at every time step, statistics of them, a plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from lstm_variants.cells import Gates, State
from lstm_variants.kernels import Backend, Call
from lstm_variants.kernels.dispatch import observed
from lstm_variants.kernels.reference import scan_direction
from lstm_variants.steps import reset_mask, valid_steps
from lstm_variants.torch_internals import active_transforms

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LayerTrace", "Saturation", "trace"]


class Saturation(NamedTuple):
    """How often a gate is near 0 and near 1.

    Attributes:
        low: Share of time steps with a value below the lower threshold, `[H]`.
        high: Share of time steps with a value above the upper threshold, `[H]`.
    """

    low: Tensor
    high: Tensor


class LayerTrace(dict[str, Tensor]):
    """Gates and states of one layer in one direction, by their letters in the cell's equations.

    `dict(steps)` is a plain dictionary of the tensors, for `torch.save` for example.

    Attributes:
        cell: The cell of the layer.
        valid: Mask of the valid time steps, bool `[T, B]`: false beyond the length of a sequence.
        first: Mask of the valid time steps without one before them, bool `[T, B]`: the first step
            of each sequence, and each step before which the state is reset. In the reverse
            direction, these are the last steps.
        reverse: Whether the layer reads the sequence from its end.
        zoneout: Whether the layer keeps a part of its state by zoneout.
    """

    def __init__(self, steps: dict[str, Tensor], call: Call, direction: int) -> None:
        """Take the recorded time steps of one direction of a call."""
        super().__init__(steps)
        self.cell = call.cell
        self.reverse = direction == 1
        self.valid = torch.ones(call.x.shape[:2], dtype=torch.bool, device=call.x.device)
        if call.lengths is not None:
            self.valid = valid_steps(call.x, call.lengths)[..., 0]
        self.first = ~self.before(self.valid)
        self.first[-1 if self.reverse else 0] = True
        self.first = self.first & self.valid
        if call.resets is not None:
            resets, valid = call.resets.to(call.x.device), self.valid.unsqueeze(-1)
            self.first = self.first | reset_mask(resets, valid, reverse=self.reverse)[..., 0]
        masks = None if call.masks is None else call.masks[direction]
        self.zoneout = masks is not None and any(m is not None for m in masks.zoneout_masks)

    def __missing__(self, letter: object) -> NoReturn:
        raise KeyError(f"the trace of {self.cell} has no {letter!r}, but {', '.join(self)}")

    def before(self, values: Tensor) -> Tensor:
        """Values of the time step before each, as the layer reads; for the first, of the last."""
        return values.roll(-1 if self.reverse else 1, 0)

    def saturation(
        self, low: float = 0.1, high: float = 0.9, letters: Sequence[str] | None = None
    ) -> dict[str, Saturation]:
        """For each gate and unit, the share of valid time steps near 0 and near 1.

        The default thresholds are those of Karpathy, Johnson & Fei-Fei 2015 (section 4.2,
        <https://arxiv.org/abs/1506.02078>), who call a gate left-saturated below 0.1 and
        right-saturated above 0.9. A share is NaN if one of the values is NaN.

        Args:
            low: The lower threshold.
            high: The upper threshold.
            letters: Letters of this trace; by default those of `gates`. (`i` and `f` of an sLSTM
                are stabilised, those of a minLSTM are not divided by their sum.)

        Raises:
            ValueError: If a letter is not in this trace, or no time step is valid.

        Examples:
            >>> import torch
            >>> import lstm_variants as lv
            >>> [steps] = lv.trace(lv.nn.GRU(8, 16), 20 * torch.randn(10, 32, 8))
            >>> shares = steps.saturation()
            >>> list(shares), shares["z"].low.shape
            (['r', 'z'], torch.Size([16]))
        """
        shares = {}
        for name in self.gates() if letters is None else letters:
            values = self._values(name, self.valid)
            unknown = torch.where(values.isnan(), torch.nan, 0.0).double()
            below, above = (values < low) + unknown, (values > high) + unknown
            shares[name] = Saturation(below.mean(0), above.mean(0))
        return shares

    def time_constants(self) -> Tensor:
        r"""The time constant of each unit: the number of time steps after which 1/e of it is left.

        With $k_t$, the factor by which a unit's old state is multiplied (the forget gate of an
        LSTM, the update gate of a GRU, ...; see
        [`Cell.kept_share`][lstm_variants.cells.cell.Cell.kept_share]), what is left after $n$ time
        steps is $k_1 k_2 \cdots k_n$. The time constant is that of the exponential decay with the
        same mean rate,

        $$ \tau = - 1 \,/\, \overline{\log k_t} $$

        The mean is over all valid time steps but the `first` ones, before which there is nothing to
        keep. A unit that keeps everything has an infinite time constant. In half precision, gates
        without peepholes are rounded (in bfloat16, from 0.998 on to 1): use a layer in float32.

        Returns:
            Time constants in time steps, float64 `[H]`.

        Raises:
            ValueError: If the cell has no gate that keeps or replaces its state, if the layer has
                zoneout, or if no sequence has two valid time steps.

        Examples:
            The forget gate is 0.5 everywhere, and 0.5 = exp(-0.69):

            >>> import torch
            >>> import lstm_variants as lv
            >>> layer = lv.nn.LSTM(1, 1)
            >>> for parameter in layer.parameters():
            ...     _ = torch.nn.init.zeros_(parameter)
            >>> [steps] = lv.trace(layer, torch.zeros(10, 1, 1))
            >>> steps.time_constants()  # 1 / 0.693
            tensor([1.4427], dtype=torch.float64)
        """
        if self.zoneout:
            raise ValueError("time constants require a layer without zoneout, which keeps states")
        kept = self.cell.kept_share(self, {k: self.before(values) for k, values in self.items()})
        rate = -chosen(kept, self.valid & ~self.first).log().mean(0)
        return 1 / (rate + 0.0)  # so that a negative zero is positive

    def plot(
        self,
        sequence: int = 0,
        letters: Sequence[str] | None = None,
        units: Sequence[int] | None = None,
    ) -> dict[str, Axes]:
        """Draw gates and states of one sequence: an image for each letter, units by time steps.

        Requires matplotlib. Colours of gates range from 0 to 1, those of others from minus to plus
        the largest absolute value, with white at zero. The figure is the current one of
        `matplotlib.pyplot`: `pyplot.savefig` writes it.

        Args:
            sequence: Which sequence of the batch.
            letters: Letters of this trace; by default all.
            units: Indices of units; by default all. A projected `h` has fewer.

        Returns:
            The axes of each letter.

        Raises:
            ValueError: If a letter is not in this trace, no letter or unit is named, or the
                sequence has no valid time step.
            IndexError: If there is no such sequence or unit.
        """
        from matplotlib import pyplot

        names, gates = list(self if letters is None else letters), self.gates()
        if not (names and (units is None or len(units))):
            raise ValueError("at least one letter and one unit should be named, got none")
        valid = torch.zeros_like(self.valid)
        valid[:, sequence] = self.valid[:, sequence]
        columns = slice(None) if units is None else list(units)
        drawn = {name: self._values(name, valid)[:, columns] for name in names}
        figure = pyplot.figure(figsize=(8, 0.6 + 1.2 * len(names)), layout="constrained")
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for panel, (name, values) in zip(panels, drawn.items(), strict=True):
            largest = float(values.abs().max()) or 1.0
            scale = ("viridis", 0.0, 1.0) if name in gates else ("RdBu_r", -largest, largest)
            settings = dict(zip(("cmap", "vmin", "vmax"), scale, strict=True))
            image = panel.imshow(values.T.numpy(), **settings, aspect="auto", interpolation="none")
            figure.colorbar(image, ax=panel)
            panel.set_ylabel(f"{name}, unit")
            panel.yaxis.get_major_locator().set_params(integer=True)
            if units is not None:
                panel.set_yticks(range(len(units)), list(units))
        panels[-1].set_xlabel("time step")
        panels[-1].xaxis.get_major_locator().set_params(integer=True)
        return dict(zip(names, panels, strict=True))

    def gates(self) -> list[str]:
        """The letters of the gates.

        These are the cell's blocks with the roles keep, write, output and reset, and what its step
        returns besides blocks and state: `f` where the gates are coupled.
        """
        blocks = {block.name: block.role for block in self.cell.blocks}
        fields = self.cell.state_type._fields
        others = [name for name in self if name not in blocks and name not in fields]
        return [n for n in self if n in others or blocks.get(n) not in (None, "candidate")]

    def _values(self, letter: str, mask: Tensor) -> Tensor:
        """What is recorded at some time steps, `[n, H]`."""
        if letter not in self:
            raise ValueError(f"letters should be of {', '.join(self)}, got {letter!r}")
        return chosen(self[letter], mask)


def chosen(values: Tensor, mask: Tensor) -> Tensor:
    """Values at some time steps, `[n, H]`, in float64 on the CPU; an error if there are none."""
    if not mask.any():
        raise ValueError("at least one time step is required, one after another for time constants")
    return values.detach()[mask].to("cpu", torch.float64)


def trace(module: nn.Module, /, *inputs: Any, **keywords: Any) -> list[LayerTrace]:
    """Run a module once, and record the time steps of every recurrent layer of this package in it.

    The module runs as usual. Before each layer runs, [`scan`][lstm_variants.time_loop.scan]
    computes its equations from the same input, and each time step is recorded. Gradients flow
    through the recorded tensors; use `torch.no_grad` if they are not needed.

    Args:
        module: A layer of this package, or a module that contains some.
        *inputs: Positional arguments of the call.
        **keywords: Keyword arguments of the call.

    Returns:
        One [`LayerTrace`][lstm_variants.traces.LayerTrace] for each layer and direction, in the
        order in which they run, which for one module is that of `h_n`. It is a dictionary with
        methods for statistics and a plot. Keys are the letters in the cell's equations: gates and
        candidate, then state fields; `i f g o h c` for an LSTM and `r z n h` for a GRU. A gate that
        the variant does not have is omitted. Values are `[T, B, H]` (`h` `[T, B, P]` if projected)
        for any layout of the input, in the time order of the input for both directions, and zero at
        padded time steps. In half precision, fields that the cell keeps in float32 are in float32,
        as are gates that depend on them, and under autocast `h` of a GRU or MGU. Others are rounded
        at each time step, which the layer's output may not be.

    Raises:
        ValueError: If no layer of this package ran outside of compiled modules and in the calling
            thread, or if one ran without time steps, or under `torch.func.grad` or `vmap`.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> [steps] = lv.trace(lv.nn.PeepholeLSTM(8, 16), torch.randn(10, 32, 8))
        >>> list(steps), steps["f"].shape
        (['i', 'f', 'g', 'o', 'h', 'c'], torch.Size([10, 32, 16]))
        >>> c, f, i, g = (steps[k] for k in "cfig")
        >>> torch.allclose(c[5], f[5] * c[4] + i[5] * g[5])
        True
    """
    records: list[LayerTrace] = []

    # Before the layer runs: the model may modify the layer's input in place afterwards. Activation
    # checkpointing counts the tensors that are saved for the layer, and should not count these.
    def on_call(call: Call, _: Backend) -> None:
        if active_transforms() & {"Grad", "Vmap"}:
            raise ValueError("a layer under torch.func.grad or vmap cannot be traced: leave it out")
        with saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor):
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
        recorded_steps = LayerTrace(steps, call, direction)
        if call.lengths is not None:
            for name, values in steps.items():
                recorded_steps[name] = values.where(recorded_steps.valid.unsqueeze(-1), 0)
        records.append(recorded_steps)
    return records
