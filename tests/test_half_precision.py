"""Half precision and autocast on the kernels: float32 inside, with products of bfloat16."""

import contextlib
import copy

import pytest
import torch
from torch import nn
from torch.func import grad, vmap

import lstm_variants
from lstm_variants import VARIANTS
from lstm_variants import nn as layers
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.cpu.backend import FEW_IN_BFLOAT16
from lstm_variants.kernels.cpu.cells import kernel_of
from tests.cpu_kernels import needs_kernels
from tests.layers import TWINS, conditioned, observed_call, random_hx, states_of

pytestmark = needs_kernels
T, B, D, H = 12, 3, 4, 9
FAST = [name for name in VARIANTS if kernel_of(VARIANTS[name].cell)]
every_fast_variant = pytest.mark.parametrize("name", FAST)
every_dtype = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
RESETS = torch.arange(T * B).view(T, B) % 5 == 0
LENGTHS = torch.tensor([T, 0, 7])
PROCESSORS = {
    "AMX": ("amx", "AVX512", False),
    "AVX512-BF16": ("avx512_bf16", "AVX512", False),
    "AVX-512": ("avx512", "AVX512", True),
    "AVX2": ("avx2", "AVX2", False),
    "AArch64": ("baseline", "DEFAULT", True),
}
"""The kernels' instruction set, what torch calls these processors, and whether the kernels are
slower than torch's in bfloat16."""


def results_of(layer, x, hx, **keywords):
    """Outputs, states, and the gradients of a weighing of them."""
    leaves = [x, *states_of(hx), *layer.parameters()]
    for leaf in leaves:
        leaf.requires_grad_()
    output, last = layer(x, hx, **keywords)
    results = [output, *states_of(last)]
    generator = torch.Generator().manual_seed(1)
    weights = (torch.randn(r.shape, generator=generator) for r in results)
    total = sum((r.to(w.dtype) * w).sum() for r, w in zip(results, weights, strict=True))
    found = torch.autograd.grad(total.double(), leaves, allow_unused=True)
    return [
        *results,
        *(torch.zeros_like(p) if g is None else g for p, g in zip(leaves, found, strict=True)),
    ]


def named(instruction_set, monkeypatch):
    """Let an instruction set be in use that this machine may lack. Nothing is computed then."""
    kernels, has_bfloat16 = native.kernels(), instruction_set in native.OF_AVX512
    monkeypatch.setattr(kernels, "instruction_sets", {instruction_set: 0})
    monkeypatch.setattr(kernels, "instruction_set", instruction_set)
    monkeypatch.setattr(kernels, "_multiplies_bfloat16", lambda _: has_bfloat16)
    monkeypatch.setattr(native.Kernels, "run", lambda *_, **__: None)


def backends_of(layer, *inputs, **keywords):
    return {backend for _, backend in observed_call(layer, *inputs, **keywords)[1]}


def dtypes_under_autocast(layer):
    """Of outputs and states, in bfloat16."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, last = layer(torch.randn(T, B, D))
    return {output.dtype, *(s.dtype for s in states_of(last))}


def as_hx(states):
    return states if len(states) > 1 else states[0]


@every_fast_variant
@every_dtype
@pytest.mark.parametrize("backend", ["cpu", "auto"])
def test_results_are_those_of_float64_rounded_once(name, dtype, backend):
    """Of the rounded input, weights and states; with lengths and resets, in both directions."""
    layer = VARIANTS[name].layer(D, H, num_layers=1, bidirectional=True, dtype=dtype)
    layer.backend = backend
    exact = VARIANTS[name].layer(D, H, bidirectional=True, dtype=torch.float64, backend="reference")
    exact.load_state_dict(layer.state_dict())
    x, hx = torch.randn(T, B, D).to(dtype), random_hx(layer, B, dtype=dtype)
    wide = as_hx(tuple(s.double() for s in states_of(hx)))
    keywords = {"lengths": LENGTHS, "resets": RESETS}
    got = results_of(layer, x, hx, **keywords)
    expected = results_of(exact, x.double(), wide, **keywords)
    eps = torch.finfo(dtype).eps
    for k, (a, b) in enumerate(zip(got, expected, strict=True)):
        assert a.dtype == dtype
        scale = b.abs().max().clamp(min=1).item()
        # One rounding of half a unit; the gradients of results were rounded before.
        allowed = (0.51 if k <= len(states_of(hx)) else 4) * eps * scale
        assert (a.double() - b).abs().max().item() <= allowed, f"result {k}"


@pytest.mark.parametrize("name", ["LSTM", "RNN", "GRU"])
@every_dtype
def test_an_error_is_no_larger_than_torchs(name, dtype):
    theirs = TWINS[name][1](D, 64, dtype=dtype)
    ours = TWINS[name][0](D, 64, dtype=dtype, backend="cpu")
    exact = TWINS[name][1](D, 64, dtype=torch.float64)
    for layer in (ours, exact):
        layer.load_state_dict(theirs.state_dict())
    x = torch.randn(100, 8, D).to(dtype)
    expected = exact(x.double())[0]
    errors = [(layer(x)[0].double() - expected).square().mean() for layer in (ours, theirs)]
    assert errors[0] <= errors[1]


@every_fast_variant
@every_dtype
def test_autocast_is_half_precision_with_results_in_it(name, dtype):
    """Parameters and gradients in float32, rounded once on their way."""
    layer = conditioned(VARIANTS[name].layer(D, H, bidirectional=True))
    half = VARIANTS[name].layer(D, H, bidirectional=True, dtype=dtype)
    half.load_state_dict(layer.state_dict())
    layer.backend = half.backend = "cpu"
    x, hx = torch.randn(T, B, D), random_hx(layer, B, dtype=torch.float32)
    low = as_hx(tuple(s.detach().to(dtype) for s in states_of(hx)))
    expected = results_of(half, x.detach().to(dtype), low, lengths=LENGTHS)
    with torch.autocast("cpu", dtype=dtype):
        got = results_of(layer, x, hx, lengths=LENGTHS)
    n = 1 + len(states_of(hx))
    assert {result.dtype for result in got[:n]} == {dtype}
    assert {gradient.dtype for gradient in got[n:]} == {torch.float32}
    for a, b in zip(got, expected, strict=True):
        assert torch.equal(a.to(dtype), b)


@pytest.mark.parametrize("name", ["LSTM", "RNN"])
def test_dtypes_under_autocast_are_torchs(name):
    """In bfloat16. In float16, torch's LSTM is an error, and its GRU stays in float32."""
    ours, theirs = (layer(D, H) for layer in TWINS[name])
    assert dtypes_under_autocast(ours) == {torch.bfloat16}
    # On processors without AVX-512, torch's LSTM in bfloat16 is an error.
    is_error = name == "LSTM" and torch.backends.cpu.get_cpu_capability() != "AVX512"
    with contextlib.suppress(RuntimeError) if is_error else contextlib.nullcontext():
        assert dtypes_under_autocast(theirs) == {torch.bfloat16}


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_autocast_takes_floating_point_alone(dtype):
    """As torch.nn.LSTM; the imaginary part of complex numbers would be lost."""
    layer, x = layers.LSTM(D, H), torch.ones(3, 2, D)
    hx = torch.zeros(1, 2, H)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with pytest.raises(ValueError, match="input dtype"):
            layer(x.to(dtype))
        with pytest.raises(RuntimeError, match=r"h_0 .* to have the input's dtype"):
            layer(x, (hx.to(dtype), hx.to(dtype)))


def test_a_gru_under_autocast_has_another_dtype_than_torchs():
    """As the page on replacing layers says."""
    found = [dtypes_under_autocast(layer(D, H)) for layer in TWINS["GRU"]]
    assert found == [{torch.bfloat16}, {torch.float32}]


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("hx_dtype", [None, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("x_dtype", [torch.float32, torch.bfloat16])
def test_a_gru_under_autocast_has_one_dtype_on_all_backends(x_dtype, hx_dtype, lengths):
    x = torch.randn(T, B, D, dtype=x_dtype)
    hx = None if hx_dtype is None else torch.randn(1, B, H).to(hx_dtype)
    reference = layers.GRU(D, H, backend="reference")
    results = []
    for backend in ("reference", "torch"):
        layer = layers.GRU(D, H, backend=backend)
        layer.load_state_dict(reference.state_dict())
        with torch.autocast("cpu", dtype=torch.bfloat16):
            results.append(layer(x, hx, lengths=lengths))
    assert {t.dtype for pair in results for t in pair} == {torch.bfloat16}
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("name", VARIANTS)
@every_dtype
def test_autocast_of_a_layer_behind_another(name, dtype):
    """Its input is in half precision, its parameters are in float32."""
    linear, layer = nn.Linear(D, D), conditioned(VARIANTS[name].layer(D, H))
    x = torch.randn(T, B, D)
    with torch.autocast("cpu", dtype=dtype):
        output, last = layer(linear(x))
    assert {output.dtype, *(s.dtype for s in states_of(last))} == {dtype}
    torch.testing.assert_close(output.float(), layer(linear(x))[0], rtol=0.05, atol=0.05)
    output.float().sum().backward()
    assert linear.weight.grad.dtype == torch.float32


def test_float64_stays_float64_under_autocast():
    layer = layers.LSTM(D, H, dtype=torch.float64, backend="cpu")
    x = torch.randn(T, B, D, dtype=torch.float64)
    expected, _ = layer(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, _ = layer(x)
    assert torch.equal(output, expected)


@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_autocast_does_not_convert_float64(backend):
    """Of the layer, the input and the state, one alone in float64 is an error, as without it."""
    single, double = torch.float32, torch.float64
    for layer_dtype, x_dtype, h_dtype, message in (
        (double, single, single, "does not match weight dtype"),
        (single, double, double, "does not match weight dtype"),
        (single, single, double, "to have the input's dtype torch.float32"),
        (double, double, single, "to have the input's dtype torch.float64"),
    ):
        layer = layers.GRU(D, H, dtype=layer_dtype, backend=backend)
        x, h = torch.randn(T, B, D, dtype=x_dtype), torch.zeros(1, B, H, dtype=h_dtype)
        for enabled in (False, True):
            with (
                torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled),
                pytest.raises((ValueError, RuntimeError), match=message),
            ):
                layer(x, h)


@every_fast_variant
@pytest.mark.parametrize("processor", PROCESSORS)
def test_which_backend_runs(name, processor, monkeypatch):
    """GRU and RNN in bfloat16 on torch's kernels where these are faster; all others on ours."""
    instruction_set, capability, is_slower = PROCESSORS[processor]
    named(instruction_set, monkeypatch)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    layer = VARIANTS[name].layer(D, H)
    for dtype in (torch.bfloat16, torch.float16):
        half, x = layer.to(dtype), torch.randn(T, B, D).to(dtype)
        in_torch = name in ("GRU", "RNN") and dtype == torch.bfloat16
        assert backends_of(half, x) == {"torch" if in_torch and is_slower else "cpu"}
        assert backends_of(half, x[:1]) == {"torch" if in_torch else "cpu"}
        many = torch.randn(1, FEW_IN_BFLOAT16 + 1, D).to(dtype)
        in_torch &= capability != "AVX2"
        assert backends_of(half, many) == {"torch" if in_torch else "cpu"}
        assert backends_of(half, x, resets=RESETS) == {"cpu"}
    layer, x = layer.float(), torch.randn(T, B, D)
    with torch.autocast("cpu", dtype=torch.float16):
        assert backends_of(layer, x) == {"cpu"}


@every_fast_variant
@every_dtype
@pytest.mark.costly
@pytest.mark.usefixtures("fresh_compiler")
def test_compiled_in_half_precision(name, dtype):
    layer = VARIANTS[name].layer(D, H, num_layers=2, dtype=dtype, backend="cpu")
    x = torch.randn(T, B, D).to(dtype)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x)[0], layer(x)[0])
    single, x = layer.float(), x.float()
    torch.compiler.reset()
    compiled = torch.compile(single, backend="aot_eager", fullgraph=True)
    with torch.autocast("cpu", dtype=dtype):
        torch.testing.assert_close(compiled(x)[0], single(x)[0])


@every_fast_variant
@every_dtype
def test_transforms_in_half_precision(name, dtype):
    layer = VARIANTS[name].layer(D, H, dtype=dtype, backend="cpu")
    x = torch.randn(3, T, B, D).to(dtype)

    def loss(x):
        return layer(x)[0].float().square().mean()

    torch.testing.assert_close(vmap(loss)(x), torch.stack(list(map(loss, x))))
    found, expected = vmap(grad(loss))(x), torch.stack(list(map(grad(loss), x)))
    torch.testing.assert_close(found, expected)


@every_fast_variant
def test_second_derivatives_in_half_precision(name):
    layer = VARIANTS[name].layer(D, H, dtype=torch.bfloat16, backend="cpu")
    x, found = torch.randn(T, B, D).bfloat16(), []
    for module in (layer, copy.deepcopy(layer).float()):
        leaf = x.to(module.weight_ih_l0.dtype).requires_grad_()
        (first,) = torch.autograd.grad(module(leaf)[0].float().sum(), leaf, create_graph=True)
        found.append(torch.autograd.grad(first.float().square().sum(), module.weight_ih_l0)[0])
    second, expected = found
    assert second.dtype == torch.bfloat16
    assert expected.any()
    largest = expected.abs().max().item()
    torch.testing.assert_close(second.float(), expected, rtol=0.05, atol=0.05 * largest)


@every_fast_variant
@pytest.mark.parametrize("instruction_set", native.OF_AVX512)
def test_explain_says_what_is_rounded(name, instruction_set, monkeypatch, capsys):
    named(instruction_set, monkeypatch)
    layer, x = VARIANTS[name].layer(D, H), torch.randn(T, B, D)
    lstm_variants.explain(layer, x)
    assert "bfloat16" not in capsys.readouterr().out
    if name not in ("GRU", "RNN"):  # torch's kernels may be faster
        lstm_variants.explain(layer.bfloat16(), x.bfloat16())
        assert "with bfloat16 products" in capsys.readouterr().out


def test_a_model_under_autocast_trains():
    """The layer between others, with parameters in float32."""
    torch.manual_seed(0)
    model = nn.ModuleList([nn.Linear(D, D), layers.PeepholeLSTM(D, H), nn.Linear(H, 1)])
    x, target = torch.randn(T, 32, D), torch.randn(32, 1)
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=0.02), []
    for _ in range(100):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output, _ = model[1](model[0](x))
            loss = (model[2](output[-1]) - target).square().mean()
        optimizer.zero_grad()
        loss.float().backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
