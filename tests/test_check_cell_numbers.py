"""check_cell and numbers: cells wrong in one dtype or derivative alone, modes, defaults."""

from functools import partial

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


MODES = [torch.no_grad, torch.inference_mode, partial(torch.autocast, "cpu")]


@pytest.mark.parametrize("mode", MODES, ids=["no_grad", "inference_mode", "autocast"])
def test_the_mode_does_not_matter(mode):
    with mode():
        assert len(check_cell(LeakyCell())) == 13


def test_the_default_device_does_not_matter():
    with torch.device("meta"):
        assert len(check_cell(LeakyCell())) == 13


def test_the_default_dtype_does_not_matter():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert len(check_cell(LeakyCell())) == 13
    finally:
        torch.set_default_dtype(before)
