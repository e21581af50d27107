"""Cells that are wrong in one dtype or derivative alone, and what `check_cell` says of them."""

import pytest
import torch

from lstm_variants.testing import check_cell
from tests.test_own_cell import LeakyCell


class WrongInFloat16(LeakyCell):
    """As if a product were too large for it."""

    def step(self, wx, state, w):
        return super().step(wx * 0 if wx.dtype == torch.float16 else wx, state, w)


class Sine(torch.autograd.Function):
    """The second derivative is missing."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0].detach().cos()


class OnceDifferentiable(LeakyCell):
    """The first derivative is right."""

    def step(self, wx, state, w):
        return super().step(Sine.apply(wx), state, w)


@pytest.mark.parametrize(
    ("cell", "law"),
    [
        (WrongInFloat16(), "half precision is close to float32"),
        (OnceDifferentiable(), "first and second derivatives"),
    ],
    ids=repr,
)
def test_a_wrong_cell_is_found(cell, law):
    with pytest.raises(AssertionError, match=law):
        check_cell(cell)
