r"""The interface of a cell: its blocks, its state and one pure function.

Sizes have the same letters everywhere:

| letter | size |
|---|---|
| `B` | batch size: sequences |
| `T` | time steps of a sequence |
| `D` | input size: features of one time step |
| `H` | hidden state |
| `P` | output of a time step: `proj_size` with a projection, else `H` |
| `G` | number of row blocks of a weight matrix: gates and the candidate |
| `K` | number of gates with a peephole |

In equations, $W$ is `weight_ih`, $U$ is `weight_hh` ($u$ where that is a vector), $b$ is the sum of
the biases (in a GRU and a multiplicative LSTM, where they act separately, $b$ is `bias_ih` and $d$
is `bias_hh`), $p$ is `weight_ch`, $R$ is `weight_gh`, $\sigma$ is the logistic sigmoid and $\odot$
the element-wise product.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, NoReturn, dataclass_transform

from torch import Tensor
from torch.nn.functional import linear

Role = Literal["keep", "write", "output", "reset", "candidate"]
"""The effect of a block where its value is 1; see `Block`."""

State = tuple[Tensor, ...]
"""The state of a cell between time steps: a named tuple, `h` `[B, P]` first, others `[B, H]`."""

Gates = dict[str, Tensor]
"""The gate and candidate activations of a time step, by their letters."""


class Block(NamedTuple):
    """`H` rows of the weight matrices, a gate or the candidate.

    Letters have no fixed meaning: `z = 1` keeps the old state in a GRU and writes the new one in a
    minGRU. Initialisers therefore select blocks by role.

    Attributes:
        name: The letter in the cell's equations.
        role: `"keep"` if the old state is kept where the gate is 1, `"write"` if the candidate is
            written there, `"output"` if the state is output there, `"reset"` if the candidate
            depends on the old state there; `"candidate"` for what is written; `None` for anything
            else.
    """

    name: str
    role: Role | None


class Parameter(NamedTuple):
    """A parameter of one layer in one direction.

    Attributes:
        shape: Its shape.
        letter: Its letter in the cell's equations. There, parameters of one letter stand for their
            sum: the two biases, for example.
        blocks: Names of the blocks of its rows, in order; empty if it has no such blocks.
        init: Fills a tensor in place with the initial values. If `None`, they are uniform in
            (-1/sqrt(H), 1/sqrt(H)), as for all parameters of [torch.nn.LSTM][].
    """

    shape: tuple[int, ...]
    letter: str
    blocks: tuple[str, ...] = ()
    init: Callable[[Tensor], Any] | None = None


class HiddenState(NamedTuple):
    """State of a cell whose output is all of its state.

    Attributes:
        h: Hidden state and output, `[B, H]`.
    """

    h: Tensor


class Field(NamedTuple):
    """A tensor of a cell's state.

    Attributes:
        name: Its letter in the cell's equations.
        start: Its value before the first time step, if no initial state is given.
        float32: Whether it is kept in float32 between steps in half precision (bfloat16, float16),
            where a sum over time stalls because small terms are rounded away.
    """

    name: str
    start: float = 0.0
    float32: bool = False


class Weights(NamedTuple):
    """The parameters of one layer in one direction, named and laid out as in [torch.nn.LSTM][].

    Attributes:
        weight_ih: Input weights, `[G*H, D]`: the cell's blocks of `H` rows each.
        weight_hh: Recurrent weights, `[G*H, P]`, blocks in the same order.
        bias_ih: Input bias, `[G*H]`, or `None`.
        bias_hh: Recurrent bias, `[G*H]`, or `None`.
        weight_hr: Projection of the output, `[P, H]`, or `None`.
        weight_ch: Peephole weights, `[K*H]`, or `None`: the diagonals of the matrices from the cell
            state to the gates.
        weight_gh: Weights from the previous time step's gates to the gates, `[3*H, 3*H]`, or
            `None`.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    weight_hr: Tensor | None = None
    weight_ch: Tensor | None = None
    weight_gh: Tensor | None = None


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
class Cell(ABC):
    """A recurrence: its blocks, its state, and one time step.

    A cell holds no parameters. Every subclass is a frozen dataclass, without a decorator: its
    settings are its annotated attributes, as `beta: float = 1.0`. It specifies the recurrence;
    [`scan`][lstm_variants.time_loop.scan] applies it along time. Its docstring states its
    [equations][lstm_variants.equations].

    Attributes:
        projects: Whether the output can be projected, as `proj_size` of [torch.nn.LSTM][] does.
        weights_type: The type of the named tuple of parameters that `step` takes, with the names of
            `parameters`. Optional ones, such as biases, have the default `None`.
    """

    projects: ClassVar[bool] = False
    weights_type: ClassVar[Any] = Weights
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Make each subclass a frozen dataclass."""
        super().__init_subclass__(**keywords)
        if "__dataclass_fields__" in vars(cls):
            return  # a copy of a dataclass that has slots
        dataclasses.dataclass(frozen=True, repr=False)(cls)
        # Those of this class are enough. With its own, a class could not have the decorator, which
        # it does not need.
        del cls.__setattr__, cls.__delattr__

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise dataclasses.FrozenInstanceError(f"cannot assign to {name!r} of {self!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise dataclasses.FrozenInstanceError(f"cannot delete {name!r} of {self!r}")

    def __repr__(self) -> str:
        """The name and the settings that differ from the default."""
        settings = (f for f in dataclasses.fields(self) if getattr(self, f.name) != f.default)
        text = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in settings)
        return f"{type(self).__name__}({text})"

    @property
    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """The row blocks of `weight_ih` and `weight_hh`, in order."""

    @property
    def block_names(self) -> tuple[str, ...]:
        """The letters of the blocks."""
        return tuple(block.name for block in self.blocks)

    @property
    @abstractmethod
    def state_type(self) -> Any:
        """The named tuple of the cell's state, the output `h` first."""

    @property
    @abstractmethod
    def state_fields(self) -> tuple[Field, ...]:
        """The fields of `state_type`: the output `[B, P]`, then others `[B, H]`."""

    @property
    def zoneout_fields(self) -> tuple[str, ...]:
        """The fields of the state that zoneout applies to: the output, and `c` if there is one."""
        output, *others = self.state_type._fields
        return (output, *(name for name in others if name == "c"))

    @property
    def peepholes(self) -> tuple[str, ...]:
        """Names of the gates with a peephole: the blocks of `weight_ch`, in order."""
        return ()

    def initial_state(self, like: Tensor, hidden_size: int, proj_size: int = 0) -> State:
        """The state before the first time step: the start values. `resets` need this definition.

        Args:
            like: A `[B, ...]` tensor that gives batch size, dtype and device.
            hidden_size: `H`.
            proj_size: Size of the projected output; 0 if there is no projection.
        """
        B, size, tensors = like.shape[0], proj_size or hidden_size, []
        for field in self.state_fields:
            tensor = like.new_zeros(B, size)
            tensors.append(tensor + field.start if field.start else tensor)
            size = hidden_size
        state: State = self.state_type(*tensors)
        return state

    def project(self, x: Tensor, w: Weights) -> Tensor:
        """The input projection of all blocks, for all time steps in one matrix product.

        Args:
            x: Input, `[..., D]`.
            w: Weights of the layer.

        Returns:
            `wx`, `[..., G*H]`.
        """
        return linear(x, w.weight_ih, getattr(w, "bias_ih", None))

    @abstractmethod
    def step(self, wx: Tensor, state: State, w: Weights) -> tuple[State, Gates]:
        """One time step.

        Args:
            wx: The projected input of this step, `[B, G*H]`.
            state: The state before the step.
            w: Weights of the layer.

        A cell may take one more argument, `h_recurrent=None`: $h_{t-1}$ after dropout, for its
        recurrent weights. Without this argument, `recurrent_dropout` raises an error.

        Returns:
            The state after the step, whose first tensor, `h`, is the output; and the gates and the
            candidate, `[B, H]` each, by their letters in the equations.
        """

    def kept_share(self, steps: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> Tensor:
        """The factor that multiplies the old state in the new one: its derivative for fixed gates.

        It follows from the roles of the blocks: the gate with the role `"keep"`; without one, 1
        minus the gate with the role `"write"`. Other cells override it, and raise ValueError if
        there is no such factor. `step` has to return all that it depends on as gates.

        Args:
            steps: Gates, and the state after the step, by their letters.
            before: The same of the step before.

        Raises:
            ValueError: If there is not exactly one such block.
        """
        gates = [b for b in self.blocks if b.role == "keep"]
        gates = gates or [b for b in self.blocks if b.role == "write"]
        if len(gates) != 1:
            raise ValueError(f"{self} has {len(gates)} gates that keep or replace its state, not 1")
        share = steps[gates[0].name]
        return share if gates[0].role == "keep" else 1 - share

    def parameters(
        self, D: int, H: int, *, bias: bool = True, proj_size: int = 0
    ) -> dict[str, Parameter]:
        """One layer's parameters in one direction, by their names in `weights_type`.

        `weight_ih` has to have the cell's blocks as rows, `[G*H, D]`: the hidden size is read from
        its shape.

        Args:
            D: Input size.
            H: Hidden size.
            bias: Whether there are biases.
            proj_size: Size of the projected output; 0 if there is no projection.
        """
        names = self.block_names
        rows = len(names) * H
        parameters = {
            "weight_ih": Parameter((rows, D), "W", names),
            "weight_hh": Parameter((rows, proj_size or H), "U", names),
        }
        if bias:
            parameters["bias_ih"] = Parameter((rows,), "b", names)
            parameters["bias_hh"] = Parameter((rows,), "b", names)
        if proj_size:
            parameters["weight_hr"] = Parameter((proj_size, H), "W_{hr}")
        if self.peepholes:
            parameters["weight_ch"] = Parameter((len(self.peepholes) * H,), "p", self.peepholes)
        return parameters

    def parameter_shapes(
        self, D: int, H: int, *, bias: bool = True, proj_size: int = 0
    ) -> dict[str, tuple[int, ...]]:
        """The shapes of `parameters`, by name."""
        parameters = self.parameters(D, H, bias=bias, proj_size=proj_size)
        return {name: parameter.shape for name, parameter in parameters.items()}
