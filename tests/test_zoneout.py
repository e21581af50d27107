"""Zoneout against the formulas of Krueger et al. 2017."""

from typing import NamedTuple

import pytest
import torch
from torch import nn

from lstm_variants import VARIANTS
from lstm_variants import nn as layers
from lstm_variants.cells import Field, MinGRUCell
from tests.layers import TWINS, assert_same_states, backend_of, observed_call, random_hx, states_of
from tests.tolerances import assert_exact

F64 = {"dtype": torch.float64}
T, B, D, H = 6, 3, 4, 5
every_variant = pytest.mark.parametrize("name", VARIANTS)


def torchs_cell(layer):
    """The cell of torch with the parameters of a layer."""
    kinds = {"LSTM": nn.LSTMCell, "GRU": nn.GRUCell, "RNN": nn.RNNCell}
    cell = kinds[type(layer).__name__](D, H, **F64)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    return cell


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_zoneout_is_the_papers(name, training):
    """Krueger et al. 2017 by torch's cell: h_t is a function of the c_t without zoneout."""
    rates = {"LSTM": (0.3, 0.6)}.get(name, 0.3)
    layer = TWINS[name][0](D, H, zoneout=rates, **F64).train(training)
    cell, x, hx = torchs_cell(layer), torch.randn(T, B, D, **F64), random_hx(layer, B)
    (output, last), [(call, _)] = observed_call(layer, x, hx)
    [(_, kept)] = call.masks
    state = tuple(s[0] for s in states_of(hx))
    outputs = []
    for t in range(T):
        new = cell(x[t], state if len(state) > 1 else state[0])
        new = new if isinstance(new, tuple) else (new,)
        if training:
            state = tuple(
                k[t].double() * s + (~k[t]).double() * n
                for k, s, n in zip(kept, state, new, strict=True)
            )
        else:
            p = rates if isinstance(rates, tuple) else (rates,)
            state = tuple(q * s + (1 - q) * n for q, s, n in zip(p, state, new, strict=True))
        outputs.append(state[0])
    assert_exact(output, torch.stack(outputs))
    assert_same_states(last, tuple(s[None] for s in state))


def test_masks_are_drawn_for_each_direction_sequence_and_step():
    layer = layers.LSTM(D, 40, bidirectional=True, recurrent_dropout=0.5, zoneout=0.5)
    _, [(call, _)] = observed_call(layer, torch.randn(T, B, D))
    forward, backward = call.masks
    assert not torch.equal(forward.dropout_factors, backward.dropout_factors)
    for mask, other in zip(forward.zoneout_masks, backward.zoneout_masks, strict=True):
        assert not torch.equal(mask, other)
        assert (mask[:, :1] != mask).any()
        assert (mask[:1] != mask).any()


def test_small_rates_with_a_default_dtype_of_few_values():
    layer = layers.GRU(D, 200, zoneout=0.001)
    torch.set_default_dtype(torch.bfloat16)
    try:
        [(call, _)] = observed_call(layer, torch.randn(100, B, D, dtype=torch.float32))[1]
    finally:
        torch.set_default_dtype(torch.float32)
    mask = call.masks[0].zoneout_masks[0]
    expected = 0.001 * mask.numel()
    assert abs(mask.sum().item() - expected) < 5 * expected**0.5


@every_variant
def test_zoneout_keeps_its_share(name):
    """Of h, and of c if there is one that has a meaning alone."""
    layer = VARIANTS[name].layer(D, 40, bidirectional=True, zoneout=0.2, **F64)
    (output, _), [(call, backend)] = observed_call(layer, torch.randn(30, B, D, **F64))
    assert backend == backend_of(layer)
    fields = layer.cell.state_type._fields
    for seen, kept in call.masks:
        assert seen is None
        for field, mask in zip(fields, kept, strict=True):
            if field not in layer.cell.zoneout_fields:
                assert mask is None
                continue
            n = mask.numel()
            assert mask.shape == (30, B, 40)
            assert abs(mask.sum().item() - 0.2 * n) < 5 * (n * 0.16) ** 0.5
    h_mask = call.masks[0].zoneout_masks[0]
    assert torch.equal(output[1:, :, :40][h_mask[1:]], output[:-1, :, :40][h_mask[1:]])
    expected = {"h"} if name == "SLSTM" else {"h", "c"} & set(fields)
    assert set(layer.cell.zoneout_fields) == expected
    layer.zoneout = 1.0
    hx = random_hx(layer, B)
    if name != "SLSTM":
        kept_state = layer(torch.randn(30, B, D, **F64), hx)[1]
        pairs = zip(fields, states_of(kept_state), states_of(hx), strict=True)
        assert all(torch.equal(a, b) for field, a, b in pairs if field in ("h", "c"))


@every_variant
def test_zoneout_with_lengths_and_resets(name):
    """A unit that is kept after a reset keeps its start value; padding changes nothing."""
    layer = VARIANTS[name].layer(D, H, bidirectional=False, zoneout=0.4, **F64)
    x = torch.randn(T, B, D, **F64)
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[2] = True
    torch.manual_seed(1)
    output, last = layer(x, lengths=torch.tensor([6, 3, 0]), resets=resets)
    assert_exact(states_of(last)[0][0, 0], output[5, 0])
    assert_exact(states_of(last)[0][0, 1], output[2, 1])
    assert not output[3:, 1].any()
    torch.manual_seed(1)
    other = x.clone()
    other[:2] += 1
    after, _ = layer(other, lengths=torch.tensor([6, 3, 0]), resets=resets)
    assert torch.equal(after[2:], output[2:])


def test_zoneout_of_a_cell_of_your_own():
    """On its output, whatever its name is."""

    class Output(NamedTuple):
        y: torch.Tensor

    class OwnCell(MinGRUCell):
        state_type = Output
        state_fields = (Field("y"),)

        def step(self, wx, state, w):
            (state,), gates = super().step(wx, state, w)
            return Output(state), gates

    layer = layers.Recurrent(OwnCell(), D, H, zoneout=1.0)
    output, last = layer(torch.randn(T, B, D), torch.ones(1, B, H))
    assert output.eq(1).all()
    assert last.eq(1).all()
