"""What existing training code does with torch.nn's layers works with these."""

import io
import warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import (
    CheckpointPolicy,
    checkpoint,
    create_selective_checkpoint_contexts,
)

from lstm_variants import VARIANTS, nn
from lstm_variants.kernels.cpu.cells import kernel_of
from tests.cpu_kernels import MISSING, needs_kernels
from tests.layers import OURS, TWINS, random_hx, states_of
from tests.tolerances import assert_exact

every_layer = pytest.mark.parametrize("name", OURS)
every_twin = pytest.mark.parametrize("name", TWINS)


@every_layer
@pytest.mark.parametrize("settings", [{}, {"num_layers": 2}, {"bidirectional": True}], ids=str)
def test_states_can_be_detached_in_place(name, settings):
    """For backpropagation through time in chunks."""
    layer = OURS[name](3, 4, **settings)
    _, hx = layer(torch.randn(5, 2, 3))
    for state in states_of(hx):
        state.detach_()
        assert not state.requires_grad


@every_layer
def test_states_of_another_mode_can_be_written_to(name):
    """For a learned initial state where an episode has ended."""
    layer = OURS[name](3, 4)
    start = torch.zeros(4, requires_grad=True)
    with torch.no_grad():
        _, hx = layer(torch.randn(5, 2, 3))
    for state in states_of(hx):
        state[:, 0] = start
    layer(torch.randn(5, 2, 3), hx)[0].sum().backward()
    assert start.grad is not None


@every_layer
@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_without_steps_the_last_state_is_a_copy(name, backend):
    layer = OURS[name](3, 4, backend=backend)
    _, first = layer(torch.randn(2, 2, 3))
    kept = [state.clone() for state in states_of(first)]
    _, last = layer(torch.randn(0, 2, 3), first)
    for state in states_of(last):
        state.detach().add_(1)
    for state, before in zip(states_of(first), kept, strict=True):
        assert torch.equal(state, before)


@every_twin
@pytest.mark.parametrize("given", ["packed", "a tensor", "a list"])
def test_another_default_device(name, given):
    """Tensors that a layer makes are on the device of its input."""
    layer, x, lengths = OURS[name](3, 4), torch.randn(5, 2, 3), [3, 5]
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    in_a_tensor = torch.tensor(lengths)

    def output():
        if given == "packed":
            return layer(packed)[0].data
        return layer(x, lengths=lengths if given == "a list" else in_a_tensor)[0]

    expected = output()
    with torch.device("meta"):
        found = output()
    assert torch.equal(found, expected)


@every_layer
def test_a_layer_can_be_a_leaf_of_a_symbolic_trace(name):
    class Tracer(torch.fx.Tracer):
        def is_leaf_module(self, module, qualified_name):
            return isinstance(module, nn.Recurrent) or super().is_leaf_module(
                module, qualified_name
            )

    model = torch.nn.Sequential(OURS[name](3, 4))
    traced = torch.fx.GraphModule(model, Tracer().trace(model))
    x = torch.randn(5, 2, 3)
    assert torch.equal(traced(x)[0], model(x)[0])


@every_twin
def test_gradients_that_are_zeros_without_memory(name):
    """Those of torch.sgn are tensors that have a shape alone."""
    gradients = []
    for kind in TWINS[name]:
        torch.manual_seed(0)
        layer, x = kind(3, 4), torch.randn(5, 2, 3, requires_grad=True)
        output, hx = layer(x)
        (torch.sgn(output).sum() + states_of(hx)[0].sum()).backward()
        gradients.append([x.grad, *(p.grad for p in layer.parameters())])
    torch.testing.assert_close(*gradients)


@every_layer
@pytest.mark.parametrize("setting", ["num_layers", "bias", "bidirectional"])
def test_settings_that_cannot_be_changed(name, setting):
    layer = OURS[name](3, 4)
    setattr(layer, setting, 2 if setting == "num_layers" else not getattr(layer, setting))
    with pytest.raises(RuntimeError, match=f"created with .*'{setting}'.*: create a new one"):
        layer(torch.randn(5, 2, 3))


def saved(layer):
    """Its state_dict, through a file."""
    file = io.BytesIO()
    torch.save(torch.nn.Sequential(layer).state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_an_attribute_that_the_constructor_would_overwrite():
    class Dropped(nn.LSTM):
        def __init__(self, *arguments, name, **keywords):
            setattr(self, name, 0.5)
            super().__init__(*arguments, **keywords)

    with pytest.raises(TypeError, match=r"^recurrent_dropout of Dropped would be overwritten: "):
        Dropped(4, 5, name="recurrent_dropout")
    assert Dropped(4, 5, name="step").step == 0.5  # which the constructor does not set
    layer = Dropped(4, 5, name="rate")
    layer.__init__(4, 6, name="rate")  # once more, as torch's
    assert layer.weight_hh_l0.shape == (24, 6)


def test_a_subclass_may_have_settings_of_its_own():
    class Encoder(nn.CoupledLSTM):
        def __init__(self, settings):
            super().__init__(settings["in"], settings["hidden"])
            self.settings = settings

    assert "Encoder(4, 5" in repr(torch.nn.Sequential(Encoder({"in": 4, "hidden": 5})))


@pytest.mark.parametrize("backend", ["auto", "reference", "torch"])
@pytest.mark.parametrize("name", ["bias_ih_l0", "weight_hh_l1_reverse"])
def test_a_weight_that_was_removed(name, backend):
    layer = nn.LSTM(4, 5, 2, bidirectional=True, backend=backend)
    setattr(layer, name, None)
    with pytest.raises(TypeError, match=f"^{name} should be a parameter, got None"):
        layer(torch.randn(3, 2, 4))
    layer = nn.LSTM(4, 5, bias=False, backend=backend)
    layer.register_parameter("more", None)  # of a subclass
    layer(torch.randn(3, 2, 4))


def test_another_module_in_place_of_the_cell():
    layer = nn.LSTM(4, 5)
    layer.cell = torch.nn.LSTMCell(4, 5)
    with pytest.raises(TypeError, match=r"^cell of LSTM should be a cell .* got LSTMCell: give"):
        layer(torch.randn(3, 2, 4))


def test_weights_of_another_recurrence_are_noticed():
    """Where names and shapes are the same, there is a warning, and nothing else changes."""
    weights = saved(nn.CoupledLSTM(3, 4))
    other = torch.nn.Sequential(nn.LSTM1997(3, 4))
    both = r"LSTMCell\(coupled=True\) are loaded into LSTMCell\(forget_gate=False\)"
    with pytest.warns(UserWarning, match=both):
        other.load_state_dict(weights)
    assert torch.equal(other[0].weight_ih_l0, weights["0.weight_ih_l0"])
    with warnings.catch_warnings(action="error"):
        other.load_state_dict(dict(weights))
        for same in (nn.CoupledLSTM(3, 4), torch.nn.GRU(3, 4)):
            torch.nn.Sequential(same).load_state_dict(weights)
        lstm = torch.nn.Sequential(nn.LSTM(3, 4))
        lstm.load_state_dict(saved(nn.PeepholeLSTM(3, 4)), strict=False)
        lstm.load_state_dict(saved(torch.nn.LSTM(3, 4)))


@needs_kernels
@pytest.mark.parametrize("part", ["bias", "state", "input"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", [name for name in VARIANTS if kernel_of(VARIANTS[name].cell)])
def test_what_is_changed_before_the_backward_pass_is_an_error(name, dtype, part):
    """As the documentation says of the CPU kernels."""
    layer = VARIANTS[name].layer(3, 4, batch_first=True, backend="cpu", dtype=dtype)
    x, hx = torch.randn(2, 5, 3, dtype=dtype), random_hx(layer, 2, dtype=dtype)
    output, _ = layer(x, hx)
    with torch.no_grad():
        {"bias": layer.bias_ih_l0, "state": states_of(hx)[-1], "input": x}[part].add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


def test_which_variants_take_the_weights_of_an_lstm():
    """As the documentation says: there is no error where shapes are the same."""
    weights, refuse = torch.nn.LSTM(3, 4).state_dict(), set()
    for name, variant in VARIANTS.items():
        if not name.startswith("Bi"):
            try:
                variant.layer(3, 4).load_state_dict(weights, strict=False)
            except RuntimeError:
                refuse.add(name)
    assert {"CoupledLSTM", "NIG", "NFG", "NOG"} <= refuse
    assert not {"PeepholeLSTM", "FGR", "SLSTM", "LayerNormLSTM", "NIAF", "NOAF"} & refuse
    weights = torch.nn.GRU(3, 4).state_dict()
    VARIANTS["GRU-before"].layer(3, 4).load_state_dict(weights)


UNSUPPORTED = {
    "torch.jit.script": (torch.jit.script, "can't take variable number of arguments"),
    "torch.fx.symbolic_trace": (torch.fx.symbolic_trace, "expects a tensor or a packed sequence"),
    "torch.onnx.export(dynamo=False)": (
        lambda model: torch.onnx.export(model, (torch.zeros(5, 2, 3),), io.BytesIO(), dynamo=False),
        "forward|symbolic|operator",
    ),
}
"""Tools that the documentation says raise an error, and a part of the error."""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("tool", UNSUPPORTED)
@every_layer
def test_tools_that_raise_an_error(name, tool):
    page = Path(__file__).parent.parent / "docs" / "howto" / "export.md"
    assert f"| `{tool}` | raises an error" in page.read_text(encoding="utf-8")
    use, message = UNSUPPORTED[tool]
    with pytest.raises(Exception, match=message):
        use(OURS[name](3, 4))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@every_layer
def test_dynamic_quantization_leaves_layers_as_they_are(name):
    page = Path(__file__).parent.parent / "docs" / "howto" / "export.md"
    assert "`quantize_dynamic` replaces only layers of `torch.nn`" in page.read_text("utf-8")
    model = torch.nn.Sequential(OURS[name](3, 4), torch.nn.Linear(4, 4))
    with warnings.catch_warnings(record=True):
        recurrent, linear = torch.ao.quantization.quantize_dynamic(model)
    assert type(recurrent) is OURS[name]
    assert {p.dtype for p in recurrent.parameters()} == {torch.float32}
    assert type(linear) is not torch.nn.Linear


@every_twin
def test_numbers_of_numpy(name):
    """Where torch takes them."""
    numbers = {"num_layers": np.int64(2), "dropout": np.float32(0.5)}
    ours, theirs = (kind(3, 4, **numbers) for kind in TWINS[name])
    assert repr(ours) == repr(theirs).replace("np.int64(2)", "2").replace("np.float32(0.5)", "0.5")
    if name == "LSTM":
        assert nn.LSTM(3, 4, proj_size=np.int64(2))(torch.randn(2, 1, 3))[0].shape == (2, 1, 2)


@every_twin
def test_another_dtype_on_a_device_without_autocast(name):
    for layer in (kind(3, 4, device="meta") for kind in TWINS[name]):
        with pytest.raises((ValueError, RuntimeError), match="type"):
            layer(torch.empty(2, 1, 3, dtype=torch.float64, device="meta"))


@contextmanager
def called(switch, value, before):
    """A switch of torch's that is set by a function."""
    switch(value)
    try:
        yield
    finally:
        switch(before)


class AsItIs(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


MODES = {
    "deterministic": lambda: called(torch.use_deterministic_algorithms, True, False),
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "denormals": lambda: called(torch.set_flush_denormal, True, False),
    "float64": lambda: called(torch.set_default_dtype, torch.float64, torch.float32),
    "precision": lambda: called(torch.set_float32_matmul_precision, "medium", "highest"),
    "saved": lambda: saved_tensors_hooks(torch.clone, torch.clone),
    "dispatch": AsItIs,
}
"""Settings of torch that hold for a whole program; with the first, new memory holds NaN."""


@pytest.mark.parametrize("mode", MODES)
@every_layer
def test_settings_of_torch_for_a_whole_program(name, mode):
    layer, x, lengths = OURS[name](3, 4), torch.randn(5, 3, 3), torch.tensor([5, 2, 0])

    def results():
        given = x.clone().requires_grad_()
        output, hx = layer(given, lengths=lengths)
        parts = [output, *(state[:, :2] for state in states_of(hx))]  # of sequences with steps
        total = sum(part.square().sum() for part in parts)
        return [*parts, *torch.autograd.grad(total, [given, *layer.parameters()])]

    expected = results()
    with MODES[mode]():
        found = results()
    for one, other in zip(found, expected, strict=True):
        assert_exact(one, other)


@every_layer
@pytest.mark.parametrize("policy", [CheckpointPolicy.MUST_SAVE, CheckpointPolicy.MUST_RECOMPUTE])
def test_a_layer_is_computed_again_in_the_backward_pass(name, policy):
    """By torch.utils.checkpoint, whose policies see the operator.

    Without the CPU kernels, torch computes these cells, and its GRU and RNN write to tensors that
    are to be saved (`test_torch_lacks.py`).
    """
    layer, x = OURS[name](3, 4), torch.randn(5, 2, 3, requires_grad=True)
    [expected] = torch.autograd.grad(layer(x)[0].square().sum(), x)
    contexts = partial(create_selective_checkpoint_contexts, lambda *_, **__: policy)
    output, _ = checkpoint(layer, x, use_reentrant=False, context_fn=contexts)
    if MISSING and name in ("GRU", "RNN") and policy is CheckpointPolicy.MUST_SAVE:
        with pytest.raises(RuntimeError, match="has been mutated"):
            torch.autograd.grad(output.square().sum(), x)
        return
    assert_exact(torch.autograd.grad(output.square().sum(), x)[0], expected)
