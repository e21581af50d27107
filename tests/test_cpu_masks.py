"""Recurrent dropout and zoneout on the CPU kernels, against the reference in float64."""

from inspect import signature

import pytest
import torch
from torch.export import Dim, export
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_variants.cells import JANETCell, LSTMCell
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.cpu import native
from lstm_variants.nn import GRU, LSTM
from lstm_variants.steps import Masks
from tests import test_cpu_bfloat16
from tests.cpu_kernels import INSTRUCTION_SETS, needs_kernels, use_threads
from tests.test_cpu_exactness import (
    CELLS,
    COMPUTING,
    FEW,
    OTHERS,
    PROJECTING,
    call_of,
    check,
    check_touches_nothing_outside,
    every_cell,
    every_dtype,
    in_dtype,
    instruction_set,
    results_of,
    some_resets,
)
from tests.test_tracing import Compiled
from tests.tracing import assert_same, flat, operators_in

__all__ = ["instruction_set"]
pytestmark = needs_kernels
KINDS = ("dropout", "zoneout", "mean", "all")
every_kind = pytest.mark.parametrize("kind", KINDS)


def with_masks(call, kind):
    """The call with drawn masks of recurrent dropout, of zoneout, or of both, or with shares."""
    cell, T = call.cell, call.sizes[0]
    generator = torch.Generator().manual_seed(0)

    def draw(state):
        return torch.rand(T, *state.shape[1:], generator=generator) < 0.4

    def draw_factors():
        h = call.states[0]
        if kind not in ("dropout", "all") or "h_recurrent" not in signature(cell.step).parameters:
            return None
        drawn = torch.rand(h.shape[1:], generator=generator, dtype=torch.float64)
        return (drawn < 0.7).to(torch.float32 if h.dtype == torch.bfloat16 else h.dtype) / 0.7

    def zoneout_of(name, state, rate):
        if kind == "dropout" or name not in cell.zoneout_fields:
            return None
        return rate if kind == "mean" else draw(state)

    masks = tuple(
        Masks(
            draw_factors(),
            tuple(
                zoneout_of(name, state, 0.1 + 0.2 * k)
                for k, (name, state) in enumerate(call.states._asdict().items())
            ),
        )
        for _ in call.weights
    )
    return call._replace(masks=masks)


@every_cell
@every_dtype
@every_kind
def test_every_instruction_set(cell, dtype, kind, instruction_set):
    for T, B, D, H in FEW:
        check(with_masks(call_of(cell, T, B, D, H, dtype=dtype), kind))


@pytest.mark.parametrize("cell", OTHERS.values(), ids=list(OTHERS))
@pytest.mark.parametrize("kind", ["mean", "all"])
def test_every_combination_of_settings(cell, kind):
    check(with_masks(call_of(cell, T=5, B=3, D=2, H=9), kind))


@every_cell
@every_kind
def test_lengths_and_resets(cell, kind, instruction_set):
    lengths, resets = torch.tensor([9, 0, 4, 9, 1]), some_resets(9, 5)
    for given in ({"lengths": lengths}, {"resets": resets}, {"lengths": lengths, "resets": resets}):
        check(with_masks(call_of(cell, T=9, B=5, D=3, H=20, **given), kind))


@pytest.mark.parametrize("cell", PROJECTING.values(), ids=list(PROJECTING))
@pytest.mark.parametrize("P", [1, 7, 16])
@every_kind
def test_projection(cell, P, kind):
    check(with_masks(call_of(cell, T=6, B=5, D=3, H=17, P=P), kind))
    lengths, resets = torch.tensor([6, 0, 2]), some_resets(6, 3)
    call = call_of(cell, T=6, B=3, D=3, H=40, P=P, lengths=lengths, resets=resets)
    check(with_masks(call, kind))


@every_cell
@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("B", [1, 2, 9])
@every_kind
def test_threads_share_the_work(cell, threads, B, kind):
    with use_threads(threads):
        for H in (5, 65):
            for resets in (None, some_resets(5, B)):
                check(with_masks(call_of(cell, T=5, B=B, D=3, H=H, resets=resets), kind))
            check(with_masks(call_of(cell, T=5, B=B, D=3, H=H, directions=1), kind))


@every_cell
@every_kind
@pytest.mark.parametrize("frozen", ["weight_hh", "weight_ih", "x", "states"])
def test_some_gradients_alone(cell, kind, frozen):
    call = with_masks(call_of(cell, T=4, B=3, D=2, H=5, directions=1), kind)
    if frozen == "x":
        call = call._replace(x=call.x.detach())
    elif frozen == "states":
        call = call._replace(states=call.states._make([t.detach() for t in call.states]))
    elif getattr(call.weights[0], frozen, None) is not None:
        weight = getattr(call.weights[0], frozen).detach()
        call = call._replace(weights=(call.weights[0]._replace(**{frozen: weight}),))
    check(call)


@every_cell
@every_kind
@pytest.mark.parametrize(("instruction_set", "dtype"), COMPUTING, ids=str)
def test_nothing_is_touched_outside(cell, kind, instruction_set, dtype, monkeypatch):
    monkeypatch.setattr(native.kernels(), "instruction_set", instruction_set)
    for T, B, D, H in FEW[2:4]:
        check_touches_nothing_outside(with_masks(call_of(cell, T, B, D, H, dtype=dtype), kind))


@every_cell
@every_kind
@pytest.mark.parametrize("name", INSTRUCTION_SETS)
def test_bfloat16(cell, kind, name, monkeypatch):
    monkeypatch.setattr(native.kernels(), "instruction_set", name)
    for T, B, D, H in FEW:
        call = in_dtype(call_of(cell, T, B, D, H), torch.bfloat16)
        test_cpu_bfloat16.check(with_masks(call, kind))


def test_a_value_that_is_not_kept_has_no_influence():
    """Where a mask is, the other value is not multiplied by zero, which would make NaN of it."""
    call = with_masks(call_of(LSTMCell(output_activation=False), T=3, B=2, D=1, H=1), "zoneout")
    c = torch.full_like(call.states.c, torch.inf)
    kept = call.masks[0]._replace(zoneout_masks=(None, torch.zeros(3, 2, 1, dtype=torch.bool)))
    call = call._replace(states=call.states._replace(c=c), masks=(kept, kept))
    found, expected = (BACKENDS[name].run(call) for name in ("cpu", "reference"))
    for a, b in zip((found[0], *found[1]), (expected[0], *expected[1]), strict=True):
        assert torch.equal(a.isfinite(), b.isfinite())
        assert torch.equal(a.isnan(), b.isnan())


@every_dtype
@pytest.mark.parametrize("beta", [-1.5, 0.5, 1e-3, 20.0, 1e300])
def test_any_beta_of_janet(beta, dtype, instruction_set):
    for T, B, D, H in FEW:
        check(call_of(JANETCell(beta), T, B, D, H, dtype=dtype))


def test_kernels_of_betas_are_kernels_of_janet_alone():
    signature_of = BACKENDS["cpu"].signature
    assert signature_of("JANETCell(beta=0.25)").cell == JANETCell(0.25)
    for name in ("JANETCell(beta=inf)", "JANETCell(beta=1)", "JANETCell(beta=x)", "Cell(beta=2.0)"):
        assert signature_of(name) is None


@every_cell
@every_kind
@pytest.mark.parametrize("lengths", [None, [3, 1, 0]])
def test_gradients_are_those_of_differences(cell, kind, lengths):
    lengths = None if lengths is None else torch.tensor(lengths)
    call = with_masks(call_of(cell, T=3, B=3, D=2, H=2, directions=1, lengths=lengths), kind)

    def run(*flat):
        output, last = BACKENDS["cpu"].run(call.unflatten(flat))
        return output, *last

    assert torch.autograd.gradcheck(run, call.flatten())


WRONG = {
    "factors": lambda m: m._replace(dropout_factors=m.dropout_factors[:1]),
    "mask": lambda m: m._replace(zoneout_masks=(m.zoneout_masks[0][:2], None)),
    "dtype": lambda m: m._replace(zoneout_masks=(m.zoneout_masks[0].float(), None)),
    "fields": lambda m: m._replace(zoneout_masks=m.zoneout_masks[:1]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_masks_that_do_not_fit_are_errors(wrong):
    """Kernels read memory by the sizes of the call."""
    call = with_masks(call_of(LSTMCell(), T=3, B=2, D=1, H=4), "all")
    bad = call._replace(masks=tuple(map(WRONG[wrong], call.masks)))
    with pytest.raises(ValueError, match=r"should (be|have)"):
        BACKENDS["cpu"].run(bad)
    with pytest.raises(ValueError, match="masks should be those of 2 direction"):
        BACKENDS["cpu"].run(call._replace(masks=call.masks[:1]))


def test_what_the_kernels_lack_is_stated():
    call = with_masks(call_of(LSTMCell(), T=3, B=2, D=1, H=4), "mean")
    other = call.masks[1]._replace(zoneout_masks=(0.5, 0.5))
    reason = BACKENDS["cpu"].unsupported_reason(call._replace(masks=(call.masks[0], other)))
    assert "kind and rate of zoneout" in reason
    slstm = next(cell for cell in CELLS.values() if len(cell.state_fields) > 3)
    call = call_of(slstm, T=3, B=2, D=1, H=4)
    masks = tuple(Masks(None, (None, None, 0.5, None)) for _ in call.weights)
    assert "alone" in BACKENDS["cpu"].unsupported_reason(call._replace(masks=masks))


def test_masks_of_any_strides():
    call = with_masks(call_of(LSTMCell(), T=4, B=3, D=2, H=5), "all")
    expected = results_of(BACKENDS["cpu"], call)
    strided = [
        Masks(
            f.t().contiguous().t(),
            tuple(m.permute(2, 1, 0).contiguous().permute(2, 1, 0) for m in z),
        )
        for f, z in call.masks
    ]
    for a, b in zip(
        results_of(BACKENDS["cpu"], call._replace(masks=tuple(strided))), expected, strict=True
    ):
        assert torch.equal(a, b)


@pytest.mark.parametrize("options", [{"zoneout": 0.3}, {"recurrent_dropout": 0.4}], ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_compiled_layers_are_one_operator(options, training):
    """At any number of time steps: at most two graphs, with the results and gradients of eager."""
    layer = LSTM(3, 5, bidirectional=True, **options).train(training)
    compiled = Compiled(layer)
    for T in (5, 7, 9):
        x, results = torch.randn(T, 2, 3), []
        for run in (layer, compiled):
            torch.manual_seed(0)
            output, last = run(x)
            gradients = torch.autograd.grad(output.square().sum(), layer.parameters())
            results.append((output, *last, *gradients))
        assert_same(*results)
    assert len(compiled.graphs) <= 2
    assert {operators for operators, _ in compiled.graphs} == {1}


@pytest.mark.parametrize("options", [{"zoneout": 0.3}, {"recurrent_dropout": 0.4}], ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_exported_layers_take_any_number_of_steps(options, training):
    layer = LSTM(3, 5, **options).train(training)
    shapes = ({0: Dim("T"), 1: Dim("B")},)
    program = export(layer, (torch.randn(7, 4, 3),), dynamic_shapes=shapes)
    assert operators_in(program.graph)[0] == 1
    x, results = torch.randn(9, 2, 3), []
    for run in (layer, program.module()):
        torch.manual_seed(0)
        results.append(flat(run(x)))
    assert_same(*results)


@pytest.mark.parametrize("randomness", ["same", "different"])
def test_vmap(randomness):
    """With gradients of the input, which take one call for all samples."""
    layer = GRU(3, 5, zoneout=0.3, recurrent_dropout=0.4, dtype=torch.float64)
    x = torch.randn(4, 6, 2, 3, dtype=torch.float64)
    results = []
    for layer.backend in ("cpu", "reference"):
        run = torch.func.vmap(
            torch.func.grad(lambda some: layer(some)[0].square().sum()), randomness=randomness
        )
        torch.manual_seed(0)
        results.append(run(x))
    torch.testing.assert_close(*results)


def test_packed_sequences_have_the_masks_of_padded_ones():
    layer, x = LSTM(3, 5, zoneout=0.3, recurrent_dropout=0.4, backend="cpu"), torch.randn(6, 4, 3)
    lengths = torch.tensor([2, 6, 1, 4])
    torch.manual_seed(0)
    expected, expected_last = layer(x, lengths=lengths)
    torch.manual_seed(0)
    packed, last = layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
    assert torch.equal(pad_packed_sequence(packed)[0], expected)
    assert all(map(torch.equal, last, expected_last))
