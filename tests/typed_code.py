"""Code of a user whose editor knows types: mypy checks this file, nothing runs it."""

from __future__ import annotations

from typing import assert_type

import torch
from torch import Tensor

from lstm_variants import nn, replace_layers
from lstm_variants.cells import Block, Cell, Field, Gates, HiddenState, State, Weights


class Tagger(torch.nn.Module):
    """A model with a method of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = torch.nn.LSTM(8, 16)

    def tags(self, x: Tensor) -> Tensor:
        """The index of the largest output."""
        output: Tensor = self.rnn(x)[0]
        return output.argmax(-1)


assert_type(replace_layers(Tagger()).tags(torch.zeros(3, 1, 8)), Tensor)
assert_type(replace_layers(torch.nn.GRU(8, 16)), nn.Recurrent)
assert_type(nn.init.chrono_(nn.PeepholeLSTM(8, 16), t_max=100), nn.PeepholeLSTM)
assert_type(nn.init.gate_bias_(nn.GRU(8, 16), "keep", 1.0), nn.GRU)
assert_type(nn.LSTM(8, 16).step(torch.zeros(1, 8))[0], Tensor)
assert_type(nn.JANET(8, 16, 2, True, beta=0.5, dropout=0.1), nn.JANET)
assert_type(nn.RNN(8, 16, 2, "relu", backend="reference"), nn.RNN)


class SlowCell(Cell):
    """A cell with a setting."""

    alpha: float = 0.1

    blocks = (Block("n", "candidate"),)
    state_type = HiddenState
    state_fields = (Field("h"),)

    def step(self, wx: Tensor, state: State, w: Weights) -> tuple[State, Gates]:
        """Move a part of the way to the projected input."""
        return HiddenState(state[0] + self.alpha * (wx - state[0])), {"n": wx}


assert_type(SlowCell(alpha=0.2).alpha, float)


def wrong() -> None:
    """Errors that a type checker reports: without one, it reports the comment."""
    nn.JANET(8, 16, betta=0.5)  # type: ignore[call-arg]
    nn.IndRNN(8, 16, nonlinearity="elu")  # type: ignore[arg-type]
    nn.LSTM(8, 16, bias="yes")  # type: ignore[arg-type]
    nn.MGU(8, 16, proj_size=4)  # type: ignore[call-arg]
    SlowCell(beta=0.2)  # type: ignore[call-arg]
    SlowCell().alpha = 0.3  # type: ignore[misc]
