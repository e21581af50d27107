"""Layers under torch.compile: one operator a layer, any sizes and strides."""

import pytest
import torch
from torch import nn
from torch._dynamo.testing import CompileCounterWithBackend
from torch._subclasses import FakeTensorMode
from torch.func import grad, jvp, vmap

from lstm_variants import models
from lstm_variants.cells import ElmanCell, JANETCell, LSTMCell
from lstm_variants.nn import Recurrent
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import needs_kernels
from tests.layers import random_hx, states_of, strided
from tests.tracing import LENGTHS, OUT_OF_RANGE, assert_same, flat, layers_in, operators_in

pytestmark = [needs_kernels, pytest.mark.usefixtures("fresh_compiler")]
every_variant = pytest.mark.parametrize("name", VARIANTS)
MODELS = [models.StandardLSTM, models.PeepholeLSTM, models.GRU]


class Compiled:
    """A module compiled as one graph, with the graphs that were made of it."""

    def __init__(self, module, backend="eager", **options):
        self.counter = CompileCounterWithBackend(backend)
        self.run = torch.compile(module, backend=self.counter, fullgraph=True, **options)

    def __call__(self, *args, **keywords):
        return self.run(*args, **keywords)

    @property
    def graphs(self):
        return [operators_in(module.graph) for module in self.counter.graphs]


@every_variant
@pytest.mark.costly
def test_compiled_layers_are_one_operator_each(name):
    """Outputs, states and gradients, with an initial state, through the graphs of autograd."""
    layer = VARIANTS[name].layer(3, 5, num_layers=2)
    compiled = Compiled(layer, "aot_eager")
    x = torch.randn(4, 2, 3, requires_grad=True)
    hx = random_hx(layer, 2, dtype=torch.float32)
    leaves = [x, *(state.requires_grad_() for state in states_of(hx)), *layer.parameters()]
    found = []
    for module in (layer, compiled):
        results = flat(module(x, hx))
        found.append((*results, *torch.autograd.grad(sum(r.sin().sum() for r in results), leaves)))
    assert_same(*found)
    [(operators, _)] = compiled.graphs
    assert operators == layers_in(name, 2)


@pytest.mark.parametrize("name", ["RNN", "PeepholeLSTM", "GRU", "GRU-before", "BiLSTM"])
@pytest.mark.parametrize("dynamic", [None, True], ids=["automatic", "dynamic"])
def test_two_compilations_are_enough_for_any_sizes(name, dynamic):
    layer = VARIANTS[name].layer(3, 5, num_layers=2, bidirectional=True)
    compiled = Compiled(layer, dynamic=dynamic)
    for T, B in ((5, 2), (9, 4), (3, 7), (12, 2), (2, 3), (31, 5), (64, 4)):
        x = torch.randn(T, B, 3)
        assert_same(flat(compiled(x)), flat(layer(x)))
    assert compiled.counter.frame_count <= (1 if dynamic else 2)


@pytest.mark.parametrize("name", ["RNN", "PeepholeLSTM", "GRU", "BiLSTM"])
@pytest.mark.parametrize("lengths", [False, True], ids=["whole", "lengths"])
def test_a_graph_does_not_grow_with_time(name, lengths):
    sizes = []
    for T in (5, 200):
        torch.compiler.reset()  # sizes that change would be symbols in the second graph
        keywords = {"lengths": torch.tensor([T, 2])} if lengths else {}
        compiled = Compiled(VARIANTS[name].layer(3, 4))
        compiled(torch.randn(T, 2, 3), **keywords)
        sizes += compiled.graphs
    assert sizes[0] == sizes[1]


@every_variant
@pytest.mark.costly
def test_compiled_lengths(name):
    layer = VARIANTS[name].layer(3, 5, num_layers=2, bidirectional=True)
    compiled = Compiled(layer, "aot_eager")
    x = torch.randn(7, 4, 3, requires_grad=True)
    for lengths in (LENGTHS, torch.tensor([0, 0, 0, 0]), torch.tensor([2, 7, 7, 7])):
        found = []
        for module in (layer, compiled):
            results = flat(module(x, lengths=lengths))
            found.append((*results, *torch.autograd.grad(results[0].square().sum(), x)))
        assert_same(*found)
    [(operators, _)] = compiled.graphs
    assert operators == layers_in(name, 2)


@every_variant
@pytest.mark.costly
def test_lengths_out_of_range_are_an_error_when_a_compiled_layer_runs(name):
    compiled = Compiled(VARIANTS[name].layer(3, 5))
    compiled(torch.zeros(7, 4, 3), lengths=LENGTHS)
    for wrong in OUT_OF_RANGE:
        with pytest.raises((ValueError, RuntimeError), match="lengths should be from 0 to"):
            compiled(torch.zeros(7, 4, 3), lengths=torch.tensor(wrong))


@every_variant
def test_tensors_without_values(name):
    """Shapes alone, as tools that count memory or operations use them: fake and meta tensors."""
    with FakeTensorMode():
        layer = VARIANTS[name].layer(3, 5, num_layers=2)
        output, _ = layer(torch.zeros(7, 4, 3), lengths=torch.tensor([7, 0, 3, 1]))
    assert output.shape[:2] == (7, 4)
    layer = VARIANTS[name].layer(3, 5, device="meta")
    lengths = torch.zeros(4, dtype=torch.int64, device="meta")
    assert layer(torch.zeros(7, 4, 3, device="meta"), lengths=lengths)[0].shape[:2] == (7, 4)


@every_variant
@pytest.mark.costly
def test_a_compiled_layer_takes_any_strides(name):
    layer = VARIANTS[name].layer(3, 4)
    compiled = Compiled(layer, "aot_eager")
    x, hx = torch.randn(5, 2, 3), random_hx(layer, 2, dtype=torch.float32)
    expected = flat(layer(x, hx))
    for change in strided:
        states = tuple(change(state) for state in states_of(hx))
        assert_same(flat(compiled(change(x), states if len(states) > 1 else states[0])), expected)


@pytest.mark.parametrize("model_type", MODELS)
def test_compile_the_notebooks_models(model_type):
    model, x = model_type(3, 5), torch.randn(2, 7, 3)
    compiled = Compiled(model, "aot_eager")
    torch.testing.assert_close(compiled(x), model(x))
    assert [operators for operators, _ in compiled.graphs] == [1]


@pytest.mark.skipif(
    " " in torch.__file__, reason="inductor does not quote the path of torch, which has a space"
)
def test_compiled_with_inductor():
    """The default compiler, in a model with other layers around, forward and backward."""
    layer = VARIANTS["PeepholeLSTM"].layer(8, 5, bidirectional=True)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.layer, self.after = nn.Linear(3, 8), layer, nn.Linear(10, 2)

        def forward(self, x, lengths):
            return self.after(self.layer(self.before(x).relu(), lengths=lengths)[0])

    model = Model()
    compiled = torch.compile(model, fullgraph=True)
    x = torch.randn(7, 4, 3, requires_grad=True)
    found = []
    for module in (model, compiled):
        output = module(x, LENGTHS)
        leaves = [x, *model.parameters()]
        found.append((output, *torch.autograd.grad(output.square().sum(), leaves)))
    assert_same(*found)


TRANSFORMS = {
    "vmap": lambda layer, x: vmap(lambda x: layer(x)[0])(torch.stack([x, -x])),
    "grad": lambda layer, x: grad(lambda x: layer(x)[0].square().sum())(x),
    "jvp": lambda layer, x: jvp(lambda x: layer(x)[0], (x,), (torch.ones_like(x),))[1],
}


@pytest.mark.parametrize("name", ["RNN", "PeepholeLSTM", "GRU"])
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=list(TRANSFORMS))
def test_a_transform_inside_a_compiled_function_runs_on_the_reference(name, transform):
    layer = VARIANTS[name].layer(3, 4)
    compiled = Compiled(lambda x: transform(layer, x))
    x = torch.randn(3, 2, 3)
    torch.testing.assert_close(compiled(x), transform(layer, x))
    assert all(operators == 0 for operators, _ in compiled.graphs)


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=list(TRANSFORMS))
def test_a_compiled_layer_inside_a_transform(transform):
    layer = VARIANTS["GRU"].layer(3, 4)
    compiled = torch.compile(layer, backend="eager")
    x = torch.randn(3, 2, 3)
    compiled(x)
    torch.testing.assert_close(transform(compiled, x), transform(layer, x))
    torch.testing.assert_close(compiled(x), layer(x))


def test_a_layer_that_gets_another_cell_is_compiled_again():
    layer = VARIANTS["LSTM"].layer(3, 4)
    compiled = Compiled(layer)
    x = torch.randn(3, 2, 3)
    before = compiled(x)[0]
    layer.cell = LSTMCell(input_activation=False)
    after = compiled(x)[0]
    assert not torch.equal(after, before)
    torch.testing.assert_close(after, layer(x)[0])


class ScaledCell(ElmanCell):
    """A cell outside of the package, with a number for a setting."""

    share: float = 1.0

    def step(self, wx, state, w):
        return super().step(self.share * wx, state, w)


@pytest.mark.parametrize("dynamic", [None, True], ids=["automatic", "dynamic"])
@pytest.mark.parametrize(
    ("cell", "name", "has_kernel"),
    [
        (ScaledCell, "share", False),
        pytest.param(JANETCell, "beta", True, marks=needs_kernels),
    ],
)
def test_cells_with_several_values_of_a_setting_are_compiled(cell, name, has_kernel, dynamic):
    """From the second value on, torch.compile makes the setting symbolic."""
    x = torch.randn(5, 3, 4)
    for value in (0.5, 1.0, 0.25, 0.0, 1.0, 0.75):
        layer = Recurrent(cell(**{name: value}), 4, 6)
        compiled = Compiled(layer, dynamic=dynamic)
        assert_same(flat(compiled(x)), flat(layer(x)))
        assert [operators for operators, _ in compiled.graphs] == [has_kernel]


@pytest.mark.parametrize("backend", ["torch", "cpu"])
def test_the_message_of_a_cell_without_a_kernel_can_be_traced(backend):
    for value in (0.5, 0.25, 0.75):
        layer = Recurrent(ScaledCell(share=value), 4, 6, backend=backend)
        with pytest.raises(torch._dynamo.exc.Unsupported, match="no kernel for this cell"):
            Compiled(layer)(torch.randn(5, 3, 4))
