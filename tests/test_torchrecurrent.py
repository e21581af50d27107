"""Cells against those of torchrecurrent, an independent implementation."""

from functools import partial

import pytest
import torch
import torchrecurrent

from lstm_variants import VARIANTS
from tests.tolerances import assert_exact

THEIRS = {
    "LSTM-1997": torchrecurrent.OriginalLSTMCell,
    "MGU": torchrecurrent.MGUCell,
    "JANET": torchrecurrent.JANETCell,
    "IndRNN": partial(torchrecurrent.IndRNNCell, nonlinearity=torch.relu),
    "MultiplicativeLSTM": torchrecurrent.MultiplicativeLSTMCell,
}
RENAMED = {"vector_u": "weight_hh"}
"""Our names of parameters that have another name there."""


def copy_to(theirs, parameters):
    """Copy our parameters into their cell; beta is a parameter there, and keeps its value of 1."""
    for name, parameter in theirs.named_parameters():
        if name == "beta":
            assert parameter.item() == 1
        elif RENAMED.get(name, name) in parameters:
            parameter.data.copy_(parameters[RENAMED.get(name, name)])
        else:  # a second bias
            assert name.startswith("bias")
            parameter.data.zero_()


def split_rows(parameters, H):
    """The multiplicative LSTM's recurrent parameters as two: of m, and of the gates."""
    found = dict(parameters)
    for kind in ("weight", "bias"):
        found[f"{kind}_hh"], found[f"{kind}_mh"] = parameters[f"{kind}_hh"].split([H, 4 * H])
    return found


@pytest.mark.parametrize("name", THEIRS)
def test_outputs_and_gradients_are_those_of_torchrecurrent(name):
    D, H = 3, 5
    layer = VARIANTS[name].layer(D, H).double()
    theirs = THEIRS[name](D, H).double()
    parameters = {key.removesuffix("_l0"): p.detach() for key, p in layer.named_parameters()}
    if name == "MultiplicativeLSTM":
        parameters = split_rows(parameters, H)
    copy_to(theirs, parameters)

    x = torch.randn(9, 4, D, dtype=torch.float64, requires_grad=True)
    output, _ = layer(x)
    state, expected = None, []
    for x_t in x:
        state = theirs(x_t, state)
        expected.append(state[0] if isinstance(state, tuple) else state)
    expected = torch.stack(expected)
    assert_exact(output, expected)
    weights = torch.randn_like(output)
    for got, right in zip(
        torch.autograd.grad((output * weights).sum(), [x, layer.weight_ih_l0]),
        torch.autograd.grad((expected * weights).sum(), [x, theirs.weight_ih]),
        strict=True,
    ):
        assert_exact(got, right)
