"""The CPU kernels as operators of torch: tracing, autograd and threads."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.library import opcheck
from torch.utils.data import DataLoader, Dataset

from lstm_variants import nn as layers
from lstm_variants.kernels import BACKENDS
from lstm_variants.kernels.cpu.cells import kernel_of
from lstm_variants.kernels.cpu.plan import thread_count
from lstm_variants.kernels.operators.schema import backward_operator, layer_operator
from lstm_variants.kernels.reference import Reference
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import needs_kernels, use_threads
from tests.test_cpu_exactness import call_of, results_of, some_resets, weighing_of

FAST = [name for name in VARIANTS if kernel_of(VARIANTS[name].cell)]
pytestmark = needs_kernels
every_variant = pytest.mark.parametrize("name", FAST)


@every_variant
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.costly
def test_operators_keep_torchs_rules(name, keep):
    # The second derivative, through the equations of every time step, takes the longest.
    call = call_of(VARIANTS[name].cell, T=2, B=2, D=2, H=3, dtype=torch.float32)
    weights = [t.requires_grad_(keep) for w in call.weights for t in w if t is not None]
    states = [t.requires_grad_(keep) for t in call.states]
    x, lengths = call.x.requires_grad_(keep), torch.tensor([2, 1])
    others = (some_resets(2, 2), None, None, repr(call.cell), "cpu")
    arguments = (x, weights, states, lengths, *others)
    opcheck(layer_operator, (*arguments, False))
    if keep:
        # What is saved has no values for steps that a sequence does not have.
        opcheck(layer_operator, (x, weights, states, torch.tensor([2, 2]), *others, True))
        with torch.no_grad():
            output, *rest = layer_operator(*arguments, True)
        kept = rest[len(states) :]
        given = [torch.randn_like(output), *(None for _ in states)]
        needs_grad = [k % 3 > 0 for k in range(1 + len(weights) + len(states))]
        opcheck(backward_operator, (*arguments, output, kept, given, needs_grad))


@every_variant
def test_a_gradient_that_is_expanded(name):
    """As `sum` gives it: one number for all."""
    call = call_of(VARIANTS[name].cell, T=4, B=3, D=2, H=5)
    leaves, ones = call.flatten(), torch.ones(4, 3, 10, dtype=torch.float64)
    output, _ = BACKENDS["cpu"].run(call)
    found = torch.autograd.grad(output, leaves, ones[:1, :1, :1].expand(4, 3, 10))
    expected = torch.autograd.grad(BACKENDS["cpu"].run(call)[0], leaves, ones)
    for a, b in zip(found, expected, strict=True):
        assert torch.equal(a, b)


@every_variant
@pytest.mark.parametrize(("T", "B"), [(0, 2), (3, 0), (0, 0)])
def test_nothing_to_compute(name, T, B):
    """No step or no sequence: as the reference, with all gradients."""
    call = call_of(VARIANTS[name].cell, T, B, D=2, H=3)
    for got, expected in zip(
        results_of(BACKENDS["cpu"], call), results_of(Reference(), call), strict=True
    ):
        assert torch.equal(got, torch.zeros_like(got) if expected is None else expected)


@pytest.mark.parametrize("name", ["RNN", "PeepholeLSTM", "GRU"])
def test_batched_gradients(name):
    """Many gradients at once, as a vectorised Jacobian takes them."""
    layer = VARIANTS[name].layer(2, 3, dtype=torch.float64)
    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    output = layer(x)[0]
    rows = torch.eye(output.numel(), dtype=torch.float64).view(-1, *output.shape)
    options = {"retain_graph": True}
    [got] = torch.autograd.grad(output, x, rows, is_grads_batched=True, **options)
    expected = [torch.autograd.grad(output, x, row, **options)[0] for row in rows]
    torch.testing.assert_close(got, torch.stack(expected))


@every_variant
@pytest.mark.costly
def test_second_derivatives(name):
    call = call_of(VARIANTS[name].cell, T=3, B=2, D=2, H=3, directions=1)
    leaves = call.flatten()

    def outputs(*flat):
        output, last = BACKENDS["cpu"].run(call.unflatten(flat))
        return output, *last

    torch.autograd.gradgradcheck(outputs, leaves)


@every_variant
def test_gradients_that_are_not_needed(name):
    """Frozen weights, and an input without a gradient, change nothing for the others."""
    call = call_of(VARIANTS[name].cell, T=4, B=3, D=2, H=5)
    leaves = call.flatten()
    full = results_of(BACKENDS["cpu"], call)[-len(leaves) :]
    for k in range(len(leaves)):
        frozen = [t.detach().requires_grad_(i % 3 == k % 3) for i, t in enumerate(leaves)]
        output, states = BACKENDS["cpu"].run(call.unflatten(frozen))
        results = [output, *states]
        needs_grad = [t for t in frozen if t.requires_grad]
        total = sum((r * w).sum() for r, w in zip(results, weighing_of(results), strict=True))
        expected = [g for t, g in zip(frozen, full, strict=True) if t.requires_grad]
        for a, b in zip(torch.autograd.grad(total, needs_grad), expected, strict=True):
            assert torch.equal(a, b)


@every_variant
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_again_bit_by_bit(name, threads):
    with use_threads(threads):
        call = call_of(VARIANTS[name].cell, T=20, B=6, D=5, H=40, dtype=torch.float32)
        first = results_of(BACKENDS["cpu"], call)
        for _ in range(5):
            for a, b in zip(results_of(BACKENDS["cpu"], call), first, strict=True):
                assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("size", "threads"),
    [
        (dict(T=1, B=1, D=64, H=64), 1),
        (dict(T=10, B=32, D=8, H=16), 1),
        (dict(T=100, B=1, D=64, H=64, directions=1), 1),
        (dict(T=100, B=1, D=64, H=64), 2),  # a direction each
        (dict(T=100, B=1, D=128, H=256, directions=1), 6),
        (dict(T=100, B=4, D=32, H=32, directions=1), 2),
        (dict(T=100, B=32, D=64, H=128), 8),
        (dict(T=1, B=64, D=128, H=256, directions=1), 8),
    ],
    ids=str,
)
def test_each_thread_has_enough_to_do(size, threads):
    assert thread_count(call_of(VARIANTS["LSTM"].cell, **size), max_threads=8) == threads


def test_only_rows_that_packed_sequences_have_count():
    call = call_of(VARIANTS["LSTM"].cell, T=100, B=4, D=64, H=64, directions=1)
    assert thread_count(call, max_threads=8) == 2
    sizes = torch.tensor([4, *[1] * 9])
    packed = call._replace(x=call.x.flatten(0, 1)[:13], batch_sizes=sizes)
    assert thread_count(packed, max_threads=8) == 1


def test_little_work_starts_no_thread():
    code = """if True:
        import os, torch
        from lstm_variants import nn

        def run(T, B):
            nn.LSTM(8, 16, backend="cpu")(torch.zeros(T, B, 8))[0].sum().backward()
            return len(os.listdir("/proc/self/task"))

        torch.set_num_threads(1)
        before = run(10, 32)
        torch.set_num_threads(3)
        print(run(10, 32) - before, run(500, 32) - before)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "2"]


def test_eight_threads_share_a_layer():
    layer = layers.PeepholeLSTM(5, 48, num_layers=2, bidirectional=True, backend="cpu")
    inputs = [torch.randn(9, B, 5) for B in range(1, 9)] * 4
    expected = [layer(x)[0] for x in inputs]
    with use_threads(2), ThreadPoolExecutor(8) as pool:
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
    loader = DataLoader(
        data, batch_size=4, num_workers=2, multiprocessing_context="fork", timeout=60
    )
    call = call_of(data.layer.cell, T=9, B=1, D=5, H=48, directions=1)
    with use_threads(2):
        assert thread_count(call, max_threads=2) == 2
        expected = torch.stack([data[k] for k in range(8)])
        torch.testing.assert_close(torch.cat(list(loader)), expected)
