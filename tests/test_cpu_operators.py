"""The CPU kernels as operators of torch: tracing, autograd, threads, and a machine without them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.export import Dim, export
from torch.library import opcheck
from torch.utils.data import DataLoader, Dataset

import lstm_variants
from lstm_variants import nn as layers
from lstm_variants.kernels import BACKENDS, choose
from lstm_variants.kernels.cpu import native, operators
from lstm_variants.kernels.second_order import with_tensors
from lstm_variants.variants import VARIANTS
from tests.layers import gradients, random_hx, states_of
from tests.test_cpu_exactness import call_of, results_of

FAST = [name for name in VARIANTS if name != "FGR"]
every_variant = pytest.mark.parametrize("name", FAST)
MODELS = [lstm_variants.StandardLSTM, lstm_variants.PeepholeLSTM, lstm_variants.GRU]


@every_variant
@pytest.mark.parametrize("keep", [True, False])
def test_operators_keep_torchs_rules(name, keep):
    call = call_of(VARIANTS[name].cell, T=3, B=2, D=2, H=3, dtype=torch.float32)
    weights = [t.requires_grad_(keep) for w in call.weights for t in w if t is not None]
    states = [t.requires_grad_(keep) for state in call.states for t in state]
    x, lengths = call.x.requires_grad_(keep), torch.tensor([3, 1])
    arguments = (x, weights, states, lengths, repr(call.cell))
    opcheck(operators.layer_operator, (*arguments, keep))
    if keep:
        with torch.no_grad():
            output, *rest = operators.layer_operator(*arguments, True)
        kept = rest[len(states) :]
        given = [torch.randn_like(output), *(None for _ in states)]
        plain = [t.detach() for t in (x, *weights, *states)]
        wanted = [k % 3 > 0 for k in range(len(plain))]
        plain_arguments = (plain[0], plain[1 : 1 + len(weights)], plain[1 + len(weights) :])
        opcheck(
            operators.backward_operator,
            (*plain_arguments, lengths, repr(call.cell), output, kept, given, wanted),
            test_utils=("test_schema", "test_faketensor"),
        )


@pytest.fixture
def compiled():
    yield lambda model: torch.compile(model, fullgraph=True, backend="aot_eager")
    torch.compiler.reset()


@pytest.mark.parametrize("name", ["RNN", "PeepholeLSTM", "GRU", "GRU-before", "BiLSTM"])
def test_compile(name, compiled):
    layer = VARIANTS[name].layer(3, 5)
    for B in (4, 2):
        x, hx = torch.randn(7, B, 3, requires_grad=True), random_hx(layer, B, dtype=torch.float32)
        found = []
        for model in (layer, compiled(layer)):
            output, last = model(x, hx)
            results = (output, *states_of(last))
            found.append((*results, *gradients(layer, results, [x])))
        for a, b in zip(*found, strict=True):
            torch.testing.assert_close(a, b)


@pytest.mark.parametrize("model_type", MODELS)
def test_compile_the_notebooks_models(model_type, compiled):
    model, x = model_type(3, 5), torch.randn(2, 7, 3)
    torch.testing.assert_close(compiled(model)(x), model(x))


@every_variant
def test_export_with_dynamic_batch_and_time(name):
    layer = VARIANTS[name].layer(3, 5, num_layers=2)
    shapes = ({0: Dim("T", min=1, max=1000), 1: Dim("B", min=1, max=1000)},)
    program = export(layer, (torch.randn(7, 4, 3),), dynamic_shapes=shapes)
    called = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
    assert called.count("lstm_variants.layer.default") == 2
    for T, B in ((7, 4), (11, 2), (1, 1)):
        x = torch.randn(T, B, 3)
        expected = layer(x)
        got = program.module()(x)
        for a, b in zip(
            (got[0], *states_of(got[1])), (expected[0], *states_of(expected[1])), strict=True
        ):
            assert torch.equal(a, b)


@every_variant
def test_second_derivatives(name):
    call = call_of(VARIANTS[name].cell, T=3, B=2, D=2, H=3, directions=1)
    leaves = list(call.tensors())

    def outputs(*flat):
        output, [last] = BACKENDS["cpu"].run(with_tensors(call, flat))
        return output, *last

    torch.autograd.gradgradcheck(outputs, leaves)


@every_variant
def test_gradients_that_are_not_wanted(name):
    """Frozen weights, and an input without a gradient, change nothing for the others."""
    call = call_of(VARIANTS[name].cell, T=4, B=3, D=2, H=5)
    leaves = list(call.tensors())
    full = results_of(BACKENDS["cpu"], call)[-len(leaves) :]
    for k in range(len(leaves)):
        frozen = [t.detach().requires_grad_(i % 3 == k % 3) for i, t in enumerate(leaves)]
        output, states = BACKENDS["cpu"].run(with_tensors(call, frozen))
        results = [output, *(s for state in states for s in state)]
        wanted = [t for t in frozen if t.requires_grad]
        generator = torch.Generator().manual_seed(1)
        total = sum(
            (r * torch.randn(r.shape, generator=generator, dtype=r.dtype)).sum() for r in results
        )
        expected = [g for t, g in zip(frozen, full, strict=True) if t.requires_grad]
        for a, b in zip(torch.autograd.grad(total, wanted), expected, strict=True):
            assert torch.equal(a, b)


@every_variant
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_again_bit_by_bit(name, threads):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        call = call_of(VARIANTS[name].cell, T=20, B=6, D=5, H=40, dtype=torch.float32)
        first = results_of(BACKENDS["cpu"], call)
        for _ in range(5):
            for a, b in zip(results_of(BACKENDS["cpu"], call), first, strict=True):
                assert torch.equal(a, b)
    finally:
        torch.set_num_threads(before)


def test_eight_threads_share_a_layer():
    layer = layers.PeepholeLSTM(5, 48, num_layers=2, bidirectional=True, backend="cpu")
    inputs = [torch.randn(9, B, 5) for B in range(1, 9)] * 4
    expected = [layer(x)[0] for x in inputs]
    with ThreadPoolExecutor(8) as pool:
        for a, b in zip(pool.map(lambda x: layer(x)[0], inputs), expected, strict=True):
            torch.testing.assert_close(a, b)


class Encoded(Dataset):
    """Runs a layer where a sample is loaded."""

    def __init__(self):
        self.layer = layers.PeepholeLSTM(5, 48, backend="cpu")

    def __len__(self):
        return 8

    def __getitem__(self, k):
        x = torch.randn(9, 5, generator=torch.Generator().manual_seed(k))
        return self.layer(x)[0].detach()


def test_workers_of_a_data_loader():
    """They are forked from a process that has used its threads: the runtime does not live on."""
    data = Encoded()
    expected = torch.stack([data[k] for k in range(8)])
    loader = DataLoader(
        data, batch_size=4, num_workers=2, multiprocessing_context="fork", timeout=60
    )
    torch.testing.assert_close(torch.cat(list(loader)), expected)


def test_a_machine_without_the_library(monkeypatch, tmp_path):
    """No compiler, no failure: the others run, and say why."""
    native.load.cache_clear()
    monkeypatch.setattr(native, "NAME", "not_there.so")
    try:
        call = call_of(VARIANTS["PeepholeLSTM"].cell, T=2, B=1, D=1, H=1)
        assert "no C++ compiler was found" in BACKENDS["cpu"].refuses(call)
        assert choose(call).name == "reference"
        with pytest.raises(RuntimeError, match=r"no C\+\+ compiler was found"):
            choose(call, "cpu")
        with pytest.raises(RuntimeError, match=r"no C\+\+ compiler was found"):
            BACKENDS["cpu"].run(call)
    finally:
        native.load.cache_clear()


def test_a_library_that_is_none(tmp_path):
    broken = tmp_path / "kernels.so"
    broken.write_text("nothing")
    with pytest.raises(OSError, match=r"invalid ELF header|too short"):
        native.Kernels(broken)


def test_without_torchs_runtime_one_thread_works(monkeypatch, capsys):
    kernels = native.kernels()
    monkeypatch.setattr(kernels, "why_single", "torch's OpenMP runtime was not found (libgomp)")
    assert kernels.threads == 1
    lstm_variants.explain(layers.PeepholeLSTM(3, 4), torch.zeros(5, 2, 3))
    assert "1 thread: torch's OpenMP runtime was not found" in capsys.readouterr().out


def test_too_little_memory_is_said(monkeypatch):
    kernels = native.kernels()
    monkeypatch.setattr(kernels, "_run", lambda *_: 1)
    with pytest.raises(MemoryError, match="too little memory"):
        layers.PeepholeLSTM(3, 4)(torch.zeros(5, 2, 3))


WRONG = {
    "a weight of another shape": (("weights", 0), torch.zeros(12, 2), r"weight_ih .* \[16, 2\]"),
    "a peephole too few": (("weights", 4), torch.zeros(8), r"weight_ch should be \[12\]"),
    "a state of another batch": (("states", 0), torch.zeros(3, 4), r"h should be \[2, 4\]"),
    "a state of another dtype": (
        ("states", 1),
        torch.zeros(2, 4).double(),
        "torch.float32 on the CPU",
    ),
    "lengths of another batch": (("lengths", None), torch.tensor([1]), r"lengths should be \[2\]"),
}


@pytest.mark.parametrize(("place", "tensor", "message"), WRONG.values(), ids=list(WRONG))
def test_tensors_that_do_not_belong_together_are_refused(place, tensor, message):
    """The library would read past their ends."""
    cell = VARIANTS["PeepholeLSTM"].cell
    call = call_of(cell, T=3, B=2, D=2, H=4, dtype=torch.float32, directions=1)
    arguments = {
        "x": call.x.detach(),
        "weights": [w.detach() for w in call.weights[0] if w is not None],
        "states": [s.detach() for s in call.states[0]],
        "lengths": None,
    }
    name, index = place
    if index is None:
        arguments[name] = tensor
    else:
        arguments[name][index] = tensor
    with pytest.raises(ValueError, match=message):
        operators.layer_operator(*arguments.values(), repr(cell), False)
